"""What a person sees of a client: its status line, its warnings, where its errors come from."""

from __future__ import annotations

import gc
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaAdminClient, AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import KafkaConfigurationError, NoBrokersAvailable
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka.testing import EmbeddedCluster


# Port 1 is for TCPMUX, which no machine runs any more.
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"orders": 1}) as running:
        yield running


def frames_of_ours(error: BaseException) -> list[str]:
    """Return the functions of the package in the traceback of *error*."""
    return [
        frame.name
        for frame in traceback.extract_tb(error.__traceback__)
        if "/kafka/" in frame.filename.replace("\\", "/")
    ]


def test_a_producer_says_what_waits_and_its_futures_where_records_are(
    cluster: EmbeddedCluster,
) -> None:
    servers = cluster.bootstrap_servers
    with KafkaProducer(bootstrap_servers=servers, client_id="web-1", linger_ms=60_000) as producer:
        first = producer.send("orders", b"one")
        futures = [first, producer.send("orders", b"two")]
        waiting = repr(producer)
        producer.flush()
        texts = [repr(future) for future in futures]
        done = repr(producer)
    assert waiting == "<KafkaProducer 'web-1' open, 1 broker, 2 records waiting>"
    assert done == "<KafkaProducer 'web-1' open, 1 broker, 0 records waiting>"
    assert texts == [f"<FutureRecordMetadata orders-0 offset={n}>" for n in (0, 1)]
    assert repr(producer) == "<KafkaProducer 'web-1' closed>"


def test_a_consumer_says_how_its_group_stands_and_how_much_is_left(
    cluster: EmbeddedCluster,
) -> None:
    cluster.create_topic("payments", 1)
    cluster.append("payments", *[b"v"] * 5)
    consumer = KafkaConsumer(
        "payments",
        bootstrap_servers=cluster.bootstrap_servers,
        client_id="billing",
        group_id="accounts",
        auto_offset_reset="earliest",
    )
    with consumer:
        records = consumer.poll(timeout_ms=30_000, max_records=2)
        assert sum(map(len, records.values())) == 2
        text = repr(consumer)
    assert text == (
        "<KafkaConsumer 'billing' open, group=accounts STABLE gen 1, 1 partition, lag 3>"
    )
    assert repr(consumer) == "<KafkaConsumer 'billing' closed>"


async def test_the_clients_for_async_code_say_the_same(cluster: EmbeddedCluster) -> None:
    producer = AsyncKafkaProducer(bootstrap_servers="localhost", client_id="web")
    consumer = AsyncKafkaConsumer(bootstrap_servers="localhost", client_id="web")
    assert repr(producer) == "<AsyncKafkaProducer 'web' new>"
    assert repr(consumer) == "<AsyncKafkaConsumer 'web' new>"


def test_the_warning_about_an_unclosed_client_says_what_to_do(cluster: EmbeddedCluster) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, client_id="forgotten")
        gc.collect()
    (text,) = [str(warning.message) for warning in caught]
    status, _, advice = text.partition(" was not closed: ")
    assert status == "<KafkaProducer 'forgotten' open, 1 broker, 0 records waiting>"
    assert advice == "use 'with', or call its close()"


# Any: a client, made with options of every type.
@pytest.mark.parametrize("make", [KafkaConsumer, KafkaProducer, KafkaAdminClient])
def test_an_error_of_a_constructor_shows_the_call(make: Callable[..., Any]) -> None:
    with pytest.raises(NoBrokersAvailable) as nobody:
        make(bootstrap_servers=NOBODY, bootstrap_timeout_ms=1)
    with pytest.raises(KafkaConfigurationError) as misspelt:
        make(bootstrap_server="localhost")
    assert frames_of_ours(nobody.value)[0] == "__init__"
    assert len(frames_of_ours(nobody.value)) <= 2
    assert frames_of_ours(misspelt.value) == ["__init__"]


@pytest.mark.parametrize("make", [AsyncKafkaConsumer, AsyncKafkaProducer, AsyncKafkaAdminClient])
@pytest.mark.virtual_time
async def test_an_error_of_a_start_shows_the_call(make: Callable[..., Any]) -> None:
    client = make(bootstrap_servers=NOBODY, bootstrap_timeout_ms=1)
    with pytest.raises(NoBrokersAvailable) as nobody:
        await client.start()
    assert frames_of_ours(nobody.value) == ["start"]
