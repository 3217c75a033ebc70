import type { Kernel } from '@jupyterlab/services';

import type { IEnvironment } from '../api/types';

/** How many kernels run, by the name of their kernelspec. */
export function countByName(kernels: Pick<Kernel.IManager, 'running'>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const model of kernels.running()) {
    counts.set(model.name, (counts.get(model.name) ?? 0) + 1);
  }
  return counts;
}

/** Whether the same kernelspecs belong to the environments of both lists. */
export function sameKernels(
  one: ReadonlyArray<IEnvironment>,
  other: ReadonlyArray<IEnvironment>
): boolean {
  const names = (list: ReadonlyArray<IEnvironment>) =>
    list
      .flatMap(known => known.kernels.map(kernel => `${kernel.name}\n${kernel.display_name}`))
      .sort()
      .join('\n');
  return names(one) === names(other);
}
