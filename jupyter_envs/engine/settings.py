"""What an administrator or a user can set, in one place, for every face.

The file is ``jupyter_envs_config.py`` or ``.json`` in any folder that
``jupyter --paths`` lists under *config*; the server extension reads the same
file and takes the options on its command line (``--Settings.max_jobs=2``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from jupyter_core.paths import jupyter_config_path, jupyter_data_dir
from traitlets import Bool, Int, List, Unicode, default
from traitlets.config import Config, Configurable

CONFIG_NAME = "jupyter_envs_config"


class Settings(Configurable):
    """Options of jupyter_envs."""

    root = Unicode(help="Folder of the managed environments.").tag(config=True)
    roots = List(Unicode(), help="Further folders whose environments may be changed and removed; absolute paths.").tag(
        config=True
    )
    state_dir = Unicode(help="Folder for jobs, templates and indexes.").tag(config=True)
    default_manager = Unicode("uv", help="The manager that a new environment gets when none is asked for.").tag(
        config=True
    )
    max_jobs = Int(4, min=1, help="How many jobs run at once in one process; more wait.").tag(config=True)
    keep_jobs = Int(200, min=1, help="How many ended jobs are kept on disk.").tag(config=True)
    keep_job_days = Int(30, min=1, help="How many days an ended job is kept on disk.").tag(config=True)
    templates = Bool(True, help="Make environments from prepared templates.").tag(config=True)
    spares = Int(2, min=0, help="How many ready environments wait per template.").tag(config=True)
    template_budget = Int(
        2_000_000_000, min=0, help="Bytes that templates and spares may take; the least used go first."
    ).tag(config=True)
    prepare_delay = Int(
        5, min=0, help="Seconds of quiet, after the server's start or a job, before templates are prepared."
    ).tag(config=True)
    scan_depth = Int(6, min=0, help="How many folders deep the notebook root is searched for environments.").tag(
        config=True
    )
    scan_limit = Int(20_000, min=0, help="How many folders of the notebook root are looked at.").tag(config=True)
    scan_seconds = Int(10, min=1, help="Seconds that a search of the notebook root may take.").tag(config=True)
    compile_after = Bool(True, help="Compile what a job installed, in the background, after it.").tag(config=True)

    copy_at_once = Bool(
        help="Give an environment its own files within the job that brings them, not right after it, as where what "
        "runs then would be lost (a container's build). JUPYTER_ENVS_COPY_AT_ONCE=1 does the same."
    ).tag(config=True)

    conda_engine = Unicode(
        "embedded",
        help="Who changes conda environments: 'embedded', or an installed client by its name (conda, mamba, "
        "micromamba) or path.",
    ).tag(config=True)
    conda_channels = List(
        Unicode(), help="Channels for conda environments where none are asked for; empty takes those of .condarc."
    ).tag(config=True)

    @default("root")
    def _root(self) -> str:
        return os.path.join(jupyter_data_dir(), "envs")

    @default("state_dir")
    def _state_dir(self) -> str:
        return os.path.join(jupyter_data_dir(), "jupyter-envs")

    @default("copy_at_once")
    def _copy_at_once(self) -> bool:
        return os.environ.get("JUPYTER_ENVS_COPY_AT_ONCE", "0") not in ("", "0")

    def options(self) -> str:
        """All of them as JSON, for another process: they may come from a command line, which it does not see."""
        return json.dumps({name: getattr(self, name) for name in self.trait_names(config=True)})

    @property
    def all_roots(self) -> list[Path]:
        """The resolved folders inside which environments may be removed."""
        return [Path(os.path.realpath(os.path.expanduser(p))) for p in [self.root, *self.roots]]

    @property
    def state(self) -> Path:
        return Path(os.path.expanduser(self.state_dir))

    @property
    def trust_file(self) -> Path:
        """Where the packages stand that this person approved."""
        return self.state / "trust.json"

    @property
    def interpreters_file(self) -> Path:
        """Where it is kept what the machine's interpreters said of themselves."""
        return self.state / "interpreters.json"


def load() -> Settings:
    """The settings for a face without a server, from the same files that the server extension reads.

    Raises:
        InvalidRequest: a configuration file cannot be read or holds a wrong value.
    """
    folders = jupyter_config_path()
    # Most users have no such file, and traitlets' loader is slow to import.
    if not any(os.path.isfile(os.path.join(f, CONFIG_NAME + end)) for f in folders for end in (".py", ".json")):
        return Settings()
    from traitlets import TraitError
    from traitlets.config.loader import ConfigError, JSONFileConfigLoader, PyFileConfigLoader

    from jupyter_envs.model.errors import InvalidRequest

    config = Config()
    try:
        # The first folder counts most, so that it is read last; .json counts more than .py, as in jupyter_server.
        for folder in reversed(folders):
            for ending, loader in ((".py", PyFileConfigLoader), (".json", JSONFileConfigLoader)):
                if os.path.isfile(os.path.join(folder, CONFIG_NAME + ending)):
                    config.merge(loader(CONFIG_NAME + ending, path=folder).load_config())
        return Settings(config=config)
    except (ConfigError, TraitError, SyntaxError, ValueError, TypeError, LookupError, NameError, OSError) as error:
        raise InvalidRequest(
            f"A file {CONFIG_NAME} in Jupyter's config path is not usable: {error}.",
            hint="`jupyter --paths` lists the folders; mend or remove the file.",
            reason="bad_config",
        ) from None
