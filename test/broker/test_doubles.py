"""What the real clients refuse, their doubles refuse with the same error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata
from kafka.testing import EmbeddedCluster, MockConsumer, MockProducer

TP = TopicPartition("t", 0)
LIMIT = 1000

SENDS: list[dict[str, object]] = [
    {"value": b"v"},
    {"value": bytearray(b"v"), "key": memoryview(b"k")},
    {"value": None, "key": b"k"},
    {"value": b""},
    {"value": b"v", "headers": []},
    {"value": b"v", "headers": (("h", None), ["i", bytearray(b"x")])},
    {"topic": None, "value": b"v"},
    {"topic": "no topic", "value": b"v"},
    {"topic": "..", "value": b"v"},
    {"value": None},
    {"value": "text"},
    {"value": b"v", "key": 7},
    {"value": b"v", "partition": 9},
    {"value": b"v", "partition": -1},
    {"value": b"v", "partition": True},
    {"value": b"v", "partition": "0"},
    {"value": b"v", "headers": {"h": b"x"}},
    {"value": b"v", "headers": [("h", "text")]},
    {"value": b"v", "headers": [(b"h", b"x")]},
    {"value": b"v", "headers": [("h",)]},
    {"value": b"v", "timestamp_ms": -1},
    {"value": b"v", "timestamp_ms": 1.5},
    {"value": b"v", "timestamp_ms": 2**63},
    {"value": bytes(LIMIT - 82)},
    {"value": bytes(LIMIT - 81)},
    {"value": bytes(LIMIT - 83), "key": b"k"},
    {"value": bytes(LIMIT - 82), "key": b"k"},
    {"value": bytes(LIMIT - 95), "headers": [("h", b"xy")]},
    {"value": bytes(LIMIT - 94), "headers": [("h", b"xy")]},
]

CALLS: list[Callable[[KafkaConsumer], object]] = [
    lambda consumer: consumer.poll(timeout_ms=-1),
    lambda consumer: consumer.poll(max_records=0),
    lambda consumer: consumer.poll(max_records="5"),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.poll_batch(max_records=-1),
    lambda consumer: consumer.consume(0),
    lambda consumer: consumer.assign(["t"]),  # type: ignore[list-item] # wrong on purpose
    lambda consumer: consumer.subscribe(["t"]),
    lambda consumer: consumer.subscribe("t"),
    lambda consumer: consumer.subscribe(),
    lambda consumer: consumer.seek(TP, -1),
    lambda consumer: consumer.seek(TP, "1"),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.seek(TP, OffsetAndMetadata(-5, "", -1)),
    lambda consumer: consumer.seek(TopicPartition("t", 1), 0),
    lambda consumer: consumer.seek("t", 0),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.seek_to_end(TopicPartition("t", 1)),
    lambda consumer: consumer.seek_to_beginning("t"),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.position(TopicPartition("t", 1)),
    lambda consumer: consumer.position(TP, timeout_ms=-1),
    lambda consumer: consumer.highwater(TopicPartition("t", 1)),
    lambda consumer: consumer.pause(TopicPartition("t", 1)),
    lambda consumer: consumer.resume("t"),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.offsets_for_times({TP: -1}),
    lambda consumer: consumer.offsets_for_times([TP]),  # type: ignore[arg-type] # wrong on purpose
    lambda consumer: consumer.beginning_offsets(["t"]),  # type: ignore[list-item] # the same
    lambda consumer: consumer.end_offsets([TP], timeout_ms=-1),
    lambda consumer: consumer.partitions_for_topic("no topic"),
    lambda consumer: consumer.partitions_for_topic(5),  # type: ignore[arg-type] # the same
    lambda consumer: consumer.topics(timeout_ms=-1),
    lambda consumer: consumer.bootstrap(timeout_ms=-1, refresh=True),
    lambda consumer: consumer.commit(),
    lambda consumer: consumer.commit_async(),
    lambda consumer: consumer.committed(TP),
    lambda consumer: consumer.close(timeout_ms=-1),
]


def outcome(call: Callable[[], object]) -> str:
    """Return the class of what *call* raises, ``fine`` for nothing."""
    try:
        call()
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is what the test compares
        return type(exc).__name__
    return "fine"


@pytest.fixture(scope="module")
def producer() -> Iterator[KafkaProducer]:
    with (
        EmbeddedCluster(topics={"t": 1}) as cluster,
        KafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, max_request_size=LIMIT, max_block_ms=200
        ) as made,
    ):
        yield made


# Wrong arguments on purpose: object fits no parameter.
def send(producer: KafkaProducer, given: dict[str, object]) -> None:
    producer.send(**given)  # type: ignore[arg-type]


def send_many(producer: KafkaProducer, given: dict[str, object]) -> None:
    columns = {"value": "values", "key": "keys"}
    producer.send_many(
        **{
            columns.get(name, name): [data] if name in columns else data
            for name, data in given.items()
        }
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [send, send_many])
@pytest.mark.parametrize(
    "arguments", SENDS, ids=[f"record {number}" for number in range(len(SENDS))]
)
def test_a_producer_and_its_double_take_and_refuse_the_same_records(
    producer: KafkaProducer,
    arguments: dict[str, object],
    call: Callable[[KafkaProducer, dict[str, object]], None],
) -> None:
    double = MockProducer(max_request_size=LIMIT)
    given = {"topic": "t", **arguments}
    assert outcome(lambda: call(double, given)) == outcome(lambda: call(producer, given))


@pytest.mark.parametrize("timeout", ["1", float("nan")])
@pytest.mark.parametrize("name", ["flush", "close"])
def test_a_producer_and_its_double_refuse_the_same_time_outs(
    producer: KafkaProducer, name: str, timeout: object
) -> None:
    double = MockProducer()
    found = outcome(lambda: getattr(double, name)(timeout=timeout))
    assert found == outcome(lambda: getattr(producer, name)(timeout=timeout))


@pytest.fixture(scope="module")
def consumer() -> Iterator[KafkaConsumer]:
    with (
        EmbeddedCluster(topics={"t": 2}) as cluster,
        KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as made,
    ):
        made.assign([TP])
        yield made


@pytest.mark.parametrize("call", CALLS)
def test_a_consumer_and_its_double_refuse_the_same_calls(
    consumer: KafkaConsumer, call: Callable[[KafkaConsumer], object]
) -> None:
    double = MockConsumer()
    double.update_partitions("t", 2)
    double.assign([TP])
    found = outcome(lambda: call(double))
    assert found == outcome(lambda: call(consumer))
    assert found != "fine"
