"""Java's transactional programs, of Kafka's own tools, as processes that a story kills.

Job: `JavaCopier` is TransactionalMessageCopier, which Kafka's system tests use: it copies partition
0 of a topic, in transactions that hold what a poll returns, with the offsets of its group.
`JavaOpenTransaction` is ProducerPerformance in a transaction that it does not end.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, Self

from test.support.apache_kafka.jars import tools_jars
from test.support.apache_kafka.process import JavaProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from test.support.apache_kafka import KafkaCluster

_TOOLS = "org.apache.kafka.tools."
_MOST = "1000000"


class JavaProgram:
    """A tool that runs; a context manager that kills it at its end.

    Args:
        cluster: whose directory holds what it prints.
        name: of its class.
        words: its arguments, by option.
        flags: its options without arguments.
    """

    def __init__(
        self, cluster: KafkaCluster, name: str, words: Mapping[str, str], *flags: str
    ) -> None:
        directory = Path(tempfile.mkdtemp(dir=cluster.directory, prefix=f"{name}-"))
        self._log = directory / "log"
        main = [_TOOLS + name, *(word for pair in words.items() for word in pair), *flags]
        options = ("-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        self._process = JavaProcess(
            tools_jars(), main, log=self._log, cwd=directory, options=options
        )

    def log(self) -> str:
        """Return all that it has printed."""
        return self._log.read_text(errors="replace")

    def until_ended(self, seconds: float = 180.0) -> None:
        """Wait until it has ended, in whatever way.

        Raises:
            AssertionError: it goes on.
        """
        try:
            self._process.wait(seconds)
        except TimeoutExpired:
            raise AssertionError(f"it goes on:\n{self.log()[-3000:]}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()


class JavaCopier(JavaProgram):
    """Copies what *source* has to *target*, whose name is the transactional id as well.

    Args:
        cluster: where it copies.
        source: the topic that it reads.
        target: the topic that it writes.
        aborts: whether it aborts transactions by chance, and copies their records again.
    """

    def __init__(
        self, cluster: KafkaCluster, source: str, target: str, *, aborts: bool = False
    ) -> None:
        words = {
            "--broker-list": ",".join(cluster.bootstrap_servers),
            "--input-topic": source,
            "--input-partition": "0",
            "--output-topic": target,
            "--consumer-group": f"copies-to-{target}",
            "--transactional-id": target,
            "--transaction-size": "10",
            "--max-messages": _MOST,
        }
        flags = ["--enable-random-aborts"] if aborts else []
        super().__init__(cluster, "TransactionalMessageCopier", words, *flags)


class JavaOpenTransaction(JavaProgram):
    """Writes ten records a second to *topic*, in one transaction; killed, it leaves that open.

    Args:
        cluster: where it writes.
        topic: where to.
        transactional_id: of its producer.
    """

    def __init__(self, cluster: KafkaCluster, topic: str, *, transactional_id: str) -> None:
        words = {
            "--topic": topic,
            "--num-records": _MOST,
            "--record-size": "10",
            "--throughput": "10",
            "--transactional-id": transactional_id,
            "--transaction-duration-ms": "600000",
            "--producer-props": f"bootstrap.servers={','.join(cluster.bootstrap_servers)}",
        }
        super().__init__(cluster, "ProducerPerformance", words)
