import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { Client } from '../src/api/client';
import type { IEnvironment, IExport } from '../src/api/types';
import { JobsModel } from '../src/model/jobs';
import { EnvironmentManager } from '../src/model/manager';
import { EnvironmentsPanel } from '../src/panel';
import { environment, FakeServer, inspected, job } from './server';

const trans = nullTranslator.load('jupyter_envs');

describe('EnvironmentsPanel', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let panel: EnvironmentsPanel;
  let opened: IEnvironment[];
  let saved: IExport[];
  /** What the folders of the file browser hold, by path. */
  let contents: Record<string, object[]>;

  beforeEach(() => {
    server = new FakeServer();
    server.on('GET environments', { environments: [environment()] });
    server.on('GET interpreters', { interpreters: [] });
    server.on('GET jobs', { jobs: [] });
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client }) });
    opened = [];
    saved = [];
    contents = {};
    panel = new EnvironmentsPanel({
      manager,
      contents: {
        get: async (path, options) =>
          ({ content: options?.content ? (contents[path] ?? `read ${path}`) : null }) as never
      },
      trans,
      suggestName: () => 'My folder',
      onShow: () => panel.show(),
      onShowDisk: jest.fn(),
      onOpen: each => opened.push(each),
      onOpenNotebook: each => opened.push(each),
      onExport: file => saved.push(file)
    });
    panel.hide();
    Widget.attach(panel, document.body);
  });

  afterEach(() => {
    panel.dispose();
    manager.dispose();
  });

  /** Lets requests be answered and React draw. */
  async function settle(): Promise<void> {
    for (let n = 0; n < 5; n++) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  function click(label: string): void {
    panel.node.querySelector<HTMLElement>(`button[aria-label="${label}"]`)!.click();
  }

  it('asks for nothing while it is hidden', async () => {
    await settle();
    expect(server.asked).toHaveLength(0);
    panel.show();
    await settle();
    expect(panel.node.textContent).toContain('thesis');
    panel.hide();
    server.on('POST environments', job(), 202);
    await manager.create({ name: 'other' });
    const before = server.count('GET environments');
    server.on('DELETE jobs/j1', job({ state: 'succeeded' }), 202);
    await manager.jobs.cancel('j1');
    await settle();
    expect(server.count('GET environments')).toBe(before);
  });

  it('creates from the form, closes it, and shows the job', async () => {
    panel.show();
    panel.creation.open();
    await settle();
    const name = panel.node.querySelector<HTMLInputElement>('form input')!;
    expect(name.value).toBe('my-folder');
    server.on('POST environments', job({ title: 'Create my-folder' }), 202);
    panel.node.querySelector<HTMLElement>('form button[type="submit"]')!.click();
    await settle();
    const sent = server.asked.find(request => request.method === 'POST');
    expect(await sent?.json()).toEqual({ name: 'my-folder', packages: [] });
    expect(panel.node.querySelector('form')).toBeNull();
    expect(document.activeElement?.getAttribute('role')).toBe('treeitem');
    expect(panel.node.querySelector('[role="progressbar"]')).not.toBeNull();
  });

  it('keeps the form when the server refuses', async () => {
    panel.show();
    panel.creation.open();
    await settle();
    server.on('POST environments', { message: 'Read-only.', reason: 'forbidden' }, 403);
    panel.node.querySelector<HTMLElement>('form button[type="submit"]')!.click();
    await settle();
    expect(panel.node.querySelector('form [role="alert"]')?.textContent).toContain('Read-only.');
  });

  it('opens a notebook, and says aloud what was done', async () => {
    panel.show();
    await settle();
    click('New notebook with thesis');
    expect(opened.map(each => each.name)).toEqual(['thesis']);
    manager.jobs.started(job());
    server.on('DELETE jobs/j1', job({ state: 'succeeded' }), 202);
    await manager.jobs.cancel('j1');
    await settle();
    const spoken = panel.node.querySelector('.jp-sr-only[aria-live="polite"]');
    expect(spoken?.textContent).toBe('Done: Create nlp');
  });

  it('does what is answered in the row, and gives the focus back', async () => {
    panel.show();
    await settle();
    server.on('PATCH environments/thesis-id', job({ title: 'Rename' }), 202);
    panel.ask(manager.environments![0], 'rename');
    await settle();
    panel.node.querySelector<HTMLElement>('[role="group"] button')!.click();
    await settle();
    expect(document.activeElement?.getAttribute('data-id')).toBe('thesis-id');
    expect(panel.active?.name).toBe('thesis');

    server.on('DELETE environments/thesis-id', { message: 'Busy.', reason: 'busy' }, 409);
    panel.ask(manager.environments![0], 'remove');
    await settle();
    panel.node.querySelector<HTMLElement>('[role="group"] button.jp-mod-warn')!.click();
    await settle();
    expect(panel.node.querySelector('[role="alert"]')?.textContent).toContain('Busy.');
  });

  it('loses no letter of who types as soon as a question is there', async () => {
    panel.show();
    await settle();
    // Between the drawing and what React does after it, as on a busy machine.
    let typed = false;
    let focused: Element | null = null;
    const observer = new MutationObserver(() => {
      const field = panel.node.querySelector<HTMLInputElement>('[role="group"] input');
      if (field && !typed) {
        typed = true;
        focused = document.activeElement;
        const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!;
        set!.call(field, 'n');
        field.setSelectionRange(1, 1);
        field.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    observer.observe(panel.node, { subtree: true, childList: true });
    panel.ask(manager.environments![0], 'rename');
    await settle();
    observer.disconnect();
    expect(typed).toBe(true);
    const field = panel.node.querySelector<HTMLInputElement>('[role="group"] input')!;
    expect(focused).toBe(field);
    expect(field.value).toBe('n');
    // The next letter goes behind the first, not in its place.
    expect(field.selectionStart).toBe(1);

    server.on('GET environments', { environments: [environment({ name: 'a' }), environment()] });
    await manager.refresh();
    await settle();
    expect(panel.node.querySelector('[role="group"] input')).toBe(field);
    expect(field.value).toBe('n');
    expect(document.activeElement).toBe(field);
  });

  it('removes without a question where none is wanted, and nothing runs', async () => {
    panel.show();
    panel.options = { grouped: true, confirmRemoval: false, defaultManager: '' };
    await settle();
    server.on('DELETE environments/thesis-id', job({ title: 'Remove thesis' }), 202);
    panel.ask(manager.environments![0], 'remove');
    await settle();
    expect(server.count('DELETE environments/thesis-id')).toBe(1);
  });

  it('saves an environment as a file', async () => {
    server.on('GET formats', {
      formats: [{ name: 'r', title: 'R', filename: 'r.txt', imports: true, exports: true }]
    });
    server.on('GET environments/thesis-id/export', () =>
      Promise.resolve(
        new Response('six==1', {
          headers: { 'Content-Disposition': 'attachment; filename="r.txt"' }
        })
      )
    );
    panel.show();
    await settle();
    panel.ask(manager.environments![0], 'export');
    await settle();
    await settle();
    expect(panel.node.querySelector('[role="group"] pre')?.textContent).toBe('six==1');
    panel.node.querySelector<HTMLElement>('[role="group"] button.jp-mod-accept')!.click();
    await settle();
    expect(saved).toMatchObject([{ filename: 'r.txt', text: 'six==1' }]);
  });

  it('fills the form from a file, and says why one cannot be read', async () => {
    const file = (name: string, size = 3) => ({ name, size, text: async () => 'six' });
    server.on('POST inspect', inspected({ create: { packages: ['six'] } }));
    panel.show();
    await panel.creation.importFiles([file('requirements.txt')]);
    await settle();
    expect(panel.node.querySelector('.jp-Environments-chip')?.textContent).toContain('six');
    await panel.creation.importFiles([file('movie.txt', 10_000_000)]);
    await settle();
    expect(panel.node.querySelector('form [role="alert"]')?.textContent).toContain('too large');
    server.on('POST inspect', { message: 'Not a file of a known kind.', reason: 'invalid' }, 400);
    await panel.creation.importFiles([file('x.bin')]);
    await settle();
    expect(panel.node.querySelector('form [role="alert"]')?.textContent).toContain('Not a file');
  });

  it('reads several files together, and once more with parts of them', async () => {
    const file = (name: string) => ({ name, size: 3, text: async () => name });
    server.on('POST inspect', inspected({ filename: 'pyproject.toml', extras: ['dev'] }));
    panel.show();
    await panel.creation.importFiles([file('pyproject.toml'), file('uv.lock')]);
    await settle();
    const box = panel.node.querySelector<HTMLInputElement>('fieldset input[type="checkbox"]')!;
    box.click();
    await settle();
    const files = { 'pyproject.toml': 'pyproject.toml', 'uv.lock': 'uv.lock' };
    const asked = server.asked.filter(request => request.url.includes('/inspect'));
    const bodies = await Promise.all(asked.map(request => request.json()));
    expect(bodies).toEqual([
      { files, extras: [], groups: [], indexes: [], find_links: [] },
      { files, extras: ['dev'], groups: [], indexes: [], find_links: [] }
    ]);
    expect(box.checked).toBe(true);
    panel.creation.leaveOut();
    await settle();
    expect(panel.node.querySelector('fieldset')).toBeNull();
  });

  it('asks an index of a file once it is ticked, and offers none with a password', async () => {
    const indexes = ['https://x.example/simple', 'https://****@y.example/simple'];
    server.on('POST inspect', inspected({ indexes, create: { packages: ['six'] } }));
    panel.show();
    await panel.creation.importFiles([{ name: 'r.txt', size: 3, text: async () => 'six' }]);
    await settle();
    const boxes = panel.node.querySelectorAll<HTMLInputElement>('fieldset input[type="checkbox"]');
    expect(boxes.length).toBe(1);
    expect(boxes[0].checked).toBe(false);
    server.on(
      'POST inspect',
      inspected({ indexes, create: { packages: ['six'], indexes: [indexes[0]] } })
    );
    boxes[0].click();
    await settle();
    const asked = server.asked.filter(request => request.url.includes('/inspect'));
    expect((await asked[1].json()).indexes).toEqual([indexes[0]]);
  });

  it('takes files that are dragged from the desktop and from the file browser', async () => {
    const model = { type: 'file', name: 'requirements.txt', path: 'a/requirements.txt', size: 3 };
    const mimeData = (found: object) => ({
      hasData: () => true,
      getData: () => ({ model: found })
    });
    const desktop = new File(['six'], 'requirements.txt');
    desktop.text = async () => 'six';
    const drags: Array<[string, object]> = [
      ['', { dataTransfer: { types: ['Files'], files: [desktop] } }],
      ['lm-', { mimeData: mimeData(model), proposedAction: 'move' }]
    ];
    server.on('POST inspect', inspected({ create: { packages: ['six'] } }));
    panel.show();
    await settle();
    const drag = (type: string, fields: object) => {
      const event = new Event(type, { bubbles: true, cancelable: true });
      panel.node.firstElementChild!.dispatchEvent(Object.assign(event, fields));
      return event;
    };
    for (const [kind, fields] of drags) {
      drag(`${kind}dragenter`, fields);
      await settle();
      expect(panel.node.textContent).toContain('Drop it');
      drag(`${kind}dragleave`, { ...fields, relatedTarget: panel.node });
      await settle();
      expect(panel.node.textContent).toContain('Drop it');
      drag(`${kind}dragleave`, { ...fields, relatedTarget: document.body });
      await settle();
      expect(panel.node.textContent).not.toContain('Drop it');
      expect(drag(`${kind}dragover`, fields).defaultPrevented).toBe(true);
      drag(`${kind}drop`, fields);
      await settle();
      expect(panel.node.textContent).not.toContain('Drop it');
      expect(panel.node.querySelector('.jp-Environments-chip')?.textContent).toContain('six');
      panel.creation.close();
    }
    const sent = server.asked.filter(request => request.method === 'POST');
    const texts = await Promise.all(sent.map(async request => (await request.json()).text));
    expect(texts).toEqual(['six', 'read a/requirements.txt']);
    const cell = { mimeData: { hasData: () => false }, proposedAction: 'move' };
    expect(drag('lm-dragenter', cell).defaultPrevented).toBe(false);
  });

  it('takes a folder from the desktop and from the file browser', async () => {
    const readme = { isDirectory: false, name: 'README.md' };
    const own = {
      isDirectory: false,
      name: 'requirements.txt',
      file: (done: (file: object) => void) => done({ size: 3, text: async () => 'six' })
    };
    // A browser hands over a part at a time, and nothing at the end.
    const parts = (...all: object[][]) => ({
      readEntries: (done: (part: object[]) => void) => done(all.shift() ?? [])
    });
    const binder = { isDirectory: true, name: 'binder', createReader: () => parts([own]) };
    const desktop = {
      isDirectory: true,
      name: 'thesis',
      createReader: () => parts([readme], [binder])
    };
    const model = (name: string, path: string, type: string) => ({ name, path, type, size: 3 });
    const browser = model('thesis', 'me/thesis', 'directory');
    contents['me/thesis'] = [
      model('paper.ipynb', 'me/thesis/paper.ipynb', 'notebook'),
      model('requirements.txt', 'me/thesis/requirements.txt', 'file')
    ];
    const drops: Array<[string, object]> = [
      [
        'drop',
        { dataTransfer: { types: ['Files'], items: [{ webkitGetAsEntry: () => desktop }] } }
      ],
      ['lm-drop', { mimeData: { hasData: () => true, getData: () => ({ model: browser }) } }]
    ];
    server.on('POST inspect', inspected({ create: { packages: ['six'] }, filename: 'found' }));
    panel.show();
    await settle();
    for (const [type, fields] of drops) {
      const event = new Event(type, { bubbles: true, cancelable: true });
      panel.node.firstElementChild!.dispatchEvent(Object.assign(event, fields));
      await settle();
      await settle();
      const card = panel.node.querySelector('.jp-Environments-importedHead')!;
      expect(card.textContent).toContain('thesis/found');
      panel.creation.close();
    }
    const sent = server.asked.filter(request => request.method === 'POST');
    const bodies = await Promise.all(sent.map(request => request.json()));
    expect(bodies.map(body => body.files)).toEqual([
      { 'binder/requirements.txt': 'six' },
      { 'requirements.txt': 'read me/thesis/requirements.txt' }
    ]);
  });

  it('says of a folder that nothing in it tells what it needs', async () => {
    panel.show();
    await panel.creation.importFolder({ name: 'photos', entries: async () => [] });
    await settle();
    expect(panel.node.querySelector('form [role="alert"]')?.textContent).toContain('photos');
  });

  it('shows the log of a job on demand', async () => {
    server.on('GET jobs', { jobs: [job()] });
    panel.show();
    await settle();
    expect(server.sockets).toHaveLength(0);
    panel.showLog(job());
    await settle();
    expect(server.sockets).toHaveLength(1);
    expect(panel.node.querySelector('[role="log"]')).not.toBeNull();
  });

  it('draws when it is shown what others have loaded before', async () => {
    const other = manager.watch();
    await settle();
    panel.show();
    await settle();
    expect(panel.node.textContent).toContain('thesis');
    other.dispose();
  });
});
