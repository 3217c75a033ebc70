import type { IExport } from '../api/types';

/** Hands `file` to the browser, which keeps it where the user keeps downloads. */
export function download(file: IExport): void {
  const url = URL.createObjectURL(new Blob([file.content]));
  const link = document.createElement('a');
  link.href = url;
  link.download = file.filename;
  link.click();
  URL.revokeObjectURL(url);
}
