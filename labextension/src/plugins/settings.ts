import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/** The settings of the panel hold all of ours: users look for them in one place. */
export const SETTINGS_ID = 'jupyter-envs:panel';

/** Calls `apply` with a setting's value now and whenever it changes; without settings never. */
export async function followSetting(
  registry: ISettingRegistry | null,
  name: string,
  apply: (value: unknown) => void
): Promise<void> {
  try {
    const settings = await registry?.load(SETTINGS_ID);
    settings?.changed.connect(() => apply(settings.get(name).composite));
    if (settings) {
      apply(settings.get(name).composite);
    }
  } catch (error) {
    console.warn('The settings of jupyter-envs could not be read.', error);
  }
}
