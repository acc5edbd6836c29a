"""The doubles stand in for the real clients: same calls, same types, none of the real code."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from mypy import api

from kafka import KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.testing import AsyncMockConsumer, AsyncMockProducer, MockConsumer, MockProducer

PAIRS: list[tuple[type, type]] = [
    (MockConsumer, KafkaConsumer),
    (AsyncMockConsumer, AsyncKafkaConsumer),
    (MockProducer, KafkaProducer),
    (AsyncMockProducer, AsyncKafkaProducer),
]
# They use nothing but public methods, which are replaced.
INHERITED = {
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__iter__",
    "__aiter__",
    "max_usable_produce_magic",
    "transaction",
}
# They look for what only a real client has, and refuse what no client can do.
HARMLESS = {"__del__", "__reduce__"}


def methods(real: type) -> set[str]:
    """Return the names of the methods that *real* and its bases in this package define."""
    inside = [base for base in real.__mro__ if base.__module__.startswith("kafka.")]
    return {
        name
        for base in inside
        for name, found in vars(base).items()
        if callable(getattr(base, name)) and (not name.startswith("_") or name.endswith("__"))
        if inspect.isfunction(found) or isinstance(found, classmethod)
    } - {"__init__"}


CALLS = [(double, real, name) for double, real in PAIRS for name in sorted(methods(real))]


def shape(function: object) -> tuple[bool, list[tuple[str, object, object]]]:
    """Return whether to await a call, and the parameters: name, kind and default."""
    assert callable(function)
    found = inspect.signature(function).parameters.values()
    return (
        inspect.iscoroutinefunction(function),
        [(item.name, item.kind, item.default) for item in found if item.name != "self"],
    )


@pytest.mark.parametrize(("double", "real", "name"), CALLS)
def test_a_call_of_a_double_is_that_of_the_real_client(double: type, real: type, name: str) -> None:
    assert shape(getattr(double, name)) == shape(getattr(real, name))


@pytest.mark.parametrize(("double", "real", "name"), CALLS)
def test_no_call_of_a_double_reaches_the_real_client(double: type, real: type, name: str) -> None:
    assert name in {*vars(double), *INHERITED, *HARMLESS}


@pytest.mark.parametrize(("double", "real"), PAIRS)
def test_a_double_is_an_instance_of_the_real_class(double: type, real: type) -> None:
    assert isinstance(double(), real)


@pytest.mark.parametrize(
    ("blocking", "other"), [(MockConsumer, AsyncMockConsumer), (MockProducer, AsyncMockProducer)]
)
def test_a_test_controls_both_doubles_of_a_client_in_the_same_way(
    blocking: type, other: type
) -> None:
    own = {name for name in vars(blocking) if not name.startswith("_")}
    assert own <= {name for name in dir(other) if not name.startswith("_")}


SNIPPET = """
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.structs import ConsumerRecord
from kafka.testing import AsyncMockConsumer, AsyncMockProducer, MockConsumer, MockProducer


def handle(consumer: KafkaConsumer, producer: KafkaProducer) -> int:
    for record in consumer:
        producer.send("out", record.value, key=record.key).get()
    consumer.commit()
    return producer.send("out", b"last").get(timeout=1).offset


async def handle_async(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer) -> int:
    async with consumer, producer:
        async for record in consumer:
            await (await producer.send("out", record.value))
        return (await (await producer.send("out", b"last"))).offset


def test() -> None:
    consumer = MockConsumer("in", group_id="g")
    consumer.rebalance([TopicPartition("in", 0)])
    added: ConsumerRecord = consumer.add_record("in", 0, value=b"v", key=b"k")
    consumer.add_record(added._replace(offset=7))
    producer = MockProducer(auto_complete=False, partitions={"out": 2})
    handle(consumer, producer)
    found: list[ConsumerRecord] = consumer.poll(timeout_ms=10)[TopicPartition("in", 0)]
    assert producer.history()[0].value == found


async def test_async() -> None:
    consumer = AsyncMockConsumer("in")
    consumer.add_record("in", value=b"v")
    producer = AsyncMockProducer()
    await handle_async(consumer, producer)
    await consumer.rebalance([])
    found: list[ConsumerRecord] = (await consumer.poll())[TopicPartition("in", 0)]
    assert producer.complete_next() and producer.history()[0].value == found
"""
WRONG = """
from kafka import KafkaProducer
from kafka.testing import MockConsumer, MockProducer

def handle(producer: KafkaProducer) -> None: ...

handle(MockConsumer())
MockProducer().send(topic=5)
MockConsumer().poll(timeout="1")
"""


def errors_of(snippet: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines of *snippet* that mypy finds fault with, in strict mode."""
    file = folder / "snippet.py"
    file.write_text(snippet)
    # With the options of this project, what mypy knows of it already is used.
    monkeypatch.chdir(Path(__file__).parents[3])
    found, trouble, _ = api.run(["--config-file=pyproject.toml", "--no-error-summary", str(file)])
    assert trouble == ""
    return [line for line in found.splitlines() if ": error:" in line]


def test_mypy_takes_doubles_where_the_real_clients_are_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert errors_of(SNIPPET, tmp_path, monkeypatch) == []


def test_mypy_still_checks_what_doubles_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = errors_of(WRONG, tmp_path, monkeypatch)
    assert [line.rpartition("[")[2] for line in found] == ["arg-type]", "arg-type]", "call-arg]"]
