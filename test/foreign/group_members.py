"""Members of groups that are other clients: they read numbers until they are told to stop.

Job: start them, know what they have read, and end them in order.
Limits: each commits by itself, as it does by default; none is killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from test.support.apache_kafka.jars import tools_jars
from test.support.apache_kafka.process import JavaProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from test.foreign.released import Released
    from test.support.apache_kafka import KafkaCluster

_PATIENCE = 120.0
_RELEASED_PROGRAM = Path(__file__).with_name("released_member.py")


class Member(Protocol):
    """One member of the group."""

    @property
    def values(self) -> list[int]:
        """The numbers it has read."""

    def stop(self) -> None:
        """End it in order."""


class JavaMember:
    """Apache Kafka's console consumer.

    Args:
        cluster: where it reads.
        topic: what it reads; its group is named after it.
        properties: of the consumer.
    """

    def __init__(self, cluster: KafkaCluster, topic: str, **properties: str) -> None:
        properties["group.id"] = f"group-of-{topic}"
        main = ["org.apache.kafka.tools.consumer.ConsoleConsumer", "--from-beginning"]
        main += ["--bootstrap-server", ",".join(cluster.bootstrap_servers), "--topic", topic]
        for name, value in properties.items():
            main += ["--command-property", f"{name}={value}"]
        self._output = cluster.directory / f"{topic}-{id(self)}.out"
        self._process = JavaProcess(
            tools_jars(),
            main,
            log=self._output,
            errors=self._output.with_suffix(".err"),
            cwd=cluster.directory,
            options=("-Xmx128m",),
        )

    @property
    def values(self) -> list[int]:
        return _numbers(self._output)

    def stop(self) -> None:
        self._process.stop()

    def __repr__(self) -> str:
        errors = self._output.with_suffix(".err").read_text(errors="replace")
        return f"{self._process} read {len(self.values)} {errors[-2000:]}"


class ReleasedMember:
    """kafka-python as released, in a process of its own."""

    def __init__(
        self, released: Released, cluster: KafkaCluster, topic: str, assignor: str
    ) -> None:
        self._output = cluster.directory / f"{topic}-{id(self)}.out"
        words = [str(_RELEASED_PROGRAM), ",".join(cluster.bootstrap_servers), topic, assignor]
        self._process = released.start(words, self._output)

    @property
    def values(self) -> list[int]:
        return _numbers(self._output)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        assert self._process.returncode == 0, self

    def __repr__(self) -> str:
        errors = self._output.with_suffix(".err").read_text(errors="replace")
        return f"<ReleasedMember read {len(self.values)} {errors[-2000:]}>"


class ThreadMember:
    """A client of this process, on a thread of its own.

    Args:
        run: reads; it is given what to call with each value, and what says that it is over.
    """

    def __init__(self, run: Callable[[Callable[[bytes], None], threading.Event], None]) -> None:
        self.values: list[int] = []
        self._error: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[run])
        self._thread.start()

    def _run(self, run: Callable[[Callable[[bytes], None], threading.Event], None]) -> None:
        try:
            run(lambda value: self.values.append(int(value)), self._over)
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self._error = error

    def stop(self) -> None:
        self._over.set()
        self._thread.join(_PATIENCE)
        if self._error is not None:
            raise self._error
        assert not self._thread.is_alive(), f"{self} does not end"

    def __repr__(self) -> str:
        return f"<ThreadMember read {len(self.values)} {self._error!r}>"


def confluent(cluster: KafkaCluster, topic: str, **options: object) -> ThreadMember:
    """Return a member that is confluent-kafka's consumer."""
    from confluent_kafka import Consumer

    def run(note: Callable[[bytes], None], over: threading.Event) -> None:
        reader = Consumer(
            {
                "bootstrap.servers": ",".join(cluster.bootstrap_servers),
                "group.id": f"group-of-{topic}",
                "auto.offset.reset": "earliest",
            }
            | {name.replace("_", "."): value for name, value in options.items()}
        )
        reader.subscribe([topic])
        while not over.is_set():
            message = reader.poll(0.1)
            if message is not None:
                assert message.error() is None, message.error()
                note(message.value() or b"")
        reader.close()

    return ThreadMember(run)


def aiokafka(cluster: KafkaCluster, topic: str) -> ThreadMember:
    """Return a member that is aiokafka's consumer."""
    from aiokafka import AIOKafkaConsumer

    async def read(note: Callable[[bytes], None], over: threading.Event) -> None:
        async with AIOKafkaConsumer(
            topic,
            bootstrap_servers=cluster.bootstrap_servers,
            group_id=f"group-of-{topic}",
            auto_offset_reset="earliest",
        ) as reader:
            while not over.is_set():
                for records in (await reader.getmany(timeout_ms=100)).values():
                    for record in records:
                        note(record.value)

    return ThreadMember(lambda note, over: asyncio.run(read(note, over)))


def _numbers(output: Path) -> list[int]:
    """Return the numbers of the lines that are complete."""
    text = output.read_text() if output.exists() else ""
    return [int(line) for line in text[: text.rfind("\n") + 1].split()]
