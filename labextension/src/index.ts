import { carryPlugin } from './plugins/carry';
import { chipPlugin } from './plugins/chip';
import { diskPlugin } from './plugins/disk';
import { importErrorPlugin } from './plugins/importerror';
import { launcherPlugin } from './plugins/launcher';
import { managerPlugin } from './plugins/manager';
import { menuPlugin } from './plugins/menu';
import { missingKernelPlugin } from './plugins/missingkernel';
import { noticesPlugin } from './plugins/notices';
import { pagePlugin } from './plugins/page';
import { panelPlugin } from './plugins/panel';
import { pickerPlugin } from './plugins/picker';
import { statusPlugin } from './plugins/status';
import { terminalPlugin } from './plugins/terminal';

export { IEnvironmentManager, IEnvironmentsPanel } from './tokens';

export default [
  managerPlugin,
  panelPlugin,
  pagePlugin,
  diskPlugin,
  menuPlugin,
  noticesPlugin,
  statusPlugin,
  launcherPlugin,
  pickerPlugin,
  chipPlugin,
  carryPlugin,
  missingKernelPlugin,
  importErrorPlugin,
  terminalPlugin
];
