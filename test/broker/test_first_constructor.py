"""A constructor that finds no broker says what it has tried: the first one of a process, too."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

PROGRAMS = {
    "KafkaConsumer": "kafka.KafkaConsumer(**options)",
    "KafkaProducer": "kafka.KafkaProducer(**options)",
    "AsyncKafkaConsumer": "asyncio.run(kafka.aio.AsyncKafkaConsumer(**options).start())",
    "AsyncKafkaProducer": "asyncio.run(kafka.aio.AsyncKafkaProducer(**options).start())",
}


@pytest.mark.parametrize("timeout_ms", [1, 50])
@pytest.mark.parametrize("face", PROGRAMS)
def test_first_client_of_a_process_names_what_it_tried(face: str, timeout_ms: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        options = {"bootstrap_servers": server, "bootstrap_timeout_ms": timeout_ms}
        program = f"""
import asyncio, kafka, kafka.aio
options = {options!r}
for _ in range(2):
    try:
        {PROGRAMS[face]}
    except kafka.errors.NoBrokersAvailable as error:
        print(error)
"""
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
    first, second = done.stdout.split("NoBrokersAvailable")[1:]
    assert f"  {server} [" in first
    assert f"  {server} [" in second
    assert done.stderr == ""
