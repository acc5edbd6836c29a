"""``python -m kafka.testing``: a cluster in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.__main__ import loop_factory, main, on_signals
from test.support.embedded import batch, produce
from test.support.raw_client import RawClient
from test.support.sasl import log_in


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
            socket.create_connection((host, int(port)), 60.0).close()
        os.kill(process.pid, number)
        assert process.wait(60.0) == 0


def test_a_loop_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert main(["--port", "0", "--loop", "uvloop"]) == 1
    assert "pip install kafka-python[uvloop]" in capsys.readouterr().err


def test_asyncio_has_no_factory_of_ours() -> None:
    assert loop_factory("asyncio") is None


@pytest.mark.parametrize("name", ["auto", "uvloop"])
def test_uvloop_is_taken_where_it_is_installed(name: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    factory = loop_factory(name)
    assert factory is not None
    loop = factory()
    loop.close()
    assert isinstance(loop, uvloop.Loop)
    with stand_alone("--port", "0", "--topic", "t:3", "--loop", name) as (_, servers):
        assert asyncio.run(topics(servers[0])) == {"t": 3}


async def topics(server: str) -> dict[str, int]:
    client = await RawClient.connect(server)
    found = await client.send(MetadataRequest(topics=None), 9)
    client.close()
    return {str(topic.name): len(topic.partitions) for topic in found.topics}


def test_it_has_the_topics_it_was_told() -> None:
    with stand_alone("--port", "0", "--topic", "t:3", "--topic", "u") as (_, servers):
        assert asyncio.run(topics(servers[0])) == {"t": 3, "u": 1}


def test_a_port_in_use_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("kafka-testing: error: cannot listen at 127.0.0.1, port ")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "65536"],
        ["--brokers", "0"],
        ["--version", "9.9"],
        ["--topic", "t:0"],
        ["--config", "name"],
        ["--topic", "t:1:2:3"],
        ["--host", "10.0.0.1:9092"],
        ["--host", ""],
        ["--advertised-host", "a b"],
        ["--user", "alice"],
        ["--sasl", "KERBEROS"],
        ["--acl", "User:alice"],
    ],
)
def test_what_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    told = capsys.readouterr().err
    assert words[0] in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--topic", "a b"], "Topic name is invalid"),
        (["--topic", "t", "--topic", "t"], "Topic 't' already exists."),
        (["--topic", "t:1:2"], "only 1 broker(s) are registered"),
        (["--port", "65534", "--brokers", "3"], "need port 65536; the last is 65535"),
        (["--config", "num.partitions=abc"], "Invalid value abc for configuration num.partitions"),
        (["--config", "num.partition=1"], "did you mean num.partitions"),
        (["--rack", "a", "--brokers", "2"], "2 brokers need as many --rack, not 1"),
        (["--sasl", "PLAIN"], "--sasl needs a --user"),
        (["--tls-key", "x"], "TLS takes --tls alone"),
        (["--tls-certificate", "/none", "--tls-key", "/none"], "cannot load /none and /none: No"),
        (["--tls-client-ca", "x"], "--tls-client-ca needs TLS"),
        (["--acl", "alice,READ,topic:t"], "a principal is like User:alice, not 'alice'"),
    ],
)
def test_a_cluster_that_cannot_be_says_why_in_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    free = [] if "--port" in words else ["--port", "0"]
    assert main([*free, *words]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("kafka-testing: error: ")
    assert found.err.count("\n") == 1
    assert told in found.err


def test_every_address_is_bound_and_a_reachable_one_told() -> None:
    with stand_alone("--port", "0", "--host", "0.0.0.0") as (_, servers):
        host, _, port = servers[0].rpartition(":")
        assert host != "0.0.0.0"
        socket.create_connection((host, int(port)), 60.0).close()
        socket.create_connection(("127.0.0.1", int(port)), 60.0).close()


async def brokers(server: str) -> list[tuple[str, str | None]]:
    client = await RawClient.connect(server)
    found = await client.send(MetadataRequest(topics=None), 9)
    client.close()
    return [(broker.host, broker.rack) for broker in found.brokers]


def test_another_address_may_be_advertised_and_brokers_have_racks() -> None:
    options = ["--advertised-host", "kafka", "--brokers", "2", "--rack", "a", "--rack", "b"]
    with stand_alone("--port", "0", *options) as (_, servers):
        host, _, port = servers[0].rpartition(":")
        assert host == "kafka"
        found = asyncio.run(brokers(f"127.0.0.1:{port}"))
        assert found == [("kafka", "a"), ("kafka", "b")]


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_address_of_ipv6_is_told_in_brackets(host: str) -> None:
    with contextlib.suppress(OSError):
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
        with stand_alone("--port", "0", "--host", host) as (_, servers):
            address, _, port = servers[0].rpartition(":")
            assert address == "[::1]"
            socket.create_connection(("::1", int(port)), 60.0).close()
        return
    pytest.skip("this machine has no IPv6")


def test_users_log_in_and_acls_are_checked() -> None:
    async def codes(server: str) -> list[int]:
        client = await RawClient.connect(server)
        assert (await log_in(client, "alice", "secret")).error_code == 0
        found = [
            (await produce(client, topic, batch(b"v"))).error_code for topic in ("orders", "other")
        ]
        client.close()
        return found

    options = ["--user", "alice:secret", "--acl", "User:alice,WRITE,topic:orders"]
    topics = ["--topic", "orders", "--topic", "other"]
    with stand_alone("--port", "0", *options, *topics) as (_, servers):
        assert asyncio.run(codes(servers[0])) == [0, 29]


def test_a_certificate_of_its_own_is_served() -> None:
    pytest.importorskip("cryptography")
    command = [sys.executable, "-m", "kafka.testing", "--port", "0", "--tls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            authority = process.stdout.readline().strip().removeprefix("ssl_cafile=")
            server = process.stdout.readline().strip().removeprefix("bootstrap_servers=")
            host, _, port = server.rpartition(":")
            context = ssl.create_default_context(cafile=authority)
            with (
                socket.create_connection((host, int(port)), 60.0) as plain,
                context.wrap_socket(plain, server_hostname="localhost"),
            ):
                pass
        finally:
            process.kill()


def test_signals_stop_a_loop_without_signal_handlers() -> None:
    class LikeWindows(asyncio.SelectorEventLoop):
        def add_signal_handler(self, sig: int, callback: object, *args: object) -> None:
            raise NotImplementedError

    async def story() -> None:
        stopping = asyncio.Event()
        on_signals(asyncio.get_running_loop(), stopping.set)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stopping.wait(), 60.0)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with asyncio.Runner(loop_factory=LikeWindows) as runner:
            runner.run(story())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
