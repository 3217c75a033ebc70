import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { layersIcon } from '../icons';

/** Cards of kernels show an image, which no theme colours: this grey is seen on light and dark alike. */
const ICON = `data:image/svg+xml,${encodeURIComponent(layersIcon.svgstr.replace(/#616161/g, '#757575'))}`;

export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:launcher',
  description: 'A card “New environment…” beside the kernels of the launcher.',
  autoStart: true,
  // Jupyter Notebook has none.
  optional: [ILauncher, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab');
    launcher?.add({
      command: CommandIDs.create,
      // The category is JupyterLab's, and so is its name in each language.
      category: trans.__('Notebook'),
      // After the default kernel: at the end of many it would not be seen.
      rank: 1000,
      kernelIconUrl: ICON
    });
  }
};
