"""``python -m kafka.testing``: a cluster in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.__main__ import main
from test.support.raw_client import RawClient


@contextlib.contextmanager
def stand_alone(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start it; yield the process and its bootstrap servers."""
    command = [sys.executable, "-W", "error", "-m", "kafka.testing", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            name, _, servers = process.stdout.readline().strip().partition("=")
            assert name == "bootstrap_servers"
            yield process, servers.split(",")
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_comes(number: signal.Signals) -> None:
    with stand_alone("--port", "0", "--brokers", "2", "--topic", "t:3") as (process, servers):
        assert len(servers) == 2
        for server in servers:
            host, _, port = server.rpartition(":")
            socket.create_connection((host, int(port)), 5.0).close()
        os.kill(process.pid, number)
        assert process.wait(10.0) == 0


async def topics(server: str) -> dict[str, int]:
    client = await RawClient.connect(server)
    found = await client.send(MetadataRequest(topics=None), 9)
    client.close()
    return {str(topic.name): len(topic.partitions) for topic in found.topics}


def test_it_has_the_topics_it_was_told() -> None:
    import asyncio

    with stand_alone("--port", "0", "--topic", "t:3", "--topic", "u") as (_, servers):
        assert asyncio.run(topics(servers[0])) == {"t": 3, "u": 1}


def test_a_port_in_use_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert "cannot listen at 127.0.0.1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "65536"],
        ["--brokers", "0"],
        ["--version", "9.9"],
        ["--topic", "t:0"],
        ["--config", "name"],
    ],
)
def test_what_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert words[0] in capsys.readouterr().err
