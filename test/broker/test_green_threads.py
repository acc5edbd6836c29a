"""Blocking clients in programs that gevent or eventlet has patched, each in its own process."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay
from test.support.blocking_producer import values

ROOT = Path(__file__).parents[2]

GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
spawn, sleep = gevent.spawn, gevent.sleep
def join(greenlets):
    gevent.joinall(greenlets, raise_error=True)
"""
EVENTLET = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
spawn, sleep = eventlet.spawn, eventlet.sleep
def join(greenlets):
    for greenlet in greenlets:
        greenlet.wait()
"""
BEGIN = """
import sys, time
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
servers = sys.argv[1:]
ticks = 0
def tick():
    global ticks
    while True:
        ticks += 1
        sleep(0.005)
spawn(tick)
# They could be a hundred, but the machine may have more to do. Without turns it would be none.
SOME = 5
def ticks_during(work):
    before = ticks
    result = work()
    return ticks - before, result
"""
LIBRARIES = {"gevent": GEVENT, "eventlet": EVENTLET}


@pytest.fixture(params=LIBRARIES)
def patch(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return LIBRARIES[name]


def run(cluster: EmbeddedCluster, *parts: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(parts), *cluster.bootstrap_servers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


SENDERS = """
with (
    KafkaProducer(bootstrap_servers=servers) as one,
    KafkaProducer(bootstrap_servers=servers, linger_ms=5, buffer_memory=60_000) as two,
):
    def work(name):
        for number in range(200):
            producer = one if number % 2 else two
            future = producer.send("t", b"%d-%d" % (name, number))
            if number % 20 == 0:
                assert future.get(60).topic == "t"
    join([spawn(work, name) for name in range(20)])
    one.flush()
    two.flush()
    assert one.partitions_for("t") == two.partitions_for("t") == {0}
"""


def test_twenty_greenlets_send_with_two_producers(cluster: EmbeddedCluster, patch: str) -> None:
    run(cluster, patch, BEGIN, SENDERS)
    found = values(cluster)
    assert len(found) == len(set(found)) == 4000


def test_a_program_may_import_the_package_before_it_patches(
    cluster: EmbeddedCluster, patch: str
) -> None:
    run(cluster, "import kafka.consumer.group, kafka.producer.kafka", patch, BEGIN, SENDERS)
    assert len(values(cluster)) == 4000


def test_a_poll_does_not_stop_other_greenlets(cluster: EmbeddedCluster, patch: str) -> None:
    cluster.append("t", b"one", b"two")
    program = """
with KafkaConsumer("t", bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
    found = []
    while len(found) < 2:
        found += [record.value for records in consumer.poll(60_000).values() for record in records]
    assert found == [b"one", b"two"]
    began = time.monotonic()
    during, records = ticks_during(lambda: consumer.poll(500))
    assert records == {} and time.monotonic() - began > 0.4
    assert during > SOME, during
    assert consumer.end_offsets([TopicPartition("t", 0)]) == {TopicPartition("t", 0): 2}
"""
    run(cluster, patch, BEGIN, program)


def test_every_wait_lets_other_greenlets_run(cluster: EmbeddedCluster, patch: str) -> None:
    cluster.inject(ProduceRequest, Delay(0.3), times=None)
    program = """
producer = KafkaProducer(bootstrap_servers=servers, buffer_memory=40_000, batch_size=10_000)
during, _ = ticks_during(producer.send("t", b"value").get)
assert during > SOME, ("get", during)
def fill():
    for _ in range(60):
        producer.send("t", bytes(1000))
during, _ = ticks_during(fill)
assert during > SOME, ("full buffer", during)
during, _ = ticks_during(producer.flush)
assert during > SOME, ("flush", during)
producer.send("t", b"last")
during, _ = ticks_during(producer.close)
assert during > SOME, ("close", during)
"""
    run(cluster, patch, BEGIN, program)


def test_callbacks_run_in_a_greenlet_of_the_program(cluster: EmbeddedCluster, patch: str) -> None:
    program = """
import threading
ended = threading.Event()  # patched, so it belongs to the program's greenlets
with KafkaProducer(bootstrap_servers=servers) as producer:
    producer.send("t", b"value").add_callback(lambda _: (sleep(0.01), ended.set()))
    assert ended.wait(60)
"""
    run(cluster, patch, BEGIN, program)


def test_wakeup_of_another_greenlet_ends_a_poll(cluster: EmbeddedCluster, patch: str) -> None:
    program = """
from kafka.errors import WakeupError
with KafkaConsumer("t", bootstrap_servers=servers) as consumer:
    def wake():
        sleep(0.2)
        consumer.wakeup()
    spawn(wake)
    try:
        consumer.poll(600_000)
    except WakeupError:
        print("woken")
"""
    assert run(cluster, patch, BEGIN, program) == "woken\n"


def test_names_are_looked_up_and_failures_named(cluster: EmbeddedCluster, patch: str) -> None:
    program = """
from kafka.errors import NoBrokersAvailable
port = servers[0].rpartition(":")[2]
with KafkaProducer(bootstrap_servers=f"localhost:{port}") as producer:
    producer.send("t", b"value").get(60)
try:
    KafkaProducer(bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=500)
except NoBrokersAvailable as error:
    assert "127.0.0.1:1" in str(error)
    print("refused")
"""
    assert run(cluster, patch, BEGIN, program) == "refused\n"


def test_a_log_handler_that_sends_does_not_stop_the_program(
    cluster: EmbeddedCluster, patch: str
) -> None:
    program = """
import logging
class Handler(logging.Handler):
    def __init__(self):
        super().__init__()
        self.producer = KafkaProducer(bootstrap_servers=servers, max_block_ms=600_000)
    def emit(self, record):
        try:
            self.producer.send("t", self.format(record).encode())
        except Exception:
            pass  # the program ends
handler = Handler()
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.DEBUG)
for number in range(100):
    logging.getLogger("app").info("line %d", number)
with handler.lock, KafkaProducer(bootstrap_servers=servers) as producer:
    producer.send("t", b"value").get(60)
handler.producer.flush()
"""
    run(cluster, patch, BEGIN, program)
    found = [value for value in values(cluster) if value is not None]
    assert sum(value.startswith(b"line ") for value in found) == 100


def test_a_program_that_ends_without_close_has_delivered(
    cluster: EmbeddedCluster, patch: str
) -> None:
    program = """
producer = KafkaProducer(bootstrap_servers=servers, linger_ms=600_000, delivery_timeout_ms=900_000)
for number in range(10):
    producer.send("t", b"%d" % number)
"""
    run(cluster, patch, BEGIN, program)
    assert len(values(cluster)) == 10


def test_parent_and_forked_child_both_send(cluster: EmbeddedCluster, patch: str) -> None:
    program = """
import os
producer = KafkaProducer(bootstrap_servers=servers)
producer.send("t", b"before").add_callback(lambda _: None).get(60)
pid = os.fork()
if pid == 0:
    producer.send("t", b"from the child").get(60)
    producer.close()
    os._exit(0)
for number in range(20):
    producer.send("t", b"from the parent").get(60)
    sleep(0.01)
assert os.waitpid(pid, 0)[1] == 0
producer.close()
"""
    run(cluster, patch, BEGIN, program)
    assert values(cluster).count(b"from the child") == 1
    assert values(cluster).count(b"from the parent") == 20


def test_closed_clients_leave_no_descriptors(cluster: EmbeddedCluster, patch: str) -> None:
    program = """
import gc, os
def use():
    with KafkaProducer(bootstrap_servers=servers) as producer, KafkaConsumer(
        "t", bootstrap_servers=servers, auto_offset_reset="earliest"
    ) as consumer:
        producer.send("t", b"value").get(60)
        assert consumer.poll(60_000)
def count():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))
use()
before = count()
for _ in range(5):
    use()
assert count() <= before + 2, (before, count())  # one or two more close when threads end
"""
    run(cluster, patch, BEGIN, program)
