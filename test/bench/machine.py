"""On what the figures were measured: machine, versions, date."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from test.bench.brokers import KAFKA_VERSION

_DISTRIBUTIONS = ("kafka-python", "confluent-kafka", "aiokafka", "crc32c", "lz4", "zstandard")
_VERSIONS = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def head(interpreters: dict[str, str]) -> dict[str, Any]:
    """Return date, versions and machine.

    Args:
        interpreters: by the name of the client that is installed there as ``kafka-python``.
    """
    clients: dict[str, str] = {}
    for client, python in interpreters.items():
        found = versions(python)
        clients[client] = found.pop("kafka-python", "not installed")
        clients = found | clients
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "clients": clients,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kafka": KAFKA_VERSION,
        "machine": machine(),
    }


def versions(python: str) -> dict[str, str]:
    """Return what *python* has installed of the clients and what they need to be fast."""
    done = subprocess.run(
        [python, "-c", _VERSIONS, *_DISTRIBUTIONS],
        cwd="/",  # a checkout in the working directory would come first
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def machine() -> str:
    """Return system, processor, cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
