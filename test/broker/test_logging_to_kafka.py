"""A log handler that sends to Kafka, as the page on usage has it, and what it could wait for."""

from __future__ import annotations

import logging
import logging.config
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Disconnect, Fail
from test.support.blocking_producer import make
from test.support.stage import cluster_of
from test.support.waiting import until

ROOT = Path(__file__).parents[2]
RECIPES = (ROOT / "docs/recipes.rst").read_text(encoding="utf-8")
RECIPE = textwrap.dedent(
    RECIPES.partition("Logging to Kafka\n")[2]
    .partition(".. code-block:: python\n")[2]
    .partition("\nSuch a handler")[0]
)

# Less than any time-out that ends a deadlock here, far more than any of the stories needs.
SOON = 60.0
TIMES = {"max_block_ms": 300_000, "request_timeout_ms": 300_000, "delivery_timeout_ms": 600_000}


class KafkaHandler(logging.Handler):
    """Sends each line and waits for it, so its lock is held as long as Kafka takes."""

    def __init__(self, producer: KafkaProducer, topic: str = "logs") -> None:
        super().__init__()
        self.producer = producer
        self.topic = topic
        self.errors: list[BaseException | None] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.producer.send(self.topic, self.format(record).encode())
        except Exception:  # noqa: BLE001 - what the logging module asks of handlers
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        del record
        self.errors.append(sys.exc_info()[1])

    def flush(self) -> None:
        with self.lock:  # type: ignore[union-attr] # None for handlers without one
            self.producer.flush(300)

    def close(self) -> None:
        with self.lock:  # type: ignore[union-attr] # the same
            self.producer.close(300)
        super().close()


class Lines(logging.Handler):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


Attach = Callable[..., KafkaHandler]


@pytest.fixture
def logs() -> Iterator[EmbeddedCluster]:
    with cluster_of(auto_create=True) as found:
        yield found


@pytest.fixture
def attach() -> Iterator[Attach]:
    """Return a function that puts a handler on the root logger, at DEBUG."""
    root = logging.getLogger()
    level, handlers = root.level, []

    def attach(cluster: EmbeddedCluster, **options: Any) -> KafkaHandler:
        handler = KafkaHandler(make(cluster, **{**TIMES, **options}))
        handlers.append(handler)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        return handler

    yield attach
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)
        handler.producer.close(5)


def lines(cluster: EmbeddedCluster, topic: str = "logs") -> list[str]:
    return [(record.value or b"").decode() for record in cluster.records(topic)]


def ours(cluster: EmbeddedCluster) -> list[str]:
    return [line for line in lines(cluster) if line.startswith("line ")]


def test_the_first_line_to_an_unknown_topic_arrives(logs: EmbeddedCluster, attach: Attach) -> None:
    handler = attach(logs, metadata_max_age_ms=300_000)
    began = time.monotonic()
    logging.getLogger("app").info("line %d", 1)
    handler.flush()
    assert time.monotonic() - began < SOON
    assert ours(logs) == ["line 1"]
    assert handler.errors == []


def test_a_handler_that_waits_for_metadata_does_not_keep_the_loop_from_logging(
    logs: EmbeddedCluster, attach: Attach
) -> None:
    handler = attach(logs)
    logs.inject(MetadataRequest, Disconnect(applied=False), times=2)
    began = time.monotonic()
    logging.getLogger("app").info("line %d", 1)
    handler.flush()
    assert time.monotonic() - began < SOON
    assert ours(logs) == ["line 1"]


def test_a_full_buffer_is_waited_for_and_nothing_is_lost(
    logs: EmbeddedCluster, attach: Attach
) -> None:
    handler = attach(logs, buffer_memory=40_000, batch_size=10_000, retry_backoff_ms=50)
    logging.getLogger("app").info("line first %s", "x" * 1000)
    handler.flush()
    logs.inject(ProduceRequest, Disconnect(applied=False), times=2)
    began = time.monotonic()
    for number in range(100):
        logging.getLogger("app").info("line %d %s", number, "x" * 1000)
    handler.flush()
    assert time.monotonic() - began < SOON
    assert len(set(ours(logs))) == 101
    assert handler.errors == []


def test_flush_and_close_with_the_handlers_lock_held_do_not_wait_for_a_line(
    logs: EmbeddedCluster, attach: Attach
) -> None:
    handler = attach(logs)
    failing: list[object] = []

    def fail(metadata: object) -> None:
        failing.append(metadata)
        raise ValueError("a callback that makes the client log")

    began = time.monotonic()
    handler.producer.send("t", b"value").add_callback(fail)
    handler.flush()
    handler.producer.send("t", b"value").add_callback(fail)
    handler.close()
    assert time.monotonic() - began < SOON
    assert len(failing) == 2


def test_what_a_client_logs_after_its_end_is_no_error_of_the_handler(
    logs: EmbeddedCluster, attach: Attach
) -> None:
    handler = attach(logs)
    last = Lines()
    logging.getLogger().addHandler(last)  # after the other one
    try:
        logging.getLogger("app").info("line %d", 1)
        handler.close()
        until(lambda: any("the client closed the connection" in line for line in last.seen))
    finally:
        logging.getLogger().removeHandler(last)
    assert handler.errors == []
    assert ours(logs) == ["line 1"]
    with pytest.raises(KafkaError, match="closed"):
        handler.producer.send("logs", b"a line of the program")


def test_a_thousand_lines_from_eight_threads_arrive(logs: EmbeddedCluster, attach: Attach) -> None:
    handler = attach(logs)

    def work(name: int) -> None:
        for number in range(125):
            logging.getLogger(f"app.{name}").debug("line %d-%d", name, number)

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.flush()
    assert time.monotonic() - began < SOON
    found = ours(logs)
    assert len(found) == len(set(found)) == 1000
    assert handler.errors == []


def test_dict_config_may_make_a_handler_that_makes_a_producer_and_make_it_again(
    logs: EmbeddedCluster,
) -> None:
    """Regression R35: what configures logging holds its lock, also while it closes handlers."""
    program = """
import logging, logging.config, sys, time
logging.basicConfig(level=logging.DEBUG, filename="/dev/null")
from kafka import KafkaProducer

class Handler(logging.Handler):
    def __init__(self):
        super().__init__()
        self.producer = KafkaProducer(bootstrap_servers=sys.argv[1], bootstrap_timeout_ms=300_000)
        self.producer.send("logs", b"line made").get(300)

    def emit(self, record):
        # The old one stays at the root logger until the new one is made.
        try:
            self.producer.send("logs", self.format(record).encode())
        except Exception:
            self.handleError(record)

    def close(self):
        self.producer.close(300)
        super().close()

for number in range(2):
    began = time.monotonic()
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"kafka": {"()": Handler}},
        "root": {"level": "DEBUG", "handlers": ["kafka"]},
    })
    assert time.monotonic() - began < 60
    logging.info("line %d", number)
"""
    run(program, logs)
    assert ours(logs) == ["line made", "line 0", "line made", "line 1"]


def run(program: str, cluster: EmbeddedCluster) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *cluster.bootstrap_servers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return done.stdout + done.stderr


def test_the_recipe_works_to_the_end_of_the_program(logs: EmbeddedCluster) -> None:
    assert "class KafkaHandler" in RECIPE
    program = RECIPE.replace('"localhost:9092"', "__import__('sys').argv[1]") + (
        "\nimport atexit\n"
        "logging.getLogger().setLevel(logging.DEBUG)\n"
        "atexit.register(lambda: logging.info('line at exit'))\n"
        "for number in range(100):\n"
        "    logging.getLogger('app').debug('line %d', number)\n"
    )
    assert run(program, logs) == ""
    assert lines(logs) == [*(f"line {number}" for number in range(100)), "line at exit"]


def test_what_the_loop_logged_last_is_handled_before_the_program_ends(
    logs: EmbeddedCluster,
) -> None:
    program = """
import logging, sys, time

class Slow(logging.Handler):
    def emit(self, record):
        time.sleep(0.3)
        print(record.getMessage(), flush=True)

logging.getLogger("kafka").addHandler(Slow())
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], delivery_timeout_ms=120_000)
producer.send("logs", b"x").get(300)
def fail(_):
    raise ValueError("wrong")
for _ in range(3):
    producer.send("logs", b"x").add_callback(fail)
"""
    assert run(program, logs).count("a delivery callback raised") == 3


def test_a_line_about_lost_records_may_be_a_record(logs: EmbeddedCluster, attach: Attach) -> None:
    logs.create_topic("other")
    handler = attach(logs)
    logs.inject(ProduceRequest, Fail(MessageSizeTooLargeError), topic="other")
    handler.producer.send("other", b"lost")
    handler.flush()
    until(lambda: any("1 records were not delivered" in line for line in lines(logs)))
