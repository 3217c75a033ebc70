import type { IAbilities, IEnvironmentBody, IManager } from '../api/types';

/** What can be done with `environment`, by what its manager says of itself; an unknown manager is trusted. */
export function abilitiesOf(
  environment: IEnvironmentBody,
  managers: ReadonlyArray<IManager>
): IAbilities {
  const { protected: isProtected, managed, lock } = environment;
  const manager = managers.find(known => known.name === environment.manager);
  const can = { ...ALL, ...manager?.capabilities };
  return {
    change: can.change && !isProtected,
    clone: can.clone,
    rename: can.rename && managed && !isProtected,
    // What a project's tool keeps follows the project's files.
    rollback: can.rollback && !isProtected && !lock,
    kernel: can.kernel,
    remove: can.remove && !isProtected,
    pip_apart: manager ? can.pip_apart : environment.kind === 'conda'
  };
}

const ALL: IAbilities = {
  change: true,
  clone: true,
  rename: true,
  rollback: true,
  kernel: true,
  remove: true,
  pip_apart: false
};
