import { YNotebook } from '@jupyter/ydoc';

import { blockIn, carry, placeOf } from '../../src/model/carried';

const BLOCK = '# /// script\n# dependencies = ["six"]\n# ///';
const RECORD = { block: BLOCK, metadata: { version: 1, lock: 'lock' }, warnings: [] };

function notebook(...sources: string[]): YNotebook {
  const made = YNotebook.create() as YNotebook;
  sources.forEach((source, index) => made.insertCell(index, { cell_type: 'code', source }));
  return made;
}

const sources = (book: YNotebook) => book.cells.map(cell => cell.getSource());

describe('blockIn', () => {
  it.each([
    ['', null],
    ['print(1)', null],
    [BLOCK, [0, BLOCK.length]],
    [`# a\n${BLOCK}\nimport six`, [4, 4 + BLOCK.length]],
    ['# /// script\n# dependencies = []', null],
    ['# /// script\nimport six\n# ///', null],
    [`${BLOCK}\n# more\n# ///\nx`, [0, BLOCK.length + '\n# more\n# ///'.length]]
  ])('finds the block of %j', (source, span) => {
    expect(blockIn(source)).toEqual(span);
  });
});

describe('carry', () => {
  it('puts a first cell into a notebook that said nothing', () => {
    const book = notebook('import six');
    expect(placeOf(book)).toBeNull();
    expect(carry(book, RECORD, 'cell')).toBe(true);
    expect(sources(book)).toEqual([BLOCK, 'import six']);
    expect(book.getMetadata('jupyter_envs')).toEqual(RECORD.metadata);
    expect(placeOf(book)).toBe('cell');
  });

  it('changes nothing that is right already', () => {
    const book = notebook('import six');
    carry(book, RECORD, 'cell');
    expect(carry(book, RECORD, 'cell')).toBe(false);
  });

  it('replaces a block where it stands', () => {
    const old = '# needs\n# /// script\n# dependencies = []\n# ///\nimport six';
    const book = notebook('x = 1', old);
    carry(book, RECORD, 'cell');
    expect(sources(book)).toEqual(['x = 1', `# needs\n${BLOCK}\nimport six`]);
  });

  it('moves to the metadata, and the cell goes', () => {
    const book = notebook(BLOCK, 'import six');
    const metadata = { version: 1, dependencies: ['six'], lock: 'lock' };
    carry(book, { ...RECORD, metadata }, 'metadata');
    expect(sources(book)).toEqual(['import six']);
    expect(placeOf(book)).toBe('metadata');
  });

  it('is one step to undo', () => {
    const book = notebook('import six');
    book.clearUndoHistory();
    carry(book, RECORD, 'cell');
    book.undo();
    expect(sources(book)).toEqual(['import six']);
  });
});
