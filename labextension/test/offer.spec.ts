import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { Client } from '../src/api/client';
import { JobsModel } from '../src/model/jobs';
import { EnvironmentManager } from '../src/model/manager';
import { InstallOfferWidget } from '../src/offer';
import { FakeServer, job } from './server';

describe('InstallOfferWidget', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let widget: InstallOfferWidget;

  beforeEach(async () => {
    server = new FakeServer();
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client, quietMs: 10 }) });
    widget = offer({});
    await settle();
  });

  function offer(fields: Partial<InstallOfferWidget.IOptions>): InstallOfferWidget {
    const made = new InstallOfferWidget({
      manager,
      module: 'yaml',
      providers: [{ name: 'pyyaml', source: 'known', environments: [] }],
      environment: { id: 'thesis-id', name: 'thesis', pipApart: false },
      having: [],
      onUse: jest.fn(),
      onShow: jest.fn(),
      onRunAgain: jest.fn(),
      onNewEnvironment: jest.fn(),
      trans: nullTranslator.load('jupyter_envs'),
      ...fields
    });
    Widget.attach(made, document.body);
    return made;
  }

  afterEach(() => {
    widget.dispose();
    manager.dispose();
  });

  /** Lets requests be answered, timers end and React draw. */
  async function settle(): Promise<void> {
    for (let n = 0; n < 8; n++) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  function install(): void {
    widget.node.querySelector<HTMLElement>('button')!.click();
  }

  it('asks the server on the click, and follows the job to its end', async () => {
    expect(server.asked).toHaveLength(0);
    server.on('POST environments/thesis-id/packages', job(), 202);
    server.on('GET jobs', { jobs: [job()] });
    install();
    await settle();
    const sent = server.asked.find(request => request.method === 'POST')!;
    expect(await sent.json()).toEqual({ install: ['pyyaml'], dry_run: false });
    expect(widget.node.querySelector('[role="progressbar"]')).not.toBeNull();
    const plan = { added: [], changed: [{ name: 'six', from: '1', to: '2' }], removed: [] };
    server.on('GET jobs', { jobs: [job({ state: 'succeeded', result: { plan } })] });
    await manager.jobs.refresh();
    await settle();
    expect(widget.node.textContent).toContain('pyyaml is installed.');
    expect(widget.node.textContent).toContain('six');
    expect(widget.node.textContent).toContain('Run the cell again');
  });

  it('says what was refused, and what failed', async () => {
    const refused = { message: 'It is protected.', reason: 'protected', hint: null };
    server.on('POST environments/thesis-id/packages', refused, 403);
    install();
    await settle();
    expect(widget.node.textContent).toContain('It is protected.');
    const error = { message: 'It cannot be solved.', reason: 'x', hint: null };
    server.on('POST environments/thesis-id/packages', job(), 202);
    server.on('GET jobs', { jobs: [job({ state: 'failed', error })] });
    install();
    await settle();
    await settle();
    expect(widget.node.textContent).toContain('It cannot be solved.');
    expect(widget.node.textContent).toContain('Install pyyaml into thesis');
  });

  it('lets pip bring what no channel has, and asks for terms before it goes on', async () => {
    widget.dispose();
    widget = offer({ environment: { id: 'thesis-id', name: 'thesis', pipApart: true } });
    await settle();
    const error = {
      message: 'Only under its terms.',
      reason: 'terms',
      hint: null,
      field: 'channels',
      detail: 'http://x/main'
    };
    server.on('POST environments/thesis-id/packages', job(), 202);
    server.on('GET jobs', { jobs: [job({ state: 'failed', error })] });
    server.on('GET terms', { terms: [] });
    server.on('POST terms', { terms: [] });
    install();
    await settle();
    await settle();
    const accept = Array.from(widget.node.querySelectorAll('button')).find(
      button => button.textContent === 'Accept and continue'
    )!;
    server.on('POST environments/thesis-id/packages', job({ id: 'j2' }), 202);
    server.on('GET jobs', { jobs: [job({ id: 'j2' })] });
    accept.click();
    await settle();
    const sent = server.asked.filter(request => request.method === 'POST');
    expect(sent.map(request => new URL(request.url).pathname.split('/').pop())).toEqual([
      'packages',
      'terms',
      'packages'
    ]);
    expect(await sent[1].json()).toEqual({ channel: 'http://x/main' });
    expect(await sent[2].json()).toEqual({ install: ['pyyaml'], or_pip: true, dry_run: false });
  });

  it('keeps the keys of the notebook away', () => {
    expect(widget.node.dataset.lmSuppressShortcuts).toBe('true');
  });
});
