"""Stories of the blocking producer in forks and at the end of a process."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kafka import KafkaProducer
from kafka._base.at_exit import close_open_clients
from kafka.errors import (
    IllegalStateError,
)
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.control import Control
from kafka.testing.broker.faults import Delay, DropResponse
from test.support.blocking_producer import make, values
from test.support.waiting import A_DAY_MS, until

ROOT = Path(__file__).parents[2]


def in_child(work: object) -> int:
    """Run *work* in a forked child; return its exit status, 99 if it hangs."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()  # type: ignore[operator]
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        select.select([], [], [], 0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 99


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_parent_and_child_both_deliver_after_a_fork(cluster: EmbeddedCluster) -> None:
    """Regression R34."""
    producer = make(cluster, linger_ms=A_DAY_MS, delivery_timeout_ms=2 * A_DAY_MS)
    producer.send("t", b"warm up")
    producer.flush(60)
    pending = producer.send("t", b"buffered by the parent")

    def work() -> None:
        with pytest.raises(IllegalStateError, match="forked"):
            pending.get(60)
        producer.send("t", b"from the child")
        producer.close(60)

    assert in_child(work) == 0
    assert not pending.is_done
    producer.send("t", b"from the parent")
    producer.close(60)
    assert pending.succeeded()
    assert sorted(values(cluster)) == [  # type: ignore[type-var]
        b"buffered by the parent",
        b"from the child",
        b"from the parent",
        b"warm up",
    ]


def producer_ids(cluster: EmbeddedCluster) -> list[int]:
    """Return the ids that have written to partition 0 of "t", one for each batch."""

    def read(control: Control) -> list[int]:
        batches = control.state.topics["t"].partitions[0].log.batches
        return [batch.header.producer_id for batch in batches]

    return cluster.run(read)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_writes_with_a_producer_id_of_its_own(cluster: EmbeddedCluster) -> None:
    producer = make(cluster)
    producer.send("t", b"parent").get(60)

    def work() -> None:
        producer.send("t", b"child").get(60)
        producer.close(60)

    for _ in range(2):
        assert in_child(work) == 0
        producer.send("t", b"parent").get(60)
    producer.close(60)
    assert values(cluster) == [b"parent", b"child"] * 2 + [b"parent"]
    parents, first, same, second, also = producer_ids(cluster)
    assert parents == same == also >= 0
    assert len({parents, first, second}) == 3


CALLS: dict[str, Callable[[KafkaProducer], object]] = {
    "send": lambda producer: producer.send("t", b"child"),
    "flush": lambda producer: producer.flush(),
    "partitions_for": lambda producer: producer.partitions_for("t"),
    "init_transactions": lambda producer: producer.init_transactions(),
    "begin_transaction": lambda producer: producer.begin_transaction(),
    "commit_transaction": lambda producer: producer.commit_transaction(),
    "abort_transaction": lambda producer: producer.abort_transaction(),
}


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_may_not_touch_the_transaction_of_its_parent(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster, transactional_id="tx")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("t", b"parent")

    def refused() -> None:
        for call in CALLS.values():
            with pytest.raises(IllegalStateError, match="'tx' belongs to the process"):
                call(producer)

    def work() -> None:
        refused()
        assert in_child(refused) == 0
        producer.close()

    assert in_child(work) == 0
    producer.commit_transaction()
    producer.close(60)
    assert values(cluster) == [b"parent"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_may_have_the_transactions_that_its_parent_has_not_begun(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster, transactional_id="tx")

    def work() -> None:
        producer.init_transactions()
        with producer.transaction():
            producer.send("t", b"child")
        producer.close(60)

    assert in_child(work) == 0
    assert values(cluster) == [b"child"]
    producer.close(60)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_uses_no_producer_of_its_parent_ends_and_leaves_the_parents_alone(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster, linger_ms=300)
    producer.send("t", b"warm up").get(60)
    pending = producer.send("t", b"buffered by the parent")

    def work() -> None:
        close_open_clients()
        gc.collect()

    assert in_child(work) == 0
    pending.get(60)
    producer.close(60)
    assert values(cluster) == [b"warm up", b"buffered by the parent"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_thread_that_sends_while_another_one_starts_the_child_sends_for_the_child(
    cluster: EmbeddedCluster,
) -> None:
    """The first thread of the child bootstraps; the second must not get what the parent had."""
    producer = make(cluster, linger_ms=300)
    producer.send("t", b"warm up").get(60)
    # A buffered batch of the parent's: the child must not put its record there.
    pending = producer.send("t", b"from the parent")
    cluster.inject(MetadataRequest, Delay(1.0), times=None, optional=True)
    failures: list[BaseException] = []

    def send(value: bytes) -> None:
        try:
            producer.send("t", value).get(60)
        except BaseException as error:  # noqa: BLE001 - the child reports it
            failures.append(error)

    def work() -> None:
        first = threading.Thread(target=send, args=(b"first",))
        first.start()
        until(lambda: bool([t for t in threading.enumerate() if t.name.endswith("-io")]))
        others = [threading.Thread(target=send, args=(b"other",)) for _ in range(5)]
        for thread in others:
            thread.start()
        for thread in [first, *others]:
            thread.join(60)
        producer.close(60)
        assert failures == []

    assert in_child(work) == 0
    pending.get(60)
    producer.close(60)
    assert sorted(values(cluster)) == [  # type: ignore[type-var]
        b"first",
        b"from the parent",
        *[b"other"] * 5,
        b"warm up",
    ]


EXIT = """
import logging, sys
logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stdout)
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=6e5, delivery_timeout_ms=9e5)
for number in range(10):
    producer.send("t", b"%d" % number)
"""


EXIT_OF_TWELVE = """
import logging, sys
logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stdout)
from kafka import KafkaProducer
producers = [
    KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=6e5, delivery_timeout_ms=9e5)
    for _ in range(12)
]
for producer in producers:
    producer.send("t", b"lost")
"""


EXIT_HANDLER = """
import atexit, sys
import {first}
atexit.register(lambda: producer.send("t", b"last words"))
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=6e5, delivery_timeout_ms=9e5)
"""


def run_to_its_end(cluster: EmbeddedCluster, program: str) -> str:
    """Return what *program* prints, which must not wait until its records have lingered."""
    done = subprocess.run(
        [sys.executable, "-c", program, cluster.bootstrap_servers[0]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return done.stdout + done.stderr


def test_a_program_that_ends_without_close_has_delivered(cluster: EmbeddedCluster) -> None:
    output = run_to_its_end(cluster, EXIT)
    assert len(values(cluster)) == 10
    assert output == ""


@pytest.mark.parametrize("first", ["kafka", "kafka.errors", "kafka.aio", "kafka.testing"])
def test_what_a_program_registered_after_the_import_may_still_send_at_its_end(
    cluster: EmbeddedCluster, first: str
) -> None:
    output = run_to_its_end(cluster, EXIT_HANDLER.format(first=first))
    assert values(cluster) == [b"last words"]
    assert output == ""


def test_a_program_that_ends_with_the_broker_silent_ends_in_time_and_says_what_is_lost(
    cluster: EmbeddedCluster,
) -> None:
    cluster.inject(ProduceRequest, DropResponse(applied=False), times=None)
    output = run_to_its_end(cluster, EXIT_OF_TWELVE)
    assert output.count("topic=t: 1 records were not delivered") == 12
