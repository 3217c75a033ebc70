"""Why a package could not be built from its source, from what its build printed."""

from __future__ import annotations

import re

# message, hint, cause
Why = tuple[str, str, str]

# Modules that left the standard library, by the version that has them no more (PEP 594, PEP 632).
_REMOVED = {
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd"
    " sunau telnetlib uu xdrlib",
}
_PREVIOUS = {"3.12": "3.11", "3.13": "3.12"}

_FAILED = re.compile(
    r"failed to (?:download and )?build|build backend returned an error|could not build wheels"
    r"|subprocess-exited-with-error|metadata-generation-failed|failed building wheel|failed to build installable wheels"
    r"|building wheel for \S{1,100} \(|getting requirements to build wheel did not run|backend subprocess exited"
    r"|pyproject_hooks|backendunavailable|chefbuilderror|chefinstallerror"
    r"|note: this (?:error|is an issue)[^.]{0,80}package|preparing metadata \(",
    re.IGNORECASE,
)
_PACKAGE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"failed to (?:download and )?build:? `?(?P<what>[\w.-]{1,100}(?:==[\w.!+]{1,40})?)",
        r"(?:building|build) wheel for (?P<what>[\w.-]{1,100})",
        r"pyproject\.toml based projects \((?P<what>[\w.-]{1,100})",
        r"unable to (?:build|install) (?P<what>[\w.-]{1,100})",
        r"error (?:from|in) (?P<what>[\w.-]{1,100}) (?:setup command|\()",
        r"when installing build dependencies for (?P<what>[\w.-]{1,100})",
        r"downloading \S{0,400}/(?P<what>[\w.]{1,100})-\d[\w.]{0,30}\.(?:tar\.gz|zip)",
        r"collecting (?P<what>[\w.-]{1,100})",
    )
]
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]{1,100})")
_BACKEND = re.compile(
    r"BackendUnavailable|Cannot import '?(?P<module>[\w.]{1,100})'? ?(?:$|build backend)", re.MULTILINE
)
_HEADER = re.compile(r"fatal error:? '?(?P<header>[\w./+-]{1,200}\.h(?:pp)?)'?(?: file not found|: No such file)")
_COMPILERS = r"(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|cl\.exe|x86_64-linux-gnu-gcc|aarch64-linux-gnu-gcc|no-such-cc)"
_COMPILER = re.compile(
    rf"(?:No such file or directory: '{_COMPILERS}'|command '{_COMPILERS}' failed: No such file"
    rf"|unable to execute '?{_COMPILERS}"
    r"|Microsoft Visual C\+\+ [\d.]{1,10} or greater is required"
    r"|Unknown compiler\(s\)|No CMAKE_CX{0,2}_?C?OMPILER could be found"
    r"|C compiler cannot create executables|no acceptable C compiler)",
)
_RUST = re.compile(
    r"can't find Rust compiler|rustc?[^.]{0,40}(?:is )?not (?:installed|found)|Cargo, the Rust package manager, is not",
    re.IGNORECASE,
)
_FORTRAN = re.compile(
    r"gfortran[^.]{0,60}not found|Fortran compiler[^.]{0,40}(?:not|missing)|NoneType[^.]{0,40}fcompiler", re.IGNORECASE
)
_PROGRAM = re.compile(
    r"(?:No such file or directory: '|Command ')(?P<one>[\w.+-]{1,60})'|(?P<two>[\w.+-]{1,60}): (?:command )?not found"
    r"|(?P<three>pkg-config|cmake|ninja|meson|swig|pg_config|mysql_config|nvcc)\b[^.]{0,60}"
    r"(?:not found|not be found|missing|must be installed|is required)",
    re.IGNORECASE,
)
_LIBRARY = re.compile(r"cannot find -l(?P<name>[\w+.-]{1,60})")
_OTHER_PYTHON = re.compile(
    r"(?:only versions|requires python|python_requires|supported python versions?:?|needs python) "
    r"(?P<wants>[<>=!~][^\s]{1,60})",
    re.IGNORECASE,
)
_PYTHON_TWO = re.compile(
    r"use_2to3 is invalid|Missing parentheses in call to 'print'|SyntaxError: multiple exception types"
)
_LAST = re.compile(
    r"^\s{0,40}(?P<text>(?:\w{1,60}(?:Error|Exception|Exit|Interrupt)|error): ?\S.{0,300})$", re.MULTILINE
)

_MORE = "Ask for a version that comes as a wheel; the job's log holds what the build printed."


def why_build_failed(output: str) -> Why | None:
    """Return why the build in `output` failed, or None where it tells of no build."""
    if not _FAILED.search(output):
        return None
    who = _package(output)
    found = _MODULE.search(output) or _BACKEND.search(output)
    if found and (module := (found["module"] or "").partition(".")[0]):
        return _missing_module(who, module)
    if found := _HEADER.search(output):
        header = found["header"]
        if header == "Python.h":
            return (
                f"{who} has to be compiled, and the headers of this Python (Python.h) are not installed.",
                "Install them (on Debian and Ubuntu python3-dev), or ask for a version that comes as a wheel.",
                "needs_library",
            )
        return (
            f"{who} has to be compiled, and the header {header} of a library that it needs is not installed.",
            "Install that library with its headers, take the package from conda, or a version that comes as a wheel.",
            "needs_library",
        )
    if _RUST.search(output):
        return (f"{who} has to be compiled, and needs Rust.", _install("Rust"), "needs_compiler")
    if _FORTRAN.search(output):
        return (
            f"{who} has to be compiled, and needs a Fortran compiler.",
            _install("a Fortran compiler"),
            "needs_compiler",
        )
    if _COMPILER.search(output):
        return (f"{who} has to be compiled, and there is no C compiler here.", _install("a compiler"), "needs_compiler")
    if found := _LIBRARY.search(output):
        return (
            f"{who} has to be compiled, and the library {found['name']} is not installed.",
            "Install that library, or take the package from conda.",
            "needs_library",
        )
    if found := _OTHER_PYTHON.search(output):
        wants = found["wants"].strip(".,;) ")
        return (
            f"{who} is for Python {wants}.",
            f"Choose a Python that fits ({wants}), or another version.",
            "python_version",
        )
    if _PYTHON_TWO.search(output):
        return (f"{who} was written for Python 2.", "Ask for a newer version, or another package.", "python_version")
    if found := _PROGRAM.search(output):
        program = found["one"] or found["two"] or found["three"]
        return (f"Building {who} needs the program {program}, which is not here.", _install(program), "needs_program")
    lines = [found["text"] for found in _LAST.finditer(output) if not _is_outer(found["text"])]
    last = f": {lines[-1].removeprefix('error: ')}" if lines else ""
    return (f"{who} had to be built from source, and that failed{last}".rstrip(".") + ".", _MORE, "build_failed")


def _is_outer(line: str) -> bool:
    """Whether the line is the installer's, which says that there was an error and not which."""
    return bool(
        re.match(
            r"error: (?:subprocess-exited|metadata-generation|failed to|command '|could not build)", line, re.IGNORECASE
        )
    )


def _package(output: str) -> str:
    for pattern in _PACKAGE:
        if found := pattern.search(output):
            return (
                found["what"].replace("==", " ").replace("_", "-")
                if "==" not in found["what"]
                else found["what"].replace("==", " ")
            )
    return "A package"


def _install(what: str) -> str:
    return f"Install {what}, take the package from conda, or ask for a version that comes as a wheel."


def _missing_module(who: str, module: str) -> Why:
    if since := next((version for version, names in _REMOVED.items() if module in names.split()), None):
        return (
            f"{who} cannot be built on this Python: it needs {module}, which Python has no more from {since} on.",
            f"Ask for a newer version, or make the environment with Python {_PREVIOUS[since]} or older.",
            "python_version",
        )
    if module == "pkg_resources":
        return (
            f"{who} cannot be built: it needs pkg_resources, which setuptools has no more.",
            "Ask for a newer version of it, or one that comes as a wheel.",
            "build_needs",
        )
    return (
        f"{who} cannot be built: its build imports {module} without saying that it needs it.",
        f"Ask for a newer version of it, or one that comes as a wheel; or install {module} first.",
        "build_needs",
    )
