"""Let an installer ask indexes beside those of its settings."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_envs.model.sources import Sources


def asking(environ: Mapping[str, str], sources: Sources) -> dict[str, str]:
    """Return `environ` with the variables of pip and uv that name `sources` after what they name already.

    Unless its user chose another way, uv then takes the best version of all of them, as pip does: a file that names
    an index for builds of its own, ``2.3.0+cpu``, was written for that.
    """
    env = dict(environ)
    if sources.indexes:
        _add(env, "UV_INDEX", sources.indexes, " ")
        _add(env, "PIP_EXTRA_INDEX_URL", sources.indexes, " ")
        env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if sources.find_links:
        _add(env, "UV_FIND_LINKS", [link.replace(",", "%2C") for link in sources.find_links], ",")
        _add(env, "PIP_FIND_LINKS", sources.find_links, " ")
    return env


def _add(env: dict[str, str], name: str, values: list[str], separator: str) -> None:
    env[name] = separator.join([*filter(None, [env.get(name)]), *values])
