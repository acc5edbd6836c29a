"""Apache Kafka's console tools, as the other side of a round trip.

Job: produce, consume and dump with the Java clients, so that what we write is read by somebody
else and what we read was written by somebody else.
Limits: one JVM a call (1-3 s); keys, values and headers must not contain the separators below.
Brokers the 4.x clients can talk to are served by the newest tools, older ones by their own.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, NamedTuple

from test.support.apache_kafka.config import log4j_option
from test.support.apache_kafka.jars import broker_jars, tools_jars
from test.support.apache_kafka.process import JavaProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from test.support.apache_kafka.cluster import KafkaCluster

#: The oldest brokers that clients of 4.x accept (KIP-896).
_MODERN_SINCE = (2, 1)
_TIMEOUT = 180.0

# Long enough that no payload contains one by accident.
_FIELD = "\x1f#field#\x1f"
_LINE = "\x1e#line#\x1e\n"
_NULL = b"\x1a#null#\x1a"
_HEADER = "\x1d#header#\x1d"


class ToolError(Exception):
    """A console tool failed or did not finish; the message has its output."""


class ConsoleRecord(NamedTuple):
    """One record as the Java consumer printed it; what was not asked for is None or empty."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int | None = None
    timestamp_type: str | None = None


class ConsoleTools:
    """The command line tools, pointed at *cluster*."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._modern = cluster.version_tuple >= _MODERN_SINCE
        self._jars = tools_jars() if self._modern else broker_jars(cluster.version)
        self._null = _NULL if self._modern else b"null"
        self._directory = Path(tempfile.mkdtemp(dir=cluster.directory, prefix="tools-"))
        self._runs = itertools.count(1)

    def run(self, *main: str, stdin: bytes = b"", timeout: float = _TIMEOUT) -> bytes:
        """Run a class of the tools' class path and return its standard output.

        Raises:
            ToolError: exit code other than 0, or still running after *timeout* seconds.
        """
        stem = self._directory / f"{main[0].rpartition('.')[2]}-{next(self._runs)}"
        source, output, errors = (stem.with_suffix(end) for end in (".in", ".out", ".err"))
        source.write_bytes(stdin)
        with JavaProcess(
            self._jars,
            main,
            log=output,
            errors=errors,
            cwd=self._directory,
            options=_quiet_options(self._directory),
            stdin=source,
        ) as process:
            try:
                code: int | None = process.wait(timeout)
            except TimeoutExpired:
                code = None
        if code != 0:
            ended = f"still running after {timeout} s" if code is None else f"exit code {code}"
            raise ToolError(f"{' '.join(main)}: {ended}\n{_tail(errors)}{_tail(output)}")
        return output.read_bytes()

    def produce(
        self,
        topic: str,
        lines: Iterable[str | bytes],
        *,
        codec: str | None = None,
        properties: Mapping[str, str] | None = None,
        reader: Mapping[str, str] | None = None,
    ) -> None:
        """Send each of *lines* (UTF-8, without line breaks) as one record's value.

        Args:
            topic: where to.
            lines: the values, or what *reader* makes of them.
            codec: ``gzip``, ``snappy``, ``lz4`` or ``zstd``; default: not compressed.
            properties: settings of the producer (brokers from 0.9 on).
            reader: settings of the line reader, e.g. ``{"parse.key": "true"}``.
        """
        text = b"".join(
            (line.encode() if isinstance(line, str) else line) + b"\n" for line in lines
        )
        if self._modern:
            main = ["org.apache.kafka.tools.ConsoleProducer", *self._bootstrap()]
        else:
            servers = ",".join(self._cluster.bootstrap_servers)
            main = ["kafka.tools.ConsoleProducer", "--broker-list", servers]
            # Up to 0.11 they wait for no answer, and what a fresh leader refuses is lost unseen.
            main += ["--request-required-acks", "-1"]
        main += ["--topic", topic]
        if codec is not None:
            main += ["--compression-codec", codec]
        main += _repeat("--command-property" if self._modern else "--producer-property", properties)
        main += _repeat("--reader-property" if self._modern else "--property", reader)
        self.run(*main, stdin=text)

    def consume(
        self,
        topic: str,
        count: int,
        *,
        from_beginning: bool = True,
        print_key: bool = False,
        print_headers: bool = False,
        print_timestamp: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> list[ConsoleRecord]:
        """Return *count* records of *topic*.

        Args:
            topic: where from.
            count: how many to wait for.
            from_beginning: start at the first record, not at the end.
            print_key: fill in ``key``.
            print_headers: fill in ``headers`` (tools of 2.7 and newer).
            print_timestamp: fill in ``timestamp`` and its type (tools of 0.10 and newer).
            properties: settings of the consumer, e.g. ``isolation.level``.

        Raises:
            ToolError: the records did not come.
        """
        shown = _Shown(print_timestamp, print_headers, print_key, self._null)
        main = [*self._consumer(properties), "--topic", topic, "--max-messages", str(count)]
        main += ["--from-beginning"] if from_beginning else []
        formatter = "--formatter-property" if self._modern else "--property"
        main += _repeat(formatter, shown.formatter_properties())
        records = [shown.parse(line) for line in self.run(*main).split(_LINE.encode())[:-1]]
        if len(records) != count:
            raise ToolError(f"{topic}: {len(records)} records instead of {count}")
        return records

    def dump(self, topic: str, partition: int = 0, *, node: int = 1) -> list[str]:
        """Return what DumpLogSegments says of the first segment of a partition on *node*."""
        segment = self._cluster.data_directory(node) / f"{topic}-{partition}" / f"{0:020}.log"
        name = "DumpLogSegments"
        main = [f"org.apache.kafka.tools.{name}" if self._modern else f"kafka.tools.{name}"]
        main += ["--deep-iteration", "--print-data-log", "--files", str(segment)]
        return self.run(*main).decode(errors="replace").splitlines()

    def _bootstrap(self) -> list[str]:
        return ["--bootstrap-server", ",".join(self._cluster.bootstrap_servers)]

    def _consumer(self, properties: Mapping[str, str] | None) -> list[str]:
        if self._modern:
            main = ["org.apache.kafka.tools.consumer.ConsoleConsumer", *self._bootstrap()]
            return main + _repeat("--command-property", properties)
        main = ["kafka.tools.ConsoleConsumer"]
        if self._cluster.version_tuple < (0, 9):
            return [*main, "--zookeeper", self._cluster.zookeeper]
        # Up to 0.10.0 the tool has to be told to leave ZooKeeper alone.
        if self._cluster.version_tuple < (0, 10, 1):
            main += ["--new-consumer"]
        return main + self._bootstrap() + _repeat("--consumer-property", properties)


class _Shown(NamedTuple):
    """The columns the consumer prints, in its order: timestamp, headers, key, value."""

    timestamp: bool
    headers: bool
    key: bool
    #: How a null is printed; tools before 2.7 cannot be told.
    null: bytes

    @property
    def columns(self) -> int:
        """How many fields a line has."""
        return 1 + self.timestamp + self.headers + self.key

    def formatter_properties(self) -> dict[str, str]:
        wanted = {"line.separator": _LINE, "key.separator": _FIELD}
        wanted |= {f"print.{name}": "true" for name in ("timestamp", "key") if getattr(self, name)}
        if self.headers:
            wanted |= {"print.headers": "true", "headers.separator": _HEADER}
        return wanted | {"null.literal": self.null.decode()}

    def parse(self, line: bytes) -> ConsoleRecord:
        fields = line.split(_FIELD.encode())
        if len(fields) != self.columns:
            raise ToolError(f"{len(fields)} columns instead of {self.columns} in {line!r}")
        value = _nullable(fields.pop(), self.null)
        key = _nullable(fields.pop(), self.null) if self.key else None
        headers = _headers(fields.pop(), self.null) if self.headers else ()
        if not self.timestamp:
            return ConsoleRecord(value, key, headers)
        kind, _, number = fields.pop().decode().partition(":")
        return ConsoleRecord(value, key, headers, int(number), kind)


def _headers(text: bytes, null: bytes) -> tuple[tuple[str, bytes | None], ...]:
    if text == b"NO_HEADERS":
        return ()
    pairs = (item.partition(b":") for item in text.split(_HEADER.encode()))
    return tuple((name.decode(), _nullable(value, null)) for name, _, value in pairs)


def _nullable(text: bytes, null: bytes) -> bytes | None:
    return None if text == null else text


def _repeat(option: str, settings: Mapping[str, str] | None) -> list[str]:
    return [word for key, value in (settings or {}).items() for word in (option, f"{key}={value}")]


def _quiet_options(directory: Path) -> Sequence[str]:
    log4j = (
        "log4j.rootLogger=WARN, stderr\n"
        "log4j.appender.stderr=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.stderr.target=System.err\n"
        "log4j.appender.stderr.layout=org.apache.log4j.SimpleLayout\n"
    )
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ("-Xmx256m", quiet, log4j_option(directory, log4j))


def _tail(path: Path) -> str:
    return path.read_bytes()[-3000:].decode(errors="replace")
