// What JupyterLab loads where the panel could not be built: one notice that says so. Plain JavaScript, since nothing
// could be compiled; a container as module federation expects it.
(() => {
  const source = document.currentScript.src;
  const plugin = {
    id: 'jupyter-envs:missing-panel',
    description: 'Says that the Environments panel was not built.',
    autoStart: true,
    activate: app => {
      void app.restored.then(async () => {
        const { jupyter_envs: missing } = await (
          await fetch(new URL('../package.json', source))
        ).json();
        console.warn(
          `The Environments panel is missing. ${missing.why} To add it, run: ${missing.command}`
        );
        // A notice shows 140 letters.
        await app.commands.execute('apputils:notify', {
          type: 'warning',
          message:
            'The Environments panel was not built. “jupyter labextension list” says why, and which command adds it.',
          options: { autoClose: false }
        });
      });
    }
  };
  const modules = { './extension': { __esModule: true, default: plugin } };
  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB['jupyter-envs'] = {
    init: () => undefined,
    get: name => Promise.resolve(() => modules[name])
  };
})();
