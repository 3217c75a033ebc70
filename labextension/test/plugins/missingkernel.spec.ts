import type { ISessionContext, ISessionContextDialogs } from '@jupyterlab/apputils';

import { keepBack } from '../../src/plugins/missingkernel';

it('keeps the dialog back once, for a notebook with a banner', async () => {
  const selectKernel = jest.fn();
  const dialogs = { selectKernel } as unknown as ISessionContextDialogs;
  const [missing, other] = [{}, {}] as ISessionContext[];
  keepBack(dialogs, new WeakSet([missing]));
  await dialogs.selectKernel(missing);
  expect(selectKernel).not.toHaveBeenCalled();
  await dialogs.selectKernel(missing);
  await dialogs.selectKernel(other);
  expect(selectKernel.mock.calls).toEqual([[missing], [other]]);
});
