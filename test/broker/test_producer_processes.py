"""Stories of the blocking producer in forks and at the end of a process."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kafka.errors import (
    IllegalStateError,
)
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay, DropResponse
from test.support.blocking_producer import make, values
from test.support.waiting import until

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
    deadline = time.monotonic() + 20
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
    producer = make(cluster, linger_ms=300)
    producer.send("t", b"warm up").get(5)
    pending = producer.send("t", b"buffered by the parent")

    def work() -> None:
        with pytest.raises(IllegalStateError, match="forked"):
            pending.get(1)
        producer.send("t", b"from the child").get(10)
        producer.close(5)

    assert in_child(work) == 0
    pending.get(5)
    producer.send("t", b"from the parent").get(5)
    producer.close(5)
    assert sorted(values(cluster)) == [  # type: ignore[type-var]
        b"buffered by the parent",
        b"from the child",
        b"from the parent",
        b"warm up",
    ]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_thread_that_sends_while_another_one_starts_the_child_sends_for_the_child(
    cluster: EmbeddedCluster,
) -> None:
    """The first thread of the child bootstraps; the second must not get what the parent had."""
    producer = make(cluster, linger_ms=300)
    producer.send("t", b"warm up").get(5)
    # A buffered batch of the parent's: the child must not put its record there.
    pending = producer.send("t", b"from the parent")
    cluster.inject(MetadataRequest, Delay(1.0), times=None, optional=True)
    failures: list[BaseException] = []

    def send(value: bytes) -> None:
        try:
            producer.send("t", value).get(10)
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
            thread.join(15)
        producer.close(5)
        assert failures == []

    assert in_child(work) == 0
    pending.get(5)
    producer.close(5)
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
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60000, delivery_timeout_ms=120000)
for number in range(10):
    producer.send("t", b"%d" % number)
"""


EXIT_OF_TWELVE = """
import logging, sys
logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stdout)
from kafka import KafkaProducer
producers = [
    KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60000, delivery_timeout_ms=120000)
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
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60000, delivery_timeout_ms=120000)
"""


def run_to_its_end(cluster: EmbeddedCluster, program: str) -> str:
    """Return what *program* prints; half a minute is less than it may linger or twelve may wait."""
    done = subprocess.run(
        [sys.executable, "-c", program, cluster.bootstrap_servers[0]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
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
