"""Write the configuration files of brokers and of ZooKeeper.

Job: one properties file per node, right for its version.
Limits: pure text; the caller chooses ports, directories and what overrides the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from test.support.apache_kafka.jars import version_tuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: First version whose KRaft mode is fit for production (KIP-833); below it, ZooKeeper.
KRAFT_SINCE = (3, 3)

#: For tests whose records have timestamps of long ago: by default, brokers look for what is older
#: than a week 30 s after their start, and delete it, whether it has been read or not.
KEEP_OLD_RECORDS = {"log.retention.hours": "876000"}

_LOG4J_PROPERTIES = """\
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %c: %m%n
log4j.logger.org.apache.zookeeper=WARN
"""
_LOG_OPTIONS = (
    "-Dorg.slf4j.simpleLogger.logFile=System.out",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper=warn",
)


@dataclass(frozen=True)
class NodePlan:
    """One broker's place in its cluster.

    Attributes:
        node: broker id, from 1.
        directory: holds its files; the log segments are in ``directory / "data"``.
        ports: listener name -> port.
        controller_port: port of its KRaft controller; unused with ZooKeeper.
        advertised: listener name -> port that clients are told, where it is another one.
        disks: number of its log directories; those after the first are ``data-2``, ``data-3``, ...
    """

    node: int
    directory: Path
    ports: Mapping[str, int]
    controller_port: int
    advertised: Mapping[str, int] = field(default_factory=dict)
    disks: int = 1

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log_directories(self) -> list[Path]:
        further = range(2, self.disks + 1)
        return [self.data, *(self.directory / f"data-{number}" for number in further)]


def log_options(directory: Path) -> list[str]:
    """Return the options of a JVM that logs to its standard output; write what they name."""
    return [*_LOG_OPTIONS, log4j_option(directory, _LOG4J_PROPERTIES)]


def log4j_option(directory: Path, properties: str) -> str:
    """Write the settings of log4j, which older releases have, and return the option for them.

    Not on the class path, where nothing but jars must be (`SharedClasses`).
    """
    path = directory / "log4j.properties"
    path.write_text(properties)
    return f"-Dlog4j.configuration={path.as_uri()}"


def uses_kraft(version: str) -> bool:
    """Return whether a cluster of *version* runs without ZooKeeper."""
    return version_tuple(version) >= KRAFT_SINCE


def broker_properties(
    version: str,
    plan: NodePlan,
    cluster: Sequence[NodePlan],
    *,
    listeners: Mapping[str, str],
    zookeeper_port: int,
    overrides: Mapping[str, str],
) -> dict[str, str]:
    """Return the settings of the broker *plan* in *cluster*; *overrides* win over all."""
    settings = _shared(len(cluster)) | {"log.dirs": ",".join(map(str, plan.log_directories))}
    if uses_kraft(version):
        settings |= _kraft(plan, cluster) | _listeners(plan, listeners, kraft=True)
    else:
        settings |= _zookeeper(plan, zookeeper_port)
        if version_tuple(version) >= (0, 9):
            settings |= _listeners(plan, listeners, kraft=False)
        else:
            settings |= {"host.name": "127.0.0.1", "port": str(plan.ports["PLAINTEXT"])}
        if version_tuple(version) < (0, 10, 2):
            # Listener names came with KIP-103; before it, the protocol was the name.
            settings.pop("listener.security.protocol.map", None)
    return settings | dict(overrides)


def _shared(brokers: int) -> dict[str, str]:
    """Return what every version gets: small and quick, replicated as far as brokers allow."""
    replication = str(min(3, brokers))
    in_sync = str(min(2, brokers))
    return {
        "offsets.topic.replication.factor": replication,
        "offsets.topic.num.partitions": "5",
        "transaction.state.log.replication.factor": replication,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": "5",
        "share.coordinator.state.topic.replication.factor": replication,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": "5",
        "group.initial.rebalance.delay.ms": "0",
        "controlled.shutdown.retry.backoff.ms": "500",
        "log.cleaner.dedupe.buffer.size": "10485760",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


def _kraft(plan: NodePlan, cluster: Sequence[NodePlan]) -> dict[str, str]:
    voters = ",".join(f"{peer.node}@127.0.0.1:{peer.controller_port}" for peer in cluster)
    return {
        "process.roles": "broker,controller",
        "node.id": str(plan.node),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        # A killed broker loses its leaderships, and may come back, only after its session.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "500",
    }


def _zookeeper(plan: NodePlan, zookeeper_port: int) -> dict[str, str]:
    return {
        "broker.id": str(plan.node),
        "zookeeper.connect": f"127.0.0.1:{zookeeper_port}",
        "zookeeper.session.timeout.ms": "4000",
        "zookeeper.connection.timeout.ms": "20000",
    }


def _listeners(plan: NodePlan, listeners: Mapping[str, str], *, kraft: bool) -> dict[str, str]:
    addresses = [f"{name}://127.0.0.1:{plan.ports[name]}" for name in listeners]
    protocols = [f"{name}:{protocol}" for name, protocol in listeners.items()]
    advertised = ",".join(
        f"{name}://127.0.0.1:{plan.advertised.get(name, plan.ports[name])}" for name in listeners
    )
    if kraft:
        addresses.append(f"CONTROLLER://127.0.0.1:{plan.controller_port}")
        protocols.append("CONTROLLER:PLAINTEXT")
    return {
        "listeners": ",".join(addresses),
        "advertised.listeners": advertised,
        "listener.security.protocol.map": ",".join(protocols),
    }


def zookeeper_properties(directory: Path, port: int) -> dict[str, str]:
    """Return the settings of a stand-alone ZooKeeper."""
    return {
        "tickTime": "500",
        "dataDir": str(directory / "data"),
        "clientPort": str(port),
        "clientPortAddress": "127.0.0.1",
        "maxClientCnxns": "0",
        "admin.enableServer": "false",
        # Since 3.5 only what is listed is answered.
        "4lw.commands.whitelist": "dump",
    }


def write_properties(path: Path, settings: Mapping[str, str]) -> None:
    """Write a Java properties file (values are ASCII, without line breaks)."""
    lines = (f"{key}={value.replace(chr(92), chr(92) * 2)}\n" for key, value in settings.items())
    path.write_text("".join(lines), encoding="ascii")
