/** Byte order marks, the longest first: UTF-32 begins as UTF-16 does. */
const MARKS: ReadonlyArray<[ReadonlyArray<number>, string]> = [
  [[0xff, 0xfe, 0x00, 0x00], 'utf-32le'],
  [[0x00, 0x00, 0xfe, 0xff], 'utf-32be'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be']
];
/** PEP 263, as pip looks for it in a comment of the first two lines. */
const DECLARED = /coding[:=][ \t]*([-\w.]{1,40})/;
const HEAD = 4000;

/**
 * The text of a file, in whichever encoding its editor chose, as the command line decodes it.
 *
 * A byte order mark decides, then a declared encoding, then UTF-8; what is none of them is
 * taken as Windows-1252, in which any bytes have a meaning.
 */
export function decode(bytes: Uint8Array): string {
  for (const [mark, encoding] of MARKS) {
    if (mark.every((byte, at) => bytes[at] === byte)) {
      const rest = bytes.subarray(mark.length);
      return encoding.startsWith('utf-32')
        ? utf32(rest, encoding === 'utf-32le')
        : new TextDecoder(encoding, { ignoreBOM: true }).decode(rest);
    }
  }
  for (const encoding of [...declared(bytes), 'utf-8']) {
    try {
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // Another encoding, or one that nobody knows.
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}

function declared(bytes: Uint8Array): string[] {
  const head = new TextDecoder('windows-1252').decode(bytes.subarray(0, HEAD));
  for (const line of head.split('\n').slice(0, 2)) {
    const found = line.startsWith('#') ? DECLARED.exec(line) : null;
    if (found) {
      const name = found[1].replace(/_/g, '-');
      // As the server does it.
      return [/^(latin-?1|iso-?8859-1|(us-)?ascii)$/i.test(name) ? 'windows-1252' : name];
    }
  }
  return [];
}

function utf32(bytes: Uint8Array, little: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, little);
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}
