"""Clients that authenticate by SASL, and go on doing so (KIP-368), against the embedded cluster."""

from __future__ import annotations

import asyncio
import logging

import pytest

from kafka import KafkaAdminClient
from kafka.aio import AsyncKafkaAdminClient
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.consumer.group import KafkaConsumer
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.sasl_authenticate import SaslAuthenticateRequest
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest
from kafka.testing import Delay
from test.support.sasl import unsecured_jwt
from test.support.sasl_clients import (
    MECHANISMS,
    NAME,
    PASSWORD,
    PASSWORDS,
    Tokens,
    options,
    producing,
    secured,
)

SESSION_MS = 3000


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8", "4.4"])
async def test_records_go_out_and_in(version: str, mechanism: str) -> None:
    async with secured(version) as cluster, producing(cluster, mechanism) as producer:
        await (await producer.send("t", b"x"))
        reading = options(cluster, mechanism, auto_offset_reset="earliest")
        async with AsyncKafkaConsumer("t", group_id="g", **reading) as consumer:
            record = await anext(aiter(consumer))
            assert record.value == b"x"


@pytest.mark.parametrize("mechanism", [*PASSWORDS, "OAUTHBEARER"])
def test_records_of_blocking_clients_go_out_and_in(mechanism: str) -> None:
    class Async:
        async def token(self) -> str:
            await asyncio.sleep(0)
            return unsecured_jwt("alice", 4e9)

    more = {"sasl_oauth_token_provider": Async()} if mechanism == "OAUTHBEARER" else {}
    with secured() as cluster:
        with KafkaProducer(**options(cluster, mechanism, **more)) as producer:
            producer.send("t", b"x").get(60)
        reading = options(cluster, mechanism, auto_offset_reset="earliest", **more)
        with KafkaConsumer("t", **reading) as consumer:
            assert next(consumer).value == b"x"


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8", "4.4"])
async def test_admin_clients_get_in(version: str, mechanism: str) -> None:
    async with (
        secured(version) as cluster,
        AsyncKafkaAdminClient(**options(cluster, mechanism)) as admin,
    ):
        await admin.create_topics({"made": {"num_partitions": 1, "replication_factor": 1}})
        assert sorted(await admin.list_topics()) == ["made", "t"]


@pytest.mark.parametrize("mechanism", PASSWORDS)
def test_blocking_admin_clients_get_in(mechanism: str) -> None:
    with secured() as cluster, KafkaAdminClient(**options(cluster, mechanism)) as admin:
        admin.create_topics(["made"])
        assert sorted(admin.list_topics()) == ["made", "t"]


@pytest.mark.parametrize("mechanism", PASSWORDS)
def test_a_wrong_password_is_what_the_admin_client_tells(mechanism: str) -> None:
    with secured() as cluster:
        wrong = options(cluster, mechanism, sasl_plain_password="x")
        with pytest.raises(SaslAuthenticationFailedError, match=mechanism):
            KafkaAdminClient(**wrong)


@pytest.mark.virtual_time
@pytest.mark.parametrize("mechanism", PASSWORDS)
async def test_a_password_that_is_right_no_longer_ends_admin_calls_at_once(mechanism: str) -> None:
    async with (
        secured() as cluster,
        AsyncKafkaAdminClient(**options(cluster, mechanism)) as admin,
    ):
        await admin.create_topics(["made"])
        cluster.add_user(NAME, "another")
        cluster.disconnect(0)
        start = asyncio.get_running_loop().time()
        for _ in range(2):
            with pytest.raises(SaslAuthenticationFailedError, match=mechanism):
                await admin.create_topics(["more"])
        assert asyncio.get_running_loop().time() - start < 5


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", PASSWORDS)
@pytest.mark.parametrize("wrong", [{"sasl_plain_username": "x"}, {"sasl_plain_password": "x"}])
async def test_wrong_credential_is_told_at_once(mechanism: str, wrong: dict[str, object]) -> None:
    async with secured() as cluster:
        producer = AsyncKafkaProducer(**options(cluster, mechanism, **wrong))
        with pytest.raises(SaslAuthenticationFailedError, match=mechanism) as caught:
            await producer.start()
        assert asyncio.get_running_loop().time() < 5
        assert cluster.bootstrap_servers[0] in str(caught.value)
        assert PASSWORD not in str(caught.value)


async def test_refused_token_is_told_with_its_status() -> None:
    async with secured() as cluster:
        more = {"sasl_oauth_token_provider": Tokens(-10)}
        producer = AsyncKafkaProducer(**options(cluster, "OAUTHBEARER", **more))
        with pytest.raises(SaslAuthenticationFailedError, match="status='invalid_token'"):
            await producer.start()


async def test_password_is_not_sent_for_a_mechanism_that_is_not_offered() -> None:
    async with secured(mechanisms=("PLAIN",)) as cluster:
        producer = AsyncKafkaProducer(**options(cluster, "SCRAM-SHA-256"))
        with pytest.raises(UnsupportedSaslMechanismError, match="offers PLAIN"):
            await producer.start()
        assert cluster.count(SaslAuthenticateRequest) == 0


async def test_plain_over_a_readable_connection_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "kafka.conn")
    async with (
        secured(connections_max_reauth_ms=SESSION_MS) as cluster,
        producing(cluster, "PLAIN") as producer,
    ):
        await (await producer.send("t", b"x"))
        await asyncio.sleep(20)
    assert len([text for text in caplog.messages if "readable" in text]) == 1


# -- sessions -----------------------------------------------------------------------------------


async def produce_for(seconds: float, producer: AsyncKafkaProducer) -> int:
    """Send some records each second; return how many."""
    loop = asyncio.get_running_loop()
    end, count = loop.time() + seconds, 0
    while loop.time() < end:
        await (await producer.send("t", b"%d" % count))
        count += 1
        await asyncio.sleep(0.23)
    return count


async def consume_for(seconds: float, consumer: AsyncKafkaConsumer) -> int:
    """Read for so long; return how many records."""
    loop = asyncio.get_running_loop()
    end, count = loop.time() + seconds, 0
    while loop.time() < end:
        polled = await consumer.poll(1000)
        count += sum(map(len, polled.values()))
    return count


@pytest.mark.virtual_time
@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_load_goes_on_over_the_first_connections_while_sessions_end(mechanism: str) -> None:
    async with secured(connections_max_reauth_ms=SESSION_MS) as cluster:
        reading = options(cluster, mechanism, auto_offset_reset="earliest", group_id="g")
        async with (
            producing(cluster, mechanism) as producer,
            AsyncKafkaConsumer("t", **reading) as consumer,
        ):
            await asyncio.gather(produce_for(2, producer), consume_for(2, consumer))
            connections = cluster.control.accepted(0)
            sent, _ = await asyncio.gather(produce_for(60, producer), consume_for(61, consumer))
            assert cluster.control.accepted(0) == connections
            assert len(cluster.records("t")) >= sent > 200
            # Each of the connections that last has authenticated again, many times.
            assert cluster.count(SaslHandshakeRequest) > 3 * 60 / 3


@pytest.mark.virtual_time
async def test_token_service_that_fails_every_other_time_stops_nothing() -> None:
    tokens = Tokens(30, lambda call: call % 2 == 0)
    async with secured() as cluster:
        more = {"sasl_oauth_token_provider": tokens}
        async with producing(cluster, "OAUTHBEARER", **more) as producer:
            await produce_for(2, producer)
            connections = cluster.control.accepted(0)
            await produce_for(300, producer)
            assert cluster.control.accepted(0) == connections
    assert tokens.calls > 20


@pytest.mark.virtual_time
async def test_token_service_that_is_down_for_a_minute_is_not_noticed_in_two_idle_hours() -> None:
    loop = asyncio.get_running_loop()
    tokens = Tokens(300, lambda call: 3600 < loop.time() < 3655)
    async with secured() as cluster:
        more = {"sasl_oauth_token_provider": tokens, "connections_max_idle_ms": 10_000_000}
        async with producing(cluster, "OAUTHBEARER", **more) as producer:
            await (await producer.send("t", b"x"))
            connections = cluster.control.accepted(0)
            await asyncio.sleep(7200)
            await (await producer.send("t", b"x"))
            assert cluster.control.accepted(0) == connections


@pytest.mark.virtual_time
@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_idle_client_works_after_ten_sessions(mechanism: str) -> None:
    async with (
        secured(connections_max_reauth_ms=SESSION_MS) as cluster,
        producing(cluster, mechanism) as producer,
    ):
        await (await producer.send("t", b"x"))
        connections = cluster.control.accepted(0)
        await asyncio.sleep(10 * SESSION_MS / 1000)
        await (await producer.send("t", b"x"))
        assert cluster.control.accepted(0) == connections


@pytest.mark.virtual_time
async def test_connection_that_only_renews_its_session_is_idle() -> None:
    async with (
        secured(connections_max_reauth_ms=SESSION_MS) as cluster,
        producing(cluster, "PLAIN", connections_max_idle_ms=60_000) as producer,
    ):
        await (await producer.send("t", b"x"))
        await asyncio.sleep(100)
        handshakes = cluster.count(SaslHandshakeRequest)
        await asyncio.sleep(100)
        assert cluster.count(SaslHandshakeRequest) == handshakes
        await (await producer.send("t", b"x"))


@pytest.mark.virtual_time
async def test_sessions_of_a_second_are_renewed() -> None:
    async with (
        secured(connections_max_reauth_ms=1000) as cluster,
        producing(cluster, "PLAIN") as producer,
    ):
        await produce_for(1, producer)
        connections = cluster.control.accepted(0)
        await produce_for(20, producer)
        assert cluster.control.accepted(0) == connections


@pytest.mark.virtual_time
async def test_session_that_lasts_for_ever_is_not_renewed() -> None:
    async with secured() as cluster, producing(cluster, "PLAIN") as producer:
        await produce_for(60, producer)
        # The bootstrap, and the broker.
        assert cluster.count(SaslHandshakeRequest) == 2


@pytest.mark.virtual_time
async def test_fetch_that_would_wait_past_the_end_of_the_session_is_shortened() -> None:
    async with secured(connections_max_reauth_ms=SESSION_MS) as cluster:
        reading = options(cluster, "PLAIN", fetch_max_wait_ms=10_000, auto_offset_reset="earliest")
        async with AsyncKafkaConsumer("t", **reading) as consumer:
            await consume_for(2, consumer)
            connections = cluster.control.accepted(0)
            await consume_for(30, consumer)
            assert cluster.control.accepted(0) == connections
            waits = [request.request.max_wait_ms for request in cluster.requests(FetchRequest)]
            assert max(waits) < SESSION_MS
            # Not many short ones instead of a long one.
            assert len(waits) < 60


@pytest.mark.virtual_time
async def test_request_in_flight_is_answered_first_and_new_ones_wait() -> None:
    async with (
        secured(connections_max_reauth_ms=SESSION_MS) as cluster,
        producing(cluster, "PLAIN") as producer,
    ):
        await (await producer.send("t", b"x"))
        connections = cluster.control.accepted(0)
        await asyncio.sleep(2)
        # Past the end of the session, which is no matter: a broker looks when a request comes.
        cluster.inject(ProduceRequest, Delay(5))
        slow = await producer.send("t", b"slow")
        await asyncio.sleep(2)
        waiting = await producer.send("t", b"waiting")
        await asyncio.gather(slow, waiting)
        assert cluster.control.accepted(0) == connections
        names = [request.api.NAME for request in cluster.requests()]
        assert names[-4:] == ["Produce", "SaslHandshake", "SaslAuthenticate", "Produce"]


@pytest.mark.virtual_time
async def test_join_that_takes_longer_than_a_session_delays_its_renewal() -> None:
    async with secured(connections_max_reauth_ms=SESSION_MS) as cluster:
        cluster.inject(JoinGroupRequest, Delay(20))
        reading = options(cluster, "PLAIN", group_id="g", auto_offset_reset="earliest")
        async with (
            producing(cluster, "PLAIN") as producer,
            AsyncKafkaConsumer("t", **reading) as consumer,
        ):
            await (await producer.send("t", b"x"))
            assert (await anext(aiter(consumer))).value == b"x"
            assert cluster.count(JoinGroupRequest) <= 3


@pytest.mark.virtual_time
async def test_session_that_cannot_be_renewed_ends_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    passwords = [PASSWORD] * 2
    async with secured(connections_max_reauth_ms=SESSION_MS) as cluster:
        more = {
            "sasl_plain_password": lambda: passwords.pop() if passwords else "changed",
            "delivery_timeout_ms": 60_000,
        }
        async with producing(cluster, "PLAIN", **more) as producer:
            await (await producer.send("t", b"x"))
            await asyncio.sleep(3)
            assert any("Invalid username or password" in text for text in caplog.messages)
            with pytest.raises(KafkaError, match="Invalid username"):
                await (await producer.send("t", b"x"))


@pytest.mark.virtual_time
async def test_token_that_cannot_be_had_any_more_ends_the_session_with_the_providers_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokens = Tokens(30, lambda call: call > 1)
    async with secured() as cluster:
        more = {"sasl_oauth_token_provider": tokens, "delivery_timeout_ms": 60_000}
        async with producing(cluster, "OAUTHBEARER", **more) as producer:
            await produce_for(25, producer)
            await asyncio.sleep(60)
            assert any("the token service is down" in text for text in caplog.messages)
            with pytest.raises(KafkaTimeoutError, match="the token service is down"):
                await (await producer.send("t", b"x"))
