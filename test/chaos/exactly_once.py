"""The story of two workers that copy a topic in transactions, while they and brokers are killed.

Job: cause the harm, then compare both topics, partition by partition.
Limits: real time; it goes on at least as long as each kind of harm has happened once.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka import KafkaConsumer
from kafka.structs import TopicPartition
from test.chaos.brokers import BrokerHarms
from test.chaos.copying import GROUP
from test.chaos.producing import SENDING, read_all
from test.chaos.program import Program
from test.chaos.settings import BROKER_PROPERTIES
from test.support.apache_kafka import KafkaCluster
from test.support.group_workers import until

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCE, _TARGET = "source", "target"
_PARTITIONS: Final = 6
_BROKERS: Final = 3
_WORKERS: Final = 2
_PATIENCE: Final = 300.0
_PAUSES: Final = (1.0, 5.0)


class Outcome(NamedTuple):
    """What came of the story.

    Args:
        copied: how many records are in the target.
        harms: how many there were.
        restarts: how many workers were started again after an error.
        differences: what does not hold.
        seconds: how long it took.
    """

    copied: int
    harms: int
    restarts: int
    differences: list[str]
    seconds: float

    def __str__(self) -> str:
        judged = self.differences or ["the copy equals the original"]
        told = f"copied {self.copied} in {self.seconds:.0f} s; {self.harms} harms"
        return "\n".join([f"{told}, {self.restarts} workers started again", *judged])


class ExactlyOnceStory:
    """One run.

    Args:
        release: of Apache Kafka.
        records: how many are copied.
        seconds: in about how many.
        seed: chooses the victims.
        tell: called with a line about each event.
    """

    def __init__(
        self, release: str, records: int, seconds: float, seed: int, tell: Callable[[str], object]
    ) -> None:
        self._release = release
        self._records = records
        self._rate = records / seconds
        self._random = random.Random(seed)
        self._tell = tell
        self._workers: dict[str, Program] = {}
        self._restarts = 0

    def run(self) -> Outcome:
        """Tell the story.

        Raises:
            AssertionError: the program that sends failed, or the copy does not come to its end.
        """
        begun = time.monotonic()
        with ExitStack() as stack:
            self._cluster = stack.enter_context(
                KafkaCluster(self._release, _BROKERS, properties=BROKER_PROPERTIES)
            )
            for topic in (_SOURCE, _TARGET):
                config = {"min.insync.replicas": "2"}
                self._cluster.create_topic(topic, _PARTITIONS, _BROKERS, config)
            stack.callback(self._kill_all)
            harms = self._send_and_harm()
            # After the last harm, too, workers may have to be started again.
            until(self._is_copied, self._logs, _PATIENCE)
            for worker in self._workers.values():
                worker.signal(signal.SIGTERM)
                worker.end(_PATIENCE)
            copied, differences = self._judge()
            seconds = time.monotonic() - begun
            return Outcome(copied, harms, self._restarts, differences, seconds)

    def _send_and_harm(self) -> int:
        servers = ",".join(self._cluster.bootstrap_servers)
        words = [servers, _SOURCE, str(self._records), str(self._rate), json.dumps(SENDING)]
        sending = Program("sending", words, self._cluster.directory / "sending.out")
        brokers = BrokerHarms(self._cluster, self._random, self._tell)
        killed = 0
        try:
            for number in range(_WORKERS):
                self._start(f"worker-{number}")
            while sending.is_running:
                if self._random.random() < 0.5:
                    self._kill_worker()
                    killed += 1
                else:
                    brokers.next()
                self._look_after_workers()
                threading.Event().wait(self._random.uniform(*_PAUSES))
            sending.end(_PATIENCE)
        finally:
            sending.kill()
        return brokers.count + killed

    # -- workers ---------------------------------------------------------------------------------

    def _start(self, name: str) -> None:
        servers = ",".join(self._cluster.bootstrap_servers)
        output = self._cluster.directory / f"{name}.out"
        self._workers[name] = Program("copying", [servers, _SOURCE, _TARGET, name], output)

    def _kill_worker(self) -> None:
        name = self._random.choice(sorted(self._workers))
        self._tell(f"{name} is killed")
        self._workers[name].kill()
        self._start(name)

    def _look_after_workers(self) -> None:
        for name, worker in list(self._workers.items()):
            if not worker.is_running:
                self._tell(f"{name} has ended and is started again")
                worker.kill()
                self._restarts += 1
                self._start(name)

    def _kill_all(self) -> None:
        for worker in self._workers.values():
            worker.kill()

    def _logs(self) -> str:
        return "\n\n".join(f"{name}:\n{worker.log}" for name, worker in self._workers.items())

    # -- what must hold --------------------------------------------------------------------------

    def _is_copied(self) -> bool:
        self._look_after_workers()
        places = [TopicPartition(_SOURCE, number) for number in range(_PARTITIONS)]
        with KafkaConsumer(
            bootstrap_servers=self._cluster.bootstrap_servers, group_id=GROUP
        ) as consumer:
            ends = consumer.end_offsets(places)
            return all((consumer.committed(place) or 0) == end for place, end in ends.items())

    def _judge(self) -> tuple[int, list[str]]:
        """Return how many copies there are, and in which partitions they differ."""
        servers = self._cluster.bootstrap_servers
        source = read_all(servers, _SOURCE)
        target = read_all(servers, _TARGET, isolation_level="read_committed")
        differences = [
            f"partition {number}: {len(records)} records, {len(target.get(number, []))} copies"
            for number, records in source.items()
            if records != target.get(number, [])
        ]
        return sum(map(len, target.values())), differences
