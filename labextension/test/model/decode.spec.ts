import { decode } from '../../src/model/decode';

/** Bytes, as they lie in a file, and their text; `tests/system/test_decode.py` reads this table. */
const CASES: ReadonlyArray<[string, string]> = [
  ['', ''],
  ['7369780a', 'six\n'],
  ['c3bc207369780d0a', '\xfc six\r\n'],
  ['efbbbf736978', 'six'],
  ['fffe7300690078002000fc00', 'six \xfc'],
  ['feff007300690078002000fc', 'six \xfc'],
  ['fffe000073000000690000007800000020000000fc000000', 'six \xfc'],
  ['0000feff000000730000006900000078', 'six'],
  [
    '23202d2a2d20636f64696e673a206c6174696e2d31202d2a2d0a232066fc720a736978',
    '# -*- coding: latin-1 -*-\n# f\xfcr\nsix'
  ],
  ['2320636f64696e673a2069736f2d383835392d310ae9', '# coding: iso-8859-1\n\xe9'],
  [
    '2321780a232076696d3a2066696c65656e636f64696e673d637031323531203a0a2320eff0',
    '#!x\n# vim: fileencoding=cp1251 :\n# \u043f\u0440'
  ],
  ['2320636f64696e673a2073686966745f6a69730a232082a0', '# coding: shift_jis\n# \u3042'],
  ['2320636f64696e673a206e6f2d737563680a2320fc', '# coding: no-such\n# \xfc'],
  ['2320636f64696e673a207574662d380a2320fc', '# coding: utf-8\n# \xfc'],
  ['610a620a2320636f64696e673a206370313235310aef', 'a\nb\n# coding: cp1251\n\xef'],
  ['2320636f64696e673a20756e69636f64655f6573636170650a5c783431', '# coding: unicode_escape\n\\x41'],
  ['e481', '\xe4\x81']
];

describe('The text of a file', () => {
  it.each(CASES)('in the bytes %s is what the command line reads', (hex, text) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16));
    expect(decode(bytes)).toBe(text);
  });
});
