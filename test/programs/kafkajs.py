"""kafkajs, a client in pure JavaScript, installed once per machine by npm."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from typing import TYPE_CHECKING

from test.support.apache_kafka.jars import cache_root

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "2.2.4"
_INSTALL_TIMEOUT = 100.0


class KafkajsError(Exception):
    """Node or npm is missing, or npm could not install it."""


def installed() -> Path:
    """Return the ``node_modules`` that have it.

    Raises:
        KafkajsError: it cannot be had here.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise KafkajsError("kafkajs needs node and npm")
    root = cache_root()
    root.mkdir(parents=True, exist_ok=True)
    directory = root / f"kafkajs-{VERSION}"
    with (root / f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            _install(directory)
    return directory / "node_modules"


def _install(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", directory, f"kafkajs@{VERSION}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=_INSTALL_TIMEOUT,
    )
    if done.returncode != 0:
        raise KafkajsError(f"npm cannot install kafkajs {VERSION}: {done.stderr[-500:]}")
    (directory / "complete").touch()
