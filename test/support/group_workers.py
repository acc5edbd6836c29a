"""Members of groups that poll on threads of their own, for stories on real brokers.

Job: both faces behind one class, which shows what the member owns and has read.
Limits: real time; nothing here waits without a limit.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaConsumer, KafkaProducer
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from test.support.group_stories import Noting, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from kafka.structs import ConsumerRecord, TopicPartition

PATIENCE: Final = 120.0


def until(
    condition: Callable[[], object], what: Callable[[], object], patience: float = PATIENCE
) -> None:
    """Return as soon as *condition* holds; fail with *what* if it does not in time."""
    limit = time.monotonic() + patience
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < limit, what()
        pause.wait(0.02)


def send_numbers(servers: Sequence[str], topic: str, first: int, count: int, over: int) -> None:
    """Send *count* numbers from *first* on as text, in turn to *over* partitions."""
    with KafkaProducer(bootstrap_servers=servers) as producer:
        for number in range(first, first + count):
            producer.send(topic, b"%d" % number, partition=number % over)


class Worker:
    """A member that polls until it is told to stop.

    Args:
        servers: bootstrap servers.
        topic: what it subscribes to; its group is named after it.
        asynchronous: whether it is an `AsyncKafkaConsumer`, on a loop of its own.
        options: of the consumer.
    """

    # Any: options of every type.
    def __init__(
        self, servers: Sequence[str], topic: str, *, asynchronous: bool = False, **options: Any
    ) -> None:
        self.records: list[ConsumerRecord] = []
        self.owned: list[int] = []
        self.listener = Noting()
        self.error: BaseException | None = None
        self.health: object = "not started"
        self._topic = topic
        self._options: dict[str, Any] = {
            "bootstrap_servers": servers,
            "group_id": f"group-of-{topic}",
            "auto_offset_reset": "earliest",
            **options,
        }
        self._over = threading.Event()
        run = self._run_async if asynchronous else self._run
        self._thread = threading.Thread(target=self._guard, args=[run])
        self._thread.start()

    def _guard(self, run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self.error = error

    def _note(
        self,
        reader: KafkaConsumer | AsyncKafkaConsumer,
        found: Mapping[TopicPartition, Sequence[ConsumerRecord]],
    ) -> None:
        for records in found.values():
            self.records += records
        self.owned = numbers(reader.assignment())
        self.health = reader.group_health()

    def _run(self) -> None:
        with KafkaConsumer(**self._options) as reader:
            reader.subscribe([self._topic], listener=self.listener)
            while not self._over.is_set():
                self._note(reader, reader.poll(100))

    def _run_async(self) -> None:
        async def run() -> None:
            async with AsyncKafkaConsumer(**self._options) as reader:
                reader.subscribe([self._topic], listener=self.listener)
                while not self._over.is_set():
                    self._note(reader, await reader.poll(100))

        asyncio.run(run())

    @property
    def values(self) -> list[int]:
        """The numbers it has read."""
        return [int(record.value) for record in list(self.records)]

    def stop(self) -> None:
        """Close the member and raise what it has raised."""
        self._over.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"it does not close: {self.health}"
        if self.error is not None:
            raise self.error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return (
            f"<Worker owns {self.owned}, read {len(self.records)}, heard {self.listener.heard}, "
            f"{self.error!r}, {self.health}>"
        )


def shared_out(workers: Sequence[Worker], *sizes: int) -> None:
    """Return when *workers* own so many partitions, in any order."""
    until(lambda: sorted(len(worker.owned) for worker in workers) == sorted(sizes), lambda: workers)


def read_by(workers: Sequence[Worker], count: int) -> None:
    """Return when *workers* have read *count* records or more, together."""
    until(lambda: sum(len(worker.records) for worker in workers) >= count, lambda: workers)


class NumberStream:
    """Sends 0, 1, 2 ... to the partitions of a topic in turn, until it is told to stop.

    Args:
        servers: bootstrap servers.
        topic: where to.
        over: number of partitions.
        pause: seconds between two records.
    """

    def __init__(self, servers: Sequence[str], topic: str, over: int, pause: float) -> None:
        self._sent: list[Any] = []  # Any: the futures of the producer
        self._over = threading.Event()
        self._goes = threading.Event()
        self._goes.set()
        self._servers, self._topic, self._partitions, self._pause = servers, topic, over, pause
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with KafkaProducer(bootstrap_servers=self._servers, acks="all") as producer:
            while not self._over.wait(self._pause):
                self._goes.wait()
                number = len(self._sent)
                self._sent.append(
                    producer.send(self._topic, b"%d" % number, partition=number % self._partitions)
                )

    def pause(self) -> None:
        """Send no more, but perhaps one."""
        self._goes.clear()

    def go_on(self) -> None:
        """Send again."""
        self._goes.set()

    def stop(self) -> int:
        """Return how many records the brokers have acknowledged: all that were sent.

        Raises:
            KafkaError: one could not be sent.
        """
        self._over.set()
        self.go_on()
        self._thread.join()
        for future in self._sent:
            future.get(PATIENCE)
        return len(self._sent)

    def __len__(self) -> int:
        return len(self._sent)
