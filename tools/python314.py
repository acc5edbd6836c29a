"""Get Python 3.14 where neither pyenv nor the system has it: ``python -m tools.python314``.

Prints the path of an interpreter, or runs a command that finds it as ``python3.14``::

    python -m tools.python314 tox -e unit314

An interpreter that is on the path is used. Otherwise the packages of Debian's next suite are
unpacked beside the system, with the C library and all others that they need. Nothing is installed:
apt keeps its lists and checks its signatures in a directory of its own. A second run finds what the
first one left. Free-threaded builds cannot be had this way: Debian has none.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from test.support.apache_kafka.jars import cache_root

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "python3.14"
PACKAGES = (NAME, f"{NAME}-venv")
SUITE = "forky"
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TOOLS = ("apt-get", "dpkg-deb")


class UnavailableError(Exception):
    """Python 3.14 cannot be had on this machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print where Python 3.14 is, or run a command with it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.python314", description=f"Get {NAME}, from Debian {SUITE} if need be."
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help=f"what to run with {NAME} first on the path"
    )
    command = parser.parse_args(arguments).command
    try:
        python = on_path() or unpacked(cache_root() / NAME)
    except UnavailableError as error:
        print(f"no {NAME}: {error}", file=sys.stderr)
        return 1
    if not command:
        print(python)
        return 0
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode


def on_path() -> Path | None:
    """Return the interpreter of the machine, unless it is a shim of pyenv with none behind it."""
    found = shutil.which(NAME)
    return Path(found) if found is not None and works(Path(found)) else None


def works(python: Path) -> bool:
    """Return whether *python* runs and can make environments."""
    check = "import ensurepip, ssl, sqlite3, sys; assert sys.version_info[:2] == (3, 14)"
    command = [str(python), "-c", check]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


# -- packages of Debian ---------------------------------------------------------------------------


def unpacked(directory: Path) -> Path:
    """Return the interpreter in *directory*, which is filled if it is not there yet.

    Raises:
        UnavailableError: there is no such system, no network, or no such package.
    """
    python = directory / "usr/bin" / NAME
    directory.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{directory}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            check_system()
            shutil.rmtree(directory, ignore_errors=True)
            unpack(download(directory / "apt"), directory)
            wrap(directory, python)
            if not works(python):
                raise UnavailableError(f"{python} does not run; remove {directory} to try again")
            (directory / "complete").touch()
    return python


def check_system() -> None:
    """Raise `UnavailableError` unless this is a Linux with apt and Debian's keys."""
    advice = "install Python 3.14 in another way, and put it on the path"
    if sys.platform != "linux":
        raise UnavailableError(f"Debian's packages need Linux, this is {sys.platform}; {advice}")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise UnavailableError(f"Debian's packages need {' and '.join(missing)}; {advice}")
    if not KEYRING.exists():
        raise UnavailableError(
            f"{KEYRING} is missing, which signs Debian's packages: install debian-archive-keyring"
        )


def download(directory: Path) -> list[Path]:
    """Download `PACKAGES` and all they need into *directory*; return the files."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (directory / part).mkdir(parents=True)
    (directory / "status").touch()  # no package counts as installed
    source = f"deb [signed-by={KEYRING}] {ARCHIVE} {SUITE} main\n"
    (directory / "sources.list").write_text(source, encoding="utf-8")
    apt = ["apt-get", "-q", *(word for option in options(directory) for word in ("-o", option))]
    run(*apt, "update")
    run(*apt, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES)
    return sorted((directory / "cache/archives").glob("*.deb"))


def options(directory: Path) -> list[str]:
    """Return the settings of an apt that touches nothing but *directory*."""
    return [
        f"Dir::Etc::sourcelist={directory}/sources.list",
        "Dir::Etc::sourceparts=-",
        "Dir::Etc::preferences=-",
        "Dir::Etc::preferencesparts=-",
        f"Dir::State={directory}/state",
        f"Dir::State::status={directory}/status",
        f"Dir::Cache={directory}/cache",
        "Acquire::Languages=none",
        "APT::Sandbox::User=",  # who runs this owns the directory, and may not change to another
        "Debug::NoLocking=1",  # the lock of `unpacked` is enough
    ]


def unpack(packages: Sequence[Path], directory: Path) -> None:
    """Unpack *packages* into *directory*, then remove what was downloaded."""
    for package in packages:
        run("dpkg-deb", "--extract", str(package), str(directory))
    shutil.rmtree(directory / "apt")


def wrap(directory: Path, python: Path) -> None:
    """Make *python* a script that starts the interpreter with the loader and libraries beside it.

    The system may have an older C library, and other programs must not get these libraries: so the
    loader is told of them, not the environment. Python takes its own name from the first argument,
    so that virtual environments work.
    """
    loaders = sorted(directory.glob("usr/lib/*/ld-linux-*.so.*"))
    if not loaders:
        raise UnavailableError(f"there is no loader in {directory}/usr/lib")
    binary = python.with_name(f"{NAME}-binary")
    python.rename(binary)
    words = [loaders[0], "--library-path", loaders[0].parent]
    start = " ".join(shlex.quote(str(word)) for word in words)
    python.write_text(
        f'#!/bin/sh\nexec {start} --argv0 "$0" {shlex.quote(str(binary))} "$@"\n', encoding="utf-8"
    )
    python.chmod(0o755)


def run(*command: str) -> None:
    """Run *command*, and raise `UnavailableError` with its last words if it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise UnavailableError(f"{command[0]} failed:\n{done.stdout[-1500:].strip()}")


if __name__ == "__main__":
    raise SystemExit(main())
