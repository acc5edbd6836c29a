"""The low-level classes at prompts that run a loop: ``python -m asyncio`` and IPython."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kafka.testing import EmbeddedCluster

ROOT = Path(__file__).parents[2]

TYPED = """
import asyncio, socket
from kafka import BrokerConnection, KafkaClient
from kafka.protocol.metadata import MetadataRequest
def probe():
    found = [asyncio.get_running_loop().is_running()]
    with KafkaClient("ADDRESS") as client:
        client.poll(future=client.cluster.request_update())
        client.await_ready(0)
        future = client.send(0, MetadataRequest[1](["orders"]))
        client.poll(future=future)
        found += [future.value.topics[0].topic, client.check_version()]
    with BrokerConnection("127.0.0.1", PORT, socket.AF_INET) as conn:
        conn.connect_blocking()
        return [*found, conn.check_version(60)]

await asyncio.sleep(0); print("said:", probe())
"""
PROMPTS = {
    "asyncio": ["-m", "asyncio"],
    "IPython": ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
}


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_call_works_at_a_prompt_with_a_loop(prompt: str, tmp_path: Path) -> None:
    if find_spec(prompt) is None:
        pytest.skip(f"{prompt} is not installed")
    with EmbeddedCluster(topics={"orders": 1}) as cluster:
        address = cluster.bootstrap_servers[0]
        typed = TYPED.replace("ADDRESS", address).replace("PORT", address.rpartition(":")[2])
        ended = subprocess.run(
            [sys.executable, *PROMPTS[prompt]],
            input=typed,
            env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert "said: [True, 'orders', (4, 4), (4, 4)]" in ended.stdout + ended.stderr
    assert "Error" not in ended.stdout + ended.stderr
