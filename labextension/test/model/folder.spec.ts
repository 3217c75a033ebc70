import { BOUNDS, filesOf, folderOf, type IEntry, type IFolder } from '../../src/model/folder';

type Tree = { [name: string]: Tree | string | number };

/** A folder of texts and of files of a size; counts what is opened. */
function folder(tree: Tree, opened: string[] = [], name = 'thesis', path = ''): IFolder {
  const entryOf = ([child, value]: [string, Tree | string | number]): IEntry => {
    const here = `${path}${child}`;
    if (typeof value === 'object') {
      return folder(value, opened, child, `${here}/`);
    }
    const [size, text] = typeof value === 'number' ? [value, ''] : [value.length, value];
    const open = async () => {
      opened.push(here);
      return { size, text: async () => text };
    };
    return { name: child, open };
  };
  return { name, entries: async () => Object.entries(tree).map(entryOf) };
}

async function pathsOf(tree: Tree, bounds: Partial<typeof BOUNDS> = {}): Promise<string[]> {
  return (await filesOf(folder(tree), { ...BOUNDS, ...bounds })).files.map(file => file.name);
}

describe('the files of a folder', () => {
  it('are those that say what it needs, and nothing else is opened', async () => {
    const opened: string[] = [];
    const found = await filesOf(
      folder(
        {
          'notes.txt': 'mine',
          'photo.png': 'png',
          'pyproject.toml': '[project]',
          'dev-requirements.txt': 'pytest',
          requirements: { 'base.in': 'six', 'photo.txt': '' },
          src: { 'setup.py': '', 'secret.txt': '', data: { 'requirements.txt': 'six' } },
          '.binder': { postBuild: '', 'environment.yml': '', deeper: { 'apt.txt': '' } }
        },
        opened
      )
    );
    const paths = [
      'dev-requirements.txt',
      'pyproject.toml',
      '.binder/environment.yml',
      '.binder/postBuild',
      'requirements/base.in',
      'requirements/photo.txt',
      'src/setup.py',
      'src/data/requirements.txt'
    ];
    expect(found.files.map(file => file.name)).toEqual(paths);
    expect(opened).toEqual(paths);
    expect(await found.files[0].text()).toBe('pytest');
    expect(found).toMatchObject({ more: false, left: [] });
  });

  it('are not looked for where tools put theirs', async () => {
    const generated = { 'requirements.txt': 'no' };
    const names = ['.git', '.venv', 'node_modules', '__pycache__', 'venv', 'site-packages'];
    const tree = Object.fromEntries(names.map(name => [name, generated]));
    expect(await pathsOf({ ...tree, 'uv.lock': 'version = 1' })).toEqual(['uv.lock']);
  });

  it('end with the depth, also of a folder that holds itself', async () => {
    let listed = 0;
    const endless: IFolder = {
      name: 'a',
      entries: async () => {
        listed++;
        return [endless, { name: 'requirements.txt', open: async () => new File(['x'], 'r') }];
      }
    };
    const { files } = await filesOf(endless);
    expect(files.map(file => file.name)).toEqual([
      'requirements.txt',
      'a/requirements.txt',
      'a/a/requirements.txt',
      'a/a/a/requirements.txt'
    ]);
    expect(listed).toBe(BOUNDS.depth + 1);
  });

  it('come before what lies in its folders, however many names there are', async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`a${n}`, {}]));
    const tree = { ...many, 'requirements.txt': 'six', z: { 'requirements.txt': 'no' } };
    const found = await filesOf(folder(tree), { ...BOUNDS, names: 20 });
    expect(found.files.map(file => file.name)).toEqual(['requirements.txt']);
    expect(found.more).toBe(true);
  });

  it('are no more, and no larger, than the server takes, and the rest is told', async () => {
    const tree = { 'uv.lock': 6_000_000, 'a-requirements.txt': 4, 'b-requirements.txt': 4 };
    let found = await filesOf(folder(tree));
    expect(found.files).toHaveLength(2);
    expect(found.left).toEqual(['uv.lock']);
    found = await filesOf(folder(tree), { ...BOUNDS, bytes: 6 });
    expect(found.left).toEqual(['b-requirements.txt', 'uv.lock']);
    const opened: string[] = [];
    found = await filesOf(folder(tree, opened), { ...BOUNDS, files: 1 });
    expect(found.left).toEqual(['b-requirements.txt', 'uv.lock']);
    expect(opened).toEqual(['a-requirements.txt']);
  });

  it('come from those that a browser lists with their paths', async () => {
    const file = (path: string) =>
      Object.defineProperty(new File([path], path.split('/').pop()!), 'webkitRelativePath', {
        value: path
      });
    const chosen = folderOf(
      ['thesis/binder/apt.txt', 'thesis/x/y.txt', 'thesis/Pipfile'].map(file)
    );
    expect(chosen.name).toBe('thesis');
    const { files } = await filesOf(chosen);
    expect(files.map(each => each.name)).toEqual(['Pipfile', 'binder/apt.txt']);
  });
});
