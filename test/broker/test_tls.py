"""Both clients over TLS: records of all sizes, groups, client certificates, event loops."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kafka import KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaProducer
from kafka.errors import NoBrokersAvailable, TlsError
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.security.certificates import CertificateAuthority
from test.broker.consumer_support import consumer, read, values

# Below what is joined, one frame of the protocol, many records of TLS, and more than one fetch.
SIZES = [10, 70_000, 900_000]


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


def over_tls(authority: CertificateAuthority, **options: Any) -> EmbeddedCluster:
    listener = Listener("SSL", authority.server_context(**options))
    return EmbeddedCluster(listeners=[listener], topics={"t": 1})


def trusting(authority: CertificateAuthority, **options: Any) -> dict[str, Any]:
    return {"security_protocol": "SSL", "ssl_cafile": authority.file, **options}


def text_of(path: str) -> str:
    return Path(path).read_text()


async def round_trip(cluster: EmbeddedCluster, options: dict[str, Any], **of_reader: Any) -> None:
    """Send records of all sizes and read them."""
    records = [os.urandom(size) for size in SIZES * 2]
    async with (
        AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, acks="all", **options
        ) as sender,
        consumer(cluster, "t", **options, **of_reader) as reader,
    ):
        for record in records:
            await sender.send("t", record)
        await sender.flush()
        assert values(await read(reader, len(records))) == records


async def test_records_of_all_sizes_go_out_and_come_in(authority: CertificateAuthority) -> None:
    async with over_tls(authority) as cluster:
        await round_trip(cluster, trusting(authority))


async def test_group_works_over_tls(authority: CertificateAuthority) -> None:
    async with over_tls(authority) as cluster:
        await round_trip(cluster, trusting(authority), group_id="g")


@pytest.mark.uvloop
async def test_tls_works_on_uvloop(authority: CertificateAuthority) -> None:
    async with over_tls(authority) as cluster:
        await round_trip(cluster, trusting(authority))


@pytest.mark.uvloop
async def test_silent_handshake_ends_in_time_on_uvloop(authority: CertificateAuthority) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    ended = asyncio.Event()
    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    sender = AsyncKafkaProducer(
        bootstrap_servers=f"127.0.0.1:{port}",
        socket_connection_setup_timeout_ms=100,
        **trusting(authority),
    )
    with pytest.raises(TlsError, match="TLS handshake was not finished in time"):
        await sender.start()
    await ended.wait()
    silent.close()
    await silent.wait_closed()


def test_blocking_clients_speak_tls(authority: CertificateAuthority) -> None:
    records = [os.urandom(size) for size in SIZES * 2]
    with over_tls(authority) as cluster:
        options = {**trusting(authority), "bootstrap_servers": cluster.bootstrap_servers}
        with KafkaProducer(**options) as sender:
            for record in records:
                sender.send("t", record)
        with KafkaConsumer("t", auto_offset_reset="earliest", **options) as reader:
            assert [next(reader).value for _ in records] == records


async def test_certificate_of_a_client_is_shown(authority: CertificateAuthority) -> None:
    client = authority.issue("client")
    async with over_tls(authority, wants_client_certificate=True) as cluster:
        files = {"ssl_certfile": client.certificate, "ssl_keyfile": client.key}
        texts = {name: text_of(path) for name, path in files.items()}
        for options in (
            trusting(authority, **files),
            trusting(authority, **texts),
            {"security_protocol": "SSL", "ssl_context": authority.client_context("client")},
        ):
            async with AsyncKafkaProducer(
                bootstrap_servers=cluster.bootstrap_servers, **options
            ) as sender:
                await (await sender.send("t", b"x"))
        assert len(cluster.records("t")) == 3


async def test_missing_certificate_of_a_client_is_the_first_guess(
    authority: CertificateAuthority,
) -> None:
    async with over_tls(authority, wants_client_certificate=True) as cluster:
        sender = AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, **trusting(authority)
        )
        with pytest.raises(NoBrokersAvailable, match="wants a client certificate"):
            await sender.start()
    # Three times in a second, as for every hang-up.
    assert asyncio.get_running_loop().time() < 1.5
