"""Apache Kafka's own tools, pointed at any address.

The jars and the way to run them are those of the integration tests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from test.support.apache_kafka import NEWEST, ConsoleTools
from test.support.apache_kafka.jars import version_tuple

if TYPE_CHECKING:
    from pathlib import Path

    from test.support.apache_kafka import KafkaCluster

_PACKAGE = "org.apache.kafka.tools."


class _Address:
    """The part of a `KafkaCluster` that its tools look at."""

    version = NEWEST
    version_tuple = version_tuple(NEWEST)

    def __init__(self, servers: list[str], directory: Path) -> None:
        self.bootstrap_servers = servers
        self.directory = directory


class Java(ConsoleTools):
    """The console tools, and the programs that Kafka's system tests use.

    Args:
        servers: of the cluster.
        directory: for inputs and outputs.
    """

    def __init__(self, servers: list[str], directory: Path) -> None:
        # Tools look at these four attributes of a cluster only.
        super().__init__(cast("KafkaCluster", _Address(servers, directory)))
        self.servers = ",".join(servers)

    def tool(self, name: str, *words: str, timeout: float = 180.0) -> str:
        """Run a tool that takes ``--bootstrap-server`` and return what it printed."""
        main = [_PACKAGE + name, "--bootstrap-server", self.servers, *words]
        return self.run(*main, timeout=timeout).decode()

    def events(self, name: str, *words: str) -> list[dict[str, object]]:
        """Run a tool that prints one JSON object a line and return them."""
        lines = self.tool(name, *words).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]
