import './controls.css';
import './messages.css';
import './panel.css';
import './list.css';
import './jobs.css';
import './notebook.css';
