import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { fireEvent, screen, within } from '@testing-library/dom';

import { Client } from '../src/api/client';
import type { IPackage, IPlan } from '../src/api/types';
import { JobsModel } from '../src/model/jobs';
import { EnvironmentManager } from '../src/model/manager';
import { EnvironmentPage } from '../src/page';
import { environment, FakeServer, job } from './server';

const trans = nullTranslator.load('jupyter_envs');
const ID = 'thesis-id';

function item(name: string, fields: Partial<IPackage> = {}): IPackage {
  return {
    name,
    version: '1.0',
    latest: null,
    requested: false,
    manager: 'pip',
    installer: 'uv',
    channel: null,
    build: null,
    size: 1000,
    summary: null,
    editable: false,
    url: null,
    ...fields
  };
}

const PLAN: IPlan = {
  added: [{ name: 'tabulate', version: '0.9', size: 40_000 }],
  changed: [],
  removed: [],
  download_size: 40_000,
  disk_size: null
};

const BACK: IPlan = {
  added: [],
  changed: [],
  removed: [{ name: 'tabulate', version: '0.9', size: null }],
  download_size: null,
  disk_size: null,
  hash: 'sha256:1'
};

const REVISION = {
  revision: 4,
  time: '2026-01-01T00:00:00Z',
  by: 'rest',
  action: 'change',
  asked: {},
  plan: PLAN
};

const PLAN_CHANGED = {
  message: 'What would be done is not what the plan showed any more.',
  reason: 'plan_changed',
  hint: 'Look at the new plan, and decide again.'
};

describe('EnvironmentPage', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let page: EnvironmentPage;

  beforeEach(async () => {
    server = new FakeServer();
    server.on('GET environments', { environments: [environment()] });
    server.on('GET jobs', { jobs: [] });
    server.on(`GET environments/${ID}/packages`, {
      packages: [
        item('pandas', { requested: true, summary: '<img src=x onerror=alert(1)>' }),
        item('six')
      ]
    });
    server.on(`GET environments/${ID}/tree`, {
      tree: [
        { name: 'pandas', version: '1.0', requested: true, requires: ['six'], required_by: [] },
        { name: 'six', version: '1.0', requested: false, requires: [], required_by: ['pandas'] }
      ]
    });
    server.on('GET search/six', { name: 'six', versions: ['1.1', '1.0'], summary: null });
    server.on('GET search/pandas', { name: 'pandas', versions: ['1.0'], summary: null });
    server.on('GET search', { results: [] });
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client }) });
    page = new EnvironmentPage({ manager, id: ID, trans, onOpenNotebook: jest.fn() });
  });

  afterEach(() => {
    page.dispose();
    manager.dispose();
  });

  /** Lets requests be answered and React draw. */
  async function settle(turns = 6): Promise<void> {
    for (let n = 0; n < turns; n++) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  async function open(): Promise<void> {
    Widget.attach(page, document.body);
    await settle();
  }

  async function apply(plan = PLAN): Promise<void> {
    server.on(`POST environments/${ID}/packages`, async request => {
      const { dry_run } = await request.json();
      const fields = dry_run
        ? { id: 'p1', action: 'plan', state: 'succeeded' as const, result: { plan } }
        : { id: 'c1', action: 'change', environment: ID, title: 'Install tabulate' };
      return new Response(JSON.stringify(job(fields)), { status: 202 });
    });
    await open();
    const field = screen.getByLabelText('Add packages');
    fireEvent.change(field, { target: { value: 'tabulate' } });
    await settle();
    fireEvent.keyDown(field, { key: 'Enter' });
    await settle(50);
    fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    await settle();
  }

  /** Answers a look at the way back with `plan`, and starts the job `c1` for it. */
  function serveRollback(plan: IPlan): void {
    server.on(`POST environments/${ID}/rollback`, async request => {
      const { dry_run } = await request.json();
      const fields = dry_run
        ? { id: `p-${plan.hash}`, action: 'plan', state: 'succeeded' as const, result: { plan } }
        : { id: 'c1', action: 'rollback', environment: ID, title: 'Go back' };
      return new Response(JSON.stringify(job(fields)), { status: 202 });
    });
  }

  /** What was asked of the route for ways back. */
  function rollbacks(): Promise<object[]> {
    const sent = server.asked.filter(request => request.url.includes('/rollback'));
    return Promise.all(sent.map(request => (request.clone() as Request).json()));
  }

  async function end(fields: object): Promise<void> {
    server.on(
      'DELETE jobs/c1',
      job({ id: 'c1', action: 'change', environment: ID, ...fields }),
      202
    );
    await manager.jobs.cancel('c1');
    await settle();
  }

  it('asks for nothing while it is hidden, and only for what is shown', async () => {
    page.hide();
    Widget.attach(page, document.body);
    await settle();
    expect(server.asked).toHaveLength(0);
    page.show();
    await settle();
    expect(screen.getByText('pandas')).toBeTruthy();
    expect(server.count(`GET environments/${ID}/tree`)).toBe(0);
    expect(server.count(`GET environments/${ID}/history`)).toBe(0);
  });

  it('looks in the channels for what conda brought, in the index for what pip did', async () => {
    server.on('GET environments', { environments: [environment({ kind: 'conda', manager: 'm' })] });
    server.on(`GET environments/${ID}/packages`, {
      packages: [item('six', { manager: 'conda' }), item('pandas')]
    });
    await open();
    await settle(40);
    const urls = server.asked.map(request => new URL(request.url));
    const query = (name: string) => urls.find(url => url.pathname.endsWith(`/${name}`))?.search;
    expect(query('search/six')).toContain('environment=thesis-id');
    expect(query('search/pandas')).not.toContain('environment');
    const field = screen.getByLabelText('Add packages');
    fireEvent.change(field, { target: { value: 'numpy=1.2' } });
    await settle();
    fireEvent.keyDown(field, { key: 'Enter' });
    await settle();
    expect(screen.getByRole('button', { name: 'Leave out numpy=1.2' })).toBeTruthy();
    expect(screen.queryByText(/Not a package/)).toBeNull();
  });

  it('asks for an upgrade of all by no names', async () => {
    await open();
    fireEvent.click(screen.getByRole('button', { name: 'Check for newer versions' }));
    await settle(40);
    fireEvent.click(screen.getByRole('button', { name: 'Upgrade all' }));
    await settle(50);
    const sent = server.asked.filter(request => request.method === 'POST');
    expect(await sent[0].json()).toEqual({
      install: [],
      upgrade: [],
      remove: [],
      upgrade_all: true,
      dry_run: true
    });
    expect(screen.getByText('1 change waiting')).toBeTruthy();
  });

  it('shows markup of a package as text', async () => {
    await open();
    expect(screen.getByText('<img src=x onerror=alert(1)>')).toBeTruthy();
    expect(page.node.querySelector('img')).toBeNull();
  });

  it('says why a package is there, what breaks, and offers its versions', async () => {
    await open();
    await settle(30);
    fireEvent.click(screen.getByText('six'));
    await settle();
    expect(screen.getByText('Needed by pandas')).toBeTruthy();
    expect(screen.getByText('These break: pandas')).toBeTruthy();
    const versions = screen.getByLabelText('Version of six');
    expect(within(versions).getByText('1.1 (newest)')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Upgrade six to 1.1' })).toBeTruthy();
  });

  it('shows what a change would do before it does it, and how to take it back', async () => {
    server.on(`GET environments/${ID}/history`, {
      revisions: [{ revision: 7 }, { revision: 4 }]
    });
    await apply();
    const changes = screen.getByRole('region', { name: 'Changes' });
    expect(within(changes).getByText('Install tabulate')).toBeTruthy();
    const plans = server.asked.filter(request => request.method === 'POST');
    expect(await plans[0].json()).toMatchObject({ install: ['tabulate'], dry_run: true });
    await end({
      state: 'succeeded',
      title: 'Install tabulate',
      result: { plan: PLAN, environment: environment({ revision: 7 }) }
    });
    expect(within(changes).getByText('Done: Install tabulate')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Apply' })).toBeNull();
    serveRollback(BACK);
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await settle(20);
    const question = screen.getByRole('group', { name: 'Back to revision 4?' });
    expect(question.textContent).toContain('1 removed');
    expect(within(question).getByText('tabulate')).toBeTruthy();
    expect(await rollbacks()).toEqual([{ revision: 4, dry_run: true }]);
    fireEvent.click(within(question).getByRole('button', { name: 'Go back' }));
    await settle();
    expect((await rollbacks()).slice(1)).toEqual([
      { revision: 4, dry_run: false, plan: 'sha256:1' }
    ]);
  });

  it('asks anew, with the new plan, where going back would by now do something else', async () => {
    server.on(`GET environments/${ID}/history`, { revisions: [REVISION] });
    server.on('GET environments', { environments: [environment({ revision: 5 })] });
    serveRollback(BACK);
    await open();
    fireEvent.click(screen.getByRole('tab', { name: 'History' }));
    await settle();
    page.model.lookBack(4);
    await settle(20);
    fireEvent.click(screen.getByRole('button', { name: 'Go back' }));
    await settle();
    const removed = [...BACK.removed, { name: 'six', version: '1.0', size: null }];
    serveRollback({ ...BACK, removed, hash: 'sha256:2' });
    await end({ action: 'rollback', state: 'failed', error: PLAN_CHANGED });
    await settle(20);
    expect(screen.getByText(PLAN_CHANGED.message)).toBeTruthy();
    // The row of the revision asks in the history, the bar at the foot elsewhere; never both.
    fireEvent.click(screen.getByRole('tab', { name: /Packages/ }));
    await settle();
    const question = screen.getByRole('group', { name: 'Back to revision 4?' });
    expect(question.textContent).toContain('2 removed');
    const before = (await rollbacks()).length;
    fireEvent.click(within(question).getByRole('button', { name: 'Go back' }));
    await settle();
    expect((await rollbacks()).slice(before)).toEqual([
      { revision: 4, dry_run: false, plan: 'sha256:2' }
    ]);
  });

  it('asks for no way back without the yes', async () => {
    serveRollback(BACK);
    await open();
    page.model.lookBack(4);
    await settle(20);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await settle();
    expect(screen.queryByRole('group')).toBeNull();
    expect(await rollbacks()).toEqual([{ revision: 4, dry_run: true }]);
  });

  it('says why there is no way back', async () => {
    await open();
    page.model.lookBack(4);
    await settle(20);
    expect(screen.getByText('no such route')).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Go back' }).disabled).toBe(true);
  });

  it('says what of a change is not quite as it was asked for, before and after', async () => {
    const warnings = ['pip’s six lies over that of conda.'];
    await apply({ ...PLAN, warnings });
    await end({ state: 'failed', error: { message: 'No room.', reason: 'x', hint: null } });
    expect(screen.getByText('1 change waiting')).toBeTruthy();
    expect(screen.getByText(warnings[0])).toBeTruthy();
  });

  it('says so afterwards as well', async () => {
    const warnings = ['pip’s six lies over that of conda.'];
    await apply();
    await end({ state: 'succeeded', result: { plan: { ...PLAN, warnings } } });
    expect(screen.queryByRole('button', { name: 'Apply' })).toBeNull();
    expect(screen.getByText(warnings[0])).toBeTruthy();
  });

  it('keeps what waits when the job fails, with the tool’s own words a click away', async () => {
    await apply();
    await end({
      state: 'failed',
      error: { message: 'No room.', reason: 'x', hint: 'Free some.', detail: 'ENOSPC' }
    });
    expect(screen.getByText('No room.')).toBeTruthy();
    expect(screen.queryByText('ENOSPC')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Details' }));
    await settle();
    expect(screen.getByText('ENOSPC')).toBeTruthy();
    expect(screen.getByText('1 change waiting')).toBeTruthy();
  });

  it('tells two of one name apart, and changes the one that is imported', async () => {
    server.on('GET environments', { environments: [environment({ kind: 'conda', manager: 'm' })] });
    server.on(`GET environments/${ID}/packages`, {
      packages: [item('six', { manager: 'conda', version: '1.0' }), item('six', { version: '1.1' })]
    });
    await open();
    const rows = () => within(screen.getByRole('treegrid')).getAllByRole('row').slice(1);
    expect(rows()).toHaveLength(2);
    fireEvent.click(within(rows()[1]).getByRole('checkbox'));
    await settle();
    expect(rows().map(row => row.getAttribute('aria-selected'))).toEqual(['false', 'true']);
    expect(screen.getAllByRole('button', { name: 'Remove six' })).toHaveLength(1);
    expect(within(rows()[0]).queryByRole('button', { name: 'Remove six' })).toBeNull();
    fireEvent.click(rows()[0]);
    await settle();
    expect(screen.getByText(/pip brought is imported in its place/)).toBeTruthy();
  });

  it('draws few of many rows, and keeps focus and place when they are read again', async () => {
    const packages = Array.from({ length: 500 }, (_, n) => item(`package-${n}`));
    server.on(`GET environments/${ID}/packages`, { packages });
    await open();
    expect(page.node.querySelectorAll('[role="row"]').length).toBeLessThan(60);
    const row = page.node.querySelectorAll<HTMLElement>('[role="row"]')[3];
    row.focus();
    server.on(`GET environments/${ID}/packages`, { packages: packages.slice(1) });
    server.on('GET environments', { environments: [environment({ revision: 2 })] });
    await manager.refresh();
    await settle();
    expect(document.activeElement).toBe(row);
    expect(row.isConnected).toBe(true);
    fireEvent.change(screen.getByLabelText('Filter packages'), { target: { value: 'age-499' } });
    await settle();
    expect(page.node.querySelectorAll('[role="row"]')).toHaveLength(2);
  });

  it('tells which conda installation a base belongs to, and of what version', async () => {
    const installation = { name: 'Miniforge', version: '26.7.1' };
    server.on('GET environments', { environments: [environment({ installation })] });
    server.on(`GET environments/${ID}/activation`, { shell: 'sh', lines: [] });
    await open();
    fireEvent.click(screen.getByRole('tab', { name: 'Overview' }));
    await settle();
    expect(screen.getByText('Miniforge 26.7.1')).toBeTruthy();
  });

  it('moves between tabs by the keyboard, and reads a tab when it opens', async () => {
    server.on(`GET environments/${ID}/activation`, {
      shell: 'sh',
      lines: [{ shell: 'sh', command: '. /data/envs/thesis/bin/activate' }]
    });
    await open();
    const tab = screen.getByRole('tab', { name: /Packages/ });
    tab.focus();
    fireEvent.keyDown(tab, { key: 'ArrowRight' });
    await settle();
    expect(screen.getByRole('tab', { name: 'Overview' })).toBe(document.activeElement);
    expect(screen.getByText('. /data/envs/thesis/bin/activate')).toBeTruthy();
    server.on(`GET environments/${ID}/health`, { problems: [] });
    fireEvent.click(screen.getByRole('tab', { name: 'Health' }));
    await settle();
    expect(screen.getByText('Nothing is wrong')).toBeTruthy();
  });

  it('follows a new name, and says when the environment is gone', async () => {
    await open();
    const renamed = jest.fn();
    page.renamed.connect(renamed);
    server.on(`PATCH environments/${ID}`, job({ id: 'n1', environment: 'new-id' }), 202);
    expect(await page.model.update({ name: 'new' })).toBeNull();
    server.on('GET environments', { environments: [environment({ id: 'new-id', name: 'new' })] });
    await manager.refresh();
    await settle();
    expect(renamed).toHaveBeenCalled();
    expect(page.title.label).toBe('new');
    server.on('GET environments', { environments: [] });
    await manager.refresh();
    await settle();
    expect(screen.getByText('This environment is gone')).toBeTruthy();
  });

  it('changes nothing in the environment of Jupyter itself', async () => {
    server.on('GET environments', { environments: [environment({ protected: true })] });
    await open();
    expect(screen.getByText(/Jupyter itself runs in this environment/)).toBeTruthy();
    expect(screen.queryByLabelText('Add packages')).toBeNull();
    expect(screen.queryByRole('button', { name: 'Remove six' })).toBeNull();
  });
});
