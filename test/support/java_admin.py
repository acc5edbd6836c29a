"""Java's own Admin, which says what a cluster is like: `AdminJudge.java`, as a process.

Limits: one question at a time; the program needs a JDK, because Java compiles it when it starts.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from test.support.apache_kafka.jars import NEWEST, broker_jars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from kafka.structs import TopicPartition

_PROGRAM: Final = Path(__file__).parent / "java" / "AdminJudge.java"


class JudgeError(Exception):
    """Java's Admin raised an error, or the program ended.

    Attributes:
        name: of Java's class.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class JavaAdmin:
    """Java's Admin of the newest release, which talks to brokers from 2.1 on.

    Args:
        servers: bootstrap servers.
        settings: of the client, by Java's names.
    """

    def __init__(self, servers: Sequence[str], settings: dict[str, str] | None = None) -> None:
        told = {
            "bootstrap.servers": ",".join(servers),
            "request.timeout.ms": "30000",
            "default.api.timeout.ms": "100000",
            **(settings or {}),
        }
        words = [word for pair in told.items() for word in pair]
        command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        command += ["-cp", f"{broker_jars(NEWEST)}/*", str(_PROGRAM), *words]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in close()
        # It ends with its input, so it does not outlive this process.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    # Any: JSON.
    def ask(self, call: str, **arguments: object) -> Any:
        """Return what Java's Admin answers.

        Args:
            call: method of the program.
            arguments: of the method.

        Raises:
            JudgeError: the call failed in Java.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"call": call, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise JudgeError("it has ended", self._log())
        answer = json.loads(line)
        if "error" in answer:
            raise JudgeError(answer["error"], answer["message"])
        return answer["result"]

    def topics(self, *names: str, operations: bool = False) -> dict[str, Any]:
        """Return the descriptions of topics, by name."""
        found: dict[str, Any] = self.ask("describeTopics", names=names, operations=operations)
        return found

    def configs(self, kind: str, name: object) -> dict[str, Any]:
        """Return the entries of a resource, by name; *kind* is ``TOPIC``, ``BROKER``, ..."""
        found: dict[str, Any] = self.ask("describeConfigs", type=kind, name=str(name))
        return found

    def offset(self, place: TopicPartition, spec: str | int, *, committed: bool = False) -> int:
        """Return the offset of a partition for ``earliest``, ``latest``, ... or a timestamp."""
        specs = [[place.topic, place.partition, spec]]
        found = self.ask("listOffsets", specs=specs, committed=committed)
        (row,) = found.values()
        offset: int = row["offset"]
        return offset

    def committed(self, group: str) -> dict[str, list[object]]:
        """Return offset and metadata that a group has committed, by ``topic-partition``."""
        found: dict[str, list[object]] = self.ask("listConsumerGroupOffsets", groups=[group])[group]
        return found

    def close(self) -> None:
        """End the program."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def _log(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-3000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
