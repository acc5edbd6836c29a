"""Start, break and stop a cluster of real Apache Kafka brokers.

Job: :class:`KafkaCluster`, for every version from 0.8 to the newest: KRaft where it is ready for
use, one ZooKeeper beside the brokers where it is not.
Limits: all on 127.0.0.1; one JVM for each broker (240-320 MB).
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import uuid
import weakref
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, Self

from test.support.apache_kafka import config, wire
from test.support.apache_kafka.jars import NEWEST, broker_jars, version_tuple
from test.support.apache_kafka.process import JavaProcess
from test.support.apache_kafka.scram_users import format_options, scram_command
from test.support.apache_kafka.topics import (
    CREATE_TOPICS_SINCE,
    TopicPlan,
    await_topic,
    request_topic,
    topic_command,
)
from test.support.apache_kafka.waiting import ClusterError, until
from test.support.ports import PortLease, is_free

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

START_TIMEOUT = 180.0
_PLAINTEXT = {"PLAINTEXT": "PLAINTEXT"}
#: Older brokers name no brokers at all while the cluster has no topic.
_METADATA_COMPLETE_SINCE = (0, 10)

_live: weakref.WeakSet[KafkaCluster] = weakref.WeakSet()


def live_clusters() -> list[KafkaCluster]:
    """Return the clusters of this process that are started and not yet closed."""
    return list(_live)


class KafkaCluster:
    """A cluster of *brokers* nodes, numbered from *first_node*; a context manager.

    Args:
        version: Apache Kafka release, e.g. ``"3.9.2"``.
        brokers: number of nodes; with KRaft each is a controller too.
        properties: broker settings that override the defaults.
        listeners: name -> security protocol; must hold ``PLAINTEXT``, over which the brokers talk
            to each other. Each gets a port of its own. Names of one's own need 0.10.2 or newer.
        advertised: listener name -> the port of each broker that clients are told, where a proxy
            stands before it.
        jvm_options: options for every broker's JVM.
        scram_users: passwords of users who can authenticate by SCRAM, by name.
        disks: number of log directories of each broker.
        first_node: id of the first node.
        directory: holds data and logs; default: a temporary one, removed by :meth:`close`.
    """

    def __init__(
        self,
        version: str = NEWEST,
        brokers: int = 1,
        *,
        properties: Mapping[str, str] | None = None,
        listeners: Mapping[str, str] | None = None,
        advertised: Mapping[str, Sequence[int]] | None = None,
        jvm_options: Sequence[str] = (),
        scram_users: Mapping[str, str] | None = None,
        disks: int = 1,
        first_node: int = 1,
        directory: Path | None = None,
    ) -> None:
        self.version = version
        self.version_tuple = version_tuple(version)
        self.directory = directory or Path(tempfile.mkdtemp(prefix="kafka-cluster-"))
        self._remove_directory = directory is None
        self._listeners = dict(listeners or _PLAINTEXT)
        self._advertised = dict(advertised or {})
        self._overrides = dict(properties or {})
        self._jvm_options = tuple(jvm_options)
        self._scram_users = dict(scram_users or {})
        self._disks = disks
        self._first_node = first_node
        self._jars = broker_jars(version)
        self._lease = PortLease(1 + brokers * (len(self._listeners) + 1))
        self._zookeeper_port, *ports = self._lease.ports
        self._plans = self._plan(brokers, ports)
        self._running: dict[int, JavaProcess] = {}
        self._log_start: dict[int, int] = {}
        self._zookeeper: JavaProcess | None = None

    def _plan(self, brokers: int, ports: list[int]) -> dict[int, config.NodePlan]:
        plans = {}
        for node in range(self._first_node, self._first_node + brokers):
            plans[node] = config.NodePlan(
                node=node,
                directory=self.directory / f"node-{node}",
                ports={name: ports.pop() for name in self._listeners},
                controller_port=ports.pop(),
                advertised={
                    name: told[node - self._first_node] for name, told in self._advertised.items()
                },
                disks=self._disks,
            )
        return plans

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        running = ", ".join(map(str, sorted(self._running))) or "none"
        return f"<KafkaCluster {self.version} nodes={len(self._plans)} running={running}>"

    # -- life ------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start every node and return when each of them sees all others."""
        _live.add(self)
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # The identifier is an argument of a command: it must not look like an option.
        cluster_id = "A" + cluster_id[1:]
        for plan in self._plans.values():
            self._prepare_node(plan, cluster_id)
        if not config.uses_kraft(self.version):
            self._start_zookeeper()
            for name, password in self._scram_users.items():
                self._run_tool(scram_command(name, password, self.zookeeper), f"user-{name}")
        for node in self._plans:
            self._launch(node)
        for node in self._plans:
            self._await_ready(node, frozenset(self._plans))

    def close(self) -> None:
        """Kill what runs, give the ports back, remove the temporary directory."""
        _live.discard(self)
        for process in self._running.values():
            # One of several may wait long for the others that have gone.
            process.kill() if len(self._plans) > 1 else process.end()
        self._running.clear()
        if self._zookeeper is not None:
            self._zookeeper.kill()
            self._zookeeper = None
        self._lease.close()
        if self._remove_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    # -- addresses and files ---------------------------------------------------------------------

    @property
    def nodes(self) -> list[int]:
        """Ids of all brokers, running or not."""
        return list(self._plans)

    @property
    def bootstrap_servers(self) -> list[str]:
        """``host:port`` of every broker's PLAINTEXT listener."""
        return self.listener("PLAINTEXT")

    def listener(self, name: str) -> list[str]:
        """Return ``host:port`` of every broker's listener *name*."""
        return [f"127.0.0.1:{plan.ports[name]}" for plan in self._plans.values()]

    def port(self, node: int, listener: str = "PLAINTEXT") -> int:
        """Return the port of one listener of *node*."""
        return self._plans[node].ports[listener]

    def controller(self, node: int) -> str:
        """Return ``host:port`` of the listener of *node* as a KRaft controller."""
        return f"127.0.0.1:{self._plans[node].controller_port}"

    @property
    def zookeeper(self) -> str:
        """``host:port`` of ZooKeeper (versions without KRaft only)."""
        return f"127.0.0.1:{self._zookeeper_port}"

    def data_directory(self, node: int) -> Path:
        """Return the directory that holds the log segments of *node*."""
        return self._plans[node].data

    def log_directories(self, node: int) -> list[Path]:
        """Return the directories among which *node* spreads its partitions."""
        return self._plans[node].log_directories

    def pids(self) -> list[int]:
        """Return the process ids of everything that runs for this cluster."""
        processes = [*self._running.values(), *([self._zookeeper] if self._zookeeper else [])]
        return [process.pid for process in processes]

    def logs(self, node: int) -> str:
        """Return all that *node* has logged, over all its starts."""
        path = self._log_path(node)
        return path.read_text(errors="replace") if path.exists() else ""

    def _log_path(self, node: int) -> Path:
        return self._plans[node].directory / "broker.log"

    # -- faults ----------------------------------------------------------------------------------

    def kill(self, node: int) -> None:
        """End *node* at once (SIGKILL)."""
        self._running.pop(node).kill()

    def stop(self, node: int) -> None:
        """Shut *node* down in order: its leaderships move first."""
        self._running.pop(node).stop()

    def start(self, node: int, timeout: float = START_TIMEOUT) -> None:
        """Start *node* again with the same ports and data; return when it serves.

        Raises:
            ClusterError: it is running, or does not serve within *timeout* seconds.
        """
        if node in self._running:
            raise ClusterError(f"node {node} is running already: stop or kill it first")
        if not config.uses_kraft(self.version):
            self._await_session_end(node, timeout)
        self._launch(node)
        self._await_ready(node, frozenset(self._running), timeout)

    def _await_session_end(self, node: int, timeout: float) -> None:
        """Wait until ZooKeeper has forgotten the node's last life.

        A broker that meets its own former session gives up, or (0.8) takes itself for the
        controller without doing the work.
        """

        def ended() -> bool:
            owners = wire.zookeeper_dump(self._zookeeper_port, timeout).split()
            return f"/brokers/ids/{node}" not in owners

        until(ended, timeout, lambda: f"ZooKeeper still holds a session of node {node}")

    def freeze(self, node: int) -> None:
        """Stop *node* where it is (SIGSTOP): connections stay open, nothing answers."""
        self._running[node].freeze()

    def thaw(self, node: int) -> None:
        """Let a frozen *node* go on."""
        self._running[node].thaw()

    # -- topics ----------------------------------------------------------------------------------

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int = 1,
        config: Mapping[str, str] | None = None,
        timeout: float = 100.0,
    ) -> None:
        """Create a topic and return when every running broker knows its leaders.

        One request of a few milliseconds from 0.10.1 on; below it only the topic tool can create
        one, through ZooKeeper, in about two seconds.

        Raises:
            ClusterError: it could not be created.
        """
        topic = TopicPlan(name, partitions, replication_factor, dict(config or {}))
        ports = [self.port(node) for node in self._running]
        if self.version_tuple >= CREATE_TOPICS_SINCE:
            request_topic(topic, ports, self.version_tuple, timeout)
        else:
            command = topic_command(topic, self.version_tuple, self.zookeeper)
            self._run_tool(command, f"topic-{name}")
        for port in ports:
            await_topic(topic, port, timeout)

    def _run_tool(self, main: Sequence[str], name: str) -> None:
        log = self.directory / f"{name}.log"
        with JavaProcess(self._jars, main, log=log, cwd=self.directory) as process:
            try:
                code = process.wait(180)
            except TimeoutExpired:
                code = -1
        if code != 0:
            raise ClusterError(f"{' '.join(main)}: exit code {code}\n{log.read_text()[-4000:]}")

    # -- starting --------------------------------------------------------------------------------

    def _prepare_node(self, plan: config.NodePlan, cluster_id: str) -> None:
        for directory in plan.log_directories:
            directory.mkdir(parents=True)
        settings = config.broker_properties(
            self.version,
            plan,
            list(self._plans.values()),
            listeners=self._listeners,
            zookeeper_port=self._zookeeper_port,
            overrides=self._overrides,
        )
        path = plan.directory / "server.properties"
        config.write_properties(path, settings)
        if config.uses_kraft(self.version):
            command = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(path)]
            command += format_options(self._scram_users)
            self._run_tool(command, f"format-{plan.node}")

    def _start_zookeeper(self) -> None:
        directory = self.directory / "zookeeper"
        (directory / "data").mkdir(parents=True)
        path = directory / "zookeeper.properties"
        config.write_properties(path, config.zookeeper_properties(directory, self._zookeeper_port))
        log = directory / "zookeeper.log"
        main = ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(path)]
        process = self._zookeeper = JavaProcess(
            self._jars,
            main,
            log=log,
            cwd=directory,
            options=("-Xmx256m", *config.log_options(directory)),
        )

        def listening() -> bool:
            if process.returncode is not None:
                raise ClusterError(f"ZooKeeper ended: {process}\n{log.read_text()[-4000:]}")
            return not is_free(self._zookeeper_port)

        until(listening, START_TIMEOUT, lambda: f"ZooKeeper: {process} does not listen")

    def _launch(self, node: int) -> None:
        plan = self._plans[node]
        self._log_start[node] = len(self.logs(node))
        self._running[node] = JavaProcess(
            self._jars,
            ["kafka.Kafka", str(plan.directory / "server.properties")],
            log=self._log_path(node),
            cwd=plan.directory,
            options=("-Xmx512m", *config.log_options(plan.directory), *self._jvm_options),
        )

    def _await_ready(
        self, node: int, peers: frozenset[int], timeout: float = START_TIMEOUT
    ) -> None:
        """Wait until *node* answers and names all of *peers*."""

        def ready() -> bool:
            if self._running[node].returncode is not None:
                raise ClusterError(self._not_ready(node, f"ended: {self._running[node]}"))
            view = wire.metadata(self.port(node), timeout=20.0)
            if self.version_tuple < _METADATA_COMPLETE_SINCE:
                # 0.8.0 writes "Started".
                started = f"[kafka server {node}], started"
                return started in self.logs(node)[self._log_start[node] :].lower()
            return view.brokers >= peers

        until(ready, timeout, lambda: self._not_ready(node, f"not ready after {timeout} s"))

    def _not_ready(self, node: int, why: str) -> str:
        return (
            f"Apache Kafka {self.version} node {node} {why}; its log ends:\n"
            + self.logs(node)[-6000:]
        )
