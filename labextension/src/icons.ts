import { LabIcon } from '@jupyterlab/ui-components';

/** Three stacked layers: an environment lies on its interpreter, packages on the environment. */
export const layersIcon = new LabIcon({
  name: 'jupyter-envs:layers',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M12 2.5 21.5 8 12 13.5 2.5 8z"/>
    <path d="M4.6 11.1 12 15.4l7.4-4.3 2.1 1.2L12 17.8l-9.5-5.5z"/>
    <path d="M4.6 15.3 12 19.6l7.4-4.3 2.1 1.2L12 22l-9.5-5.5z"/>
  </g>
</svg>`
});
