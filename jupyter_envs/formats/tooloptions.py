"""The options of the tools that install packages: which take a value, which stand alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jupyter_envs.formats.shell import Word


@dataclass(frozen=True)
class Options:
    """The options of a tool by their names, those with a value and those without one."""

    values: frozenset[str]
    flags: frozenset[str]
    abbreviations: bool = False


class Part(NamedTuple):
    """An option with its value (none for a flag), or a word of its own where `option` is empty."""

    option: str
    value: Word


def words(text: str) -> frozenset[str]:
    """The options in `text`, which stand between blanks."""
    return frozenset(text.split())


def _options(values: str, flags: str, *more: Options, abbreviations: bool = False) -> Options:
    return Options(
        words(values).union(*(each.values for each in more)),
        words(flags).union(*(each.flags for each in more)),
        abbreviations,
    )


PIP = _options(
    "-r --requirement -c --constraint -e --editable -t --target --platform --python-version --implementation --abi"
    " --root --prefix -b --build --build-dir --src --source --source-dir --source-directory --upgrade-strategy -C"
    " --config-setting --config-settings --global-option --install-option --build-option --no-binary --only-binary"
    " --progress-bar --report --group -i --index-url --pypi-url --extra-index-url -f --find-links --build-constraint"
    " --python --log --log-file --local-log --keyring-provider --proxy --retries --timeout --default-timeout"
    " --exists-action --trusted-host --cert --client-cert --cache-dir --use-feature --use-deprecated"
    " --root-user-action --resume-retries --uploaded-prior-to --requirements-from-script -d --download"
    " --download-cache -m --mirrors",
    "-h --help -U --upgrade -q --quiet -v --verbose -V --version -I --ignore-installed --force-reinstall --user"
    " --no-user --pre --no-deps --no-dependencies --no-cache-dir --no-index --no-build-isolation --use-pep517"
    " --no-use-pep517 --check-build-dependencies --break-system-packages --compile --no-compile"
    " --no-warn-script-location --no-warn-conflicts --dry-run --prefer-binary --require-hashes --no-clean --isolated"
    " --require-virtualenv --require-venv --no-input --no-color --no-python-version-warning --debug"
    " --disable-pip-version-check -y --yes --ignore-requires-python --process-dependency-links --egg --no-download"
    " --use-wheel --no-use-wheel --allow-all-external --use-mirrors --no-allow-external --no-require-virtualenv",
    abbreviations=True,
)
_UV_COMMON = _options(
    "--index --default-index -i --index-url --extra-index-url -f --find-links -P --upgrade-package --reinstall-package"
    " --refresh-package --index-strategy --keyring-provider --resolution --prerelease --fork-strategy -C"
    " --config-setting --config-settings --config-settings-package --no-build-isolation-package --exclude-newer"
    " --exclude-newer-package --link-mode --no-binary-package --no-build-package --no-sources-package --cache-dir -p"
    " --python --color --allow-insecure-host --directory --project --config-file --python-preference"
    " --python-platform --torch-backend --upgrade-group",
    "-h --help -U --upgrade -q --quiet -v --verbose --reinstall --refresh --no-index --no-cache -n --no-cache-dir"
    " --offline --no-offline --native-tls --no-config --no-progress --no-sources --no-build --no-binary --pre"
    " --compile-bytecode --no-compile-bytecode --no-build-isolation --managed-python --no-managed-python"
    " --no-python-downloads --preview --no-preview --system-certs",
)
UV_PIP = _options(
    "-r --requirement --requirements -c --constraint --constraints -e --editable --override --overrides -b"
    " --build-constraint --build-constraints --exclude --excludes --extra --group --no-binary --only-binary -t"
    " --target --prefix --python-version",
    "--all-extras --no-deps --require-hashes --no-require-hashes --verify-hashes --no-verify-hashes --system"
    " --no-system --break-system-packages --no-break-system-packages --strict --no-strict --exact --dry-run"
    " --user --force-reinstall -I --ignore-installed -y --yes --disable-pip-version-check --no-input",
    _UV_COMMON,
)
UV_ADD = _options(
    "-r --requirement --requirements -c --constraint --constraints -m --marker --optional --group --bounds --rev"
    " --tag --branch --extra --package --script --no-install-package",
    "--dev --editable --no-editable --raw --raw-sources --no-sync --locked --frozen --active --no-active --workspace"
    " --no-workspace --lfs --no-install-project --no-install-workspace --no-install-local",
    _UV_COMMON,
)
UV = _options(
    "--with --with-editable --with-requirements --extra --group --only-group --package --env-file",
    "--no-project --isolated --all-extras --frozen --locked --no-sync --active --exact",
    _UV_COMMON,
)
POETRY = _options(
    "-G --group -E --extras --python --platform --source --markers -C --directory -P --project",
    "-D --dev -e --editable --optional --allow-prereleases --dry-run --lock -n --no-interaction -q --quiet -v --verbose"
    " --no-ansi --ansi --no-plugins --no-cache -h --help",
)
PIPENV = _options(
    "-r --requirements -e --editable -i --index --extra-index-url --python --pypi-mirror --categories --extra-pip-args"
    " --requirementstxt",
    "-d --dev --system --deploy --pre --skip-lock --ignore-pipfile --site-packages --no-site-packages --keep-outdated"
    " --selective-upgrade --sequential --three --two -q --quiet -v --verbose --clear --bare -y --yes -h --help",
)
PDM = _options(
    "-p --project -G --group --venv -c --config --lockfile -L --override --source -e --editable",
    "-d --dev --no-sync --no-lock --frozen-lockfile --no-editable --no-self --no-isolation --prerelease --pre"
    " --stable --unconstrained --save-compatible --save-exact --save-wildcard --save-minimum --dry-run -q --quiet -v"
    " --verbose --update-all --update-reuse --update-eager --optional -u --fail-fast -x",
)
PIXI = _options(
    "-f --feature -p --platform --manifest-path --branch --tag --rev --subdir -m -w --workspace --git -g -e"
    " --environment --extra-index-url --color",
    "--pypi --host --build --editable --no-lockfile-update --no-install --frozen --locked -v -q --verbose --quiet",
)
CONDA = _options(
    "-n --name -p --prefix -c --channel --file --solver --repodata-fn --revision --platform --subdir --experimental"
    " --console --clone --env-file --environment-specifier --env-spec -r --root-prefix --rc-file --category --log-level"
    " --pyc --safety-checks --extra-safety-checks --ssl-verify --cacert-path --retries",
    "-y --yes -q --quiet -v --verbose -d --dry-run --json -k --insecure --offline -S --satisfied-skip-solve --no-deps"
    " -f --only-deps --override-channels -O --use-local --force-reinstall --freeze-installed --no-update-deps"
    " --update-deps --all --update-all --update-specs --no-channel-priority --strict-channel-priority --copy --no-pin"
    " -m --mkdir --clobber --dev --no-shortcuts --download-only --show-channel-urls --use-index-cache -C --force"
    " --no-default-packages --no-py-pin --freeze-installed -a --update-specs --channel-priority -h --help --prune"
    " --no-rc --no-env --allow-softlinks --always-copy --no-allow-uninstall --no-extra-safety-checks --shortcuts",
)
# Of the system's own installers only the names of the packages count.
SYSTEM = _options("-o --option -t --target-release -c --config-file", "")


def parts(given: Sequence[Word], options: Options, unknown: dict[str, None]) -> Iterator[Part]:
    """`given` behind a command as its options and the rest; an option that is not known takes no value and is noted.

    As the tools do it: ``--name=value``, short options written together, the value right behind one,
    and only words behind ``--``.
    """
    known = options.values | options.flags
    at = 0
    while at < len(given):
        word = given[at]
        text = word.text
        at += 1
        if text == "--":
            yield from (Part("", each) for each in given[at:])
            return
        if not text.startswith("-") or text == "-":
            yield Part("", word)
            continue
        if text.startswith("--"):
            name, sign, value = text.partition("=")
            name = _whole_name(name, options)
            if name not in known:
                unknown[name] = None
            elif name in options.values and not sign:
                if at < len(given):
                    yield Part(name, given[at])
                at += 1
            else:
                yield Part(name, Word(value, word.whole))
            continue
        for place in range(1, len(text)):
            name, value = f"-{text[place]}", text[place + 1 :]
            if name in options.values:
                if value:
                    yield Part(name, Word(value.removeprefix("="), word.whole))
                elif at < len(given):
                    yield Part(name, given[at])
                    at += 1
                break
            if name not in known:
                # `-upgrade` and the like: one option, whatever its letters.
                unknown[text if place == 1 else name] = None
                if place == 1:
                    break
                continue
            yield Part(name, Word(""))


def _whole_name(name: str, options: Options) -> str:
    """The option that `name` shortens, where the tool lets one."""
    known = options.values | options.flags
    if not options.abbreviations or name in known or len(name) < 4:
        return name
    longer = {each for each in known if each.startswith(name)}
    return longer.pop() if len(longer) == 1 else name
