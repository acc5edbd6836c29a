"""`EmbeddedCluster`: a Kafka-compatible cluster in this process, for blocking and async tests."""

from __future__ import annotations

import functools
from random import Random
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from kafka._base.loop_clock import LoopClock
from kafka.config.addresses import join_address
from kafka.errors import UnknownTopicOrPartitionError
from kafka.testing.broker.advertised import reachable_host
from kafka.testing.broker.api_modules import api_table, offered
from kafka.testing.broker.api_ranges import checked_ranges
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.control import Control, warn_of_idle
from kafka.testing.broker.fault_orders import never_fired
from kafka.testing.broker.ids import cluster_id, topic_ids
from kafka.testing.broker.security.listeners import Listener, checked
from kafka.testing.broker.seeding import StoredRecord
from kafka.testing.broker.server import TimerDriver
from kafka.testing.broker.startup_configs import broker_configs
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release
from kafka.testing.broker.views import is_settled
from kafka.testing.loop_host import Done, LoopHost, running_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
    from types import TracebackType
    from uuid import UUID

    from kafka._base.clock import Clock
    from kafka.testing.broker.startup_configs import ConfigValue
    from kafka.testing.broker.wire import AnyRequest

#: The attribute of an exception with the reports of the clusters whose blocks it has left.
REPORTS = "__kafka_cluster_reports__"

P = ParamSpec("P")
T = TypeVar("T")


def _on_loop(
    method: Callable[Concatenate[Control, P], T],
) -> Callable[Concatenate[EmbeddedCluster, P], T]:
    """Return a method of `Control` as one of `EmbeddedCluster` that any thread may call.

    Name, parameters, docstring and types stay.
    """

    @functools.wraps(method)
    def call(self: EmbeddedCluster, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(lambda control: method(control, *args, **kwargs))

    return call


class EmbeddedCluster:
    """One to many brokers on 127.0.0.1, with everything in memory.

    ``with EmbeddedCluster() as cluster:`` runs it on a thread of its own, ``async with`` on the
    caller's loop; `start` and `stop` do the same without a block. Every method may be called from
    any thread. Those that wait (`start`, `stop`, `reset`, `kill`, `cut_off`, `revive`,
    `wait_until`, `wait_for_group`, `consume`) block where no loop runs; on a loop they return at
    once, and are to be awaited.

    Args:
        brokers: how many; their node ids are 0, 1, ...
        ports: one for each broker; free ones if left out.
        version: release whose API versions and answers it imitates: 0.11, 1.1, 2.8, 3.9 or 4.4.
        topics: topics to create: ``{name: partitions}``. The config ``default.replication.factor``
            sets how many replicas they have. With 1, the default, a partition has no leader while
            its broker is dead.
        config: broker configs, by Kafka's names, e.g. ``{"auto.create.topics.enable": "false"}``.
        api_versions: lowest and highest version of APIs, by request class, which replace those of
            the release; ``None`` removes an API.
        racks: one for each broker.
        clock: source of time; the event loop's clock if left out.
        host: address that the brokers listen at.
        advertised_host: name or address that clients are told; *host* if left out, or an address
            of this machine if *host* means all of them (``0.0.0.0``, ``::``).
        listeners: the listeners of every broker; *ports* are those of the first.
        users: passwords of the users that can authenticate by PLAIN or SCRAM, by name.
        seed: the topic ids are made from it, so they are the same in every run.
        telemetry: whether brokers advertise the APIs by which clients push metrics (KIP-714).

    Raises:
        ValueError: an argument has an invalid value, or *ports* or *racks* do not match *brokers*.
    """

    def __init__(
        self,
        brokers: int = 1,
        *,
        ports: Sequence[int] | None = None,
        version: str = "4.4",
        topics: Mapping[str, int] | None = None,
        config: Mapping[str, ConfigValue] | None = None,
        api_versions: Mapping[type[AnyRequest], tuple[int, int] | None] | None = None,
        racks: Sequence[str | None] | None = None,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        advertised_host: str | None = None,
        listeners: Sequence[Listener] = (Listener(),),
        users: Mapping[str, str] | None = None,
        seed: int = 0,
        telemetry: bool = False,
    ) -> None:
        first_ports = list(ports) if ports is not None else [0] * brokers
        self._racks = list(racks) if racks is not None else [None] * brokers
        if brokers < 1 or len(first_ports) != brokers or len(self._racks) != brokers:
            raise ValueError(f"{brokers} brokers need as many ports and racks")
        self._release = release(version)
        self._topics = dict(topics or {})
        self._config = broker_configs(config or {})
        wanted = checked_ranges(api_versions or {}, api_table(self._release), self._release)
        self._apis = offered(self._release, wanted, telemetry=telemetry)
        self._base_clock = clock
        self._host = host
        self._advertised_host = advertised_host or reachable_host(host)
        self._listeners = checked(listeners)
        self._ports = [{self._listeners[0].name: port} for port in first_ports]
        self._users = dict(users or {})
        self._seed = seed
        self._topic_ids: Iterator[UUID] = iter(())
        self._cluster_id = ""
        self._control: Control | None = None
        self._driver: TimerDriver | None = None
        self._entered = False
        self._loop_host = LoopHost()

    def __repr__(self) -> str:
        if self._control is None:
            return "<EmbeddedCluster not running>"
        return f"<EmbeddedCluster {self._release.name} {','.join(self.bootstrap_servers)}>"

    # -- start and stop -----------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start on the running loop."""
        self._enter()
        try:
            self._loop_host.adopt()
            await self._begin()
        except BaseException:
            self._entered = False
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; fail if a handler has failed, or a fault never fired."""
        if self._control is None:
            return  # stopped in the block
        control = self._control
        _attach_report(control, error)
        await self._end()
        _report(control, error)

    def __enter__(self) -> Self:
        """Start on a new thread."""
        self._enter()
        try:
            self._loop_host.start_thread(self._begin, self._end)
        except BaseException:
            self._entered = False
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; fail if a handler has failed, or a fault never fired."""
        if self._control is None:
            return  # stopped in the block
        control = self._control
        self.run(lambda control: _attach_report(control, error))
        self._loop_host.stop_thread()
        _report(control, error)

    def start(self) -> Awaitable[Self]:
        """Start the cluster: on a new thread, or on the running loop, where this is awaited.

        Raises:
            RuntimeError: it runs already.
        """
        return Done(self.__enter__()) if running_loop() is None else self.__aenter__()

    def stop(self) -> Awaitable[None]:
        """Stop the cluster; one that does not run is left alone.

        Raises:
            AssertionError: a broker failed, or a fault never fired.
        """
        if self._control is not None and not self._loop_host.has_thread:
            return self._loop_host.here(lambda: self.__aexit__(None, None, None))
        self.__exit__(None, None, None)
        return Done(None)

    def reset(self) -> Awaitable[None]:
        """Make the cluster as it was after its start: its topics, no records, groups or faults.

        The brokers keep their addresses and cut every connection; clients connect again.

        Raises:
            AssertionError: before, a broker failed, or a fault never fired.
        """
        return self._loop_host.begin(self._reset)

    def _enter(self) -> None:
        if self._entered:
            raise RuntimeError("the embedded cluster runs already: start it, or enter it, once")
        self._entered = True

    async def _begin(self) -> None:
        warn_of_idle(self._config)
        random = Random(self._seed)  # noqa: S311 - ids, not secrets
        self._cluster_id = cluster_id(random)
        self._topic_ids = topic_ids(random)
        await self._boot(self._ports)

    async def _boot(self, ports: Sequence[Mapping[str, int]]) -> None:
        loop = self._loop_host.loop
        assert loop is not None
        timers = Timers(SteppableClock(self._base_clock or LoopClock(loop)))
        state = Cluster(
            cluster_id=self._cluster_id,
            release=self._release,
            timers=timers,
            topic_ids=self._topic_ids,
            config=self._config,
        )
        driver = TimerDriver(timers, loop)
        control = Control(
            state,
            self._host,
            self._racks,
            self._listeners,
            apis=self._apis,
            advertised_host=self._advertised_host,
        )
        for user, password in self._users.items():
            control.security.add_user(user, password)
        try:
            await control.start(ports)
            for name, partitions in self._topics.items():
                control.create_topic(name, partitions)
        except BaseException:
            driver.stop()
            await control.stop()
            raise
        self._control, self._driver = control, driver

    async def _end(self) -> None:
        control, self._control = self.control, None
        await self._halt(control)
        self._entered = False

    async def _reset(self) -> None:
        control = self.control
        ports = [node.listener_ports for node in control.state.nodes.values()]
        await self._halt(control)
        await self._boot(ports)
        _report(control, None)

    async def _halt(self, control: Control) -> None:
        assert self._driver is not None
        self._driver.stop()
        await control.stop()

    # -- reaching the loop ----------------------------------------------------------------------

    @property
    def control(self) -> Control:
        """The cluster itself; use it on its loop only."""
        if self._control is None:
            raise RuntimeError("the embedded cluster is not running: use it in a with statement")
        return self._control

    def run(self, function: Callable[[Control], T]) -> T:
        """Call *function* with the `Control` on the cluster's loop and return its result."""
        control = self.control
        return self._loop_host.call(lambda: function(control))

    # -- what clients need ----------------------------------------------------------------------

    @property
    def bootstrap_servers(self) -> list[str]:
        """``host:port`` of every broker, at its first listener."""
        return self.addresses(self._listeners[0].name)

    def addresses(self, listener: str) -> list[str]:
        """Return ``host:port`` of a listener of every broker."""
        # Forked children call this, too; the cluster's loop does not run in them.
        return [
            join_address(self._advertised_host, node.listener_ports[listener])
            for node in self.control.state.nodes.values()
        ]

    @property
    def cluster_id(self) -> str:
        """The cluster id in the answers to Metadata."""
        return self.run(lambda control: control.state.cluster_id)

    # -- faults ---------------------------------------------------------------------------------

    inject = _on_loop(Control.inject)
    fail = _on_loop(Control.fail)
    clear_faults = _on_loop(Control.clear_faults)

    # -- looking --------------------------------------------------------------------------------

    requests = _on_loop(Control.requests)
    count = _on_loop(Control.count)
    accepted = _on_loop(Control.accepted)
    records = _on_loop(Control.records)
    topic = _on_loop(Control.topic)
    topics = _on_loop(Control.topics)
    group = _on_loop(Control.group)
    groups = _on_loop(Control.groups)
    report = _on_loop(Control.report)

    # -- topics ---------------------------------------------------------------------------------

    create_topic = _on_loop(Control.create_topic)
    add_partitions = _on_loop(Control.add_partitions)
    append = _on_loop(Control.append)
    corrupt = _on_loop(Control.corrupt)
    delete_topic = _on_loop(Control.delete_topic)
    move_leader = _on_loop(Control.move_leader)
    bump_leader_epoch = _on_loop(Control.bump_leader_epoch)
    truncate = _on_loop(Control.truncate)
    delete_records = _on_loop(Control.delete_records)
    configure_topic = _on_loop(Control.configure_topic)
    compact = _on_loop(Control.compact)
    set_in_sync = _on_loop(Control.set_in_sync)
    remove_leader = _on_loop(Control.remove_leader)
    hold_high_watermark = _on_loop(Control.hold_high_watermark)

    # -- groups, transactions, quotas, users -------------------------------------------------------

    move_coordinator = _on_loop(Control.move_coordinator)
    expel = _on_loop(Control.expel)
    rebalance = _on_loop(Control.rebalance)
    hold_transaction_markers = _on_loop(Control.hold_transaction_markers)
    set_transaction_version = _on_loop(Control.set_transaction_version)
    set_quota = _on_loop(Control.set_quota)
    add_user = _on_loop(Control.add_user)
    allow = _on_loop(Control.allow)
    deny = _on_loop(Control.deny)

    # -- waiting and time ------------------------------------------------------------------------

    async def until(self, condition: Callable[[Control], bool], seconds: float = 10.0) -> None:
        """Wait, on any loop, until *condition* holds.

        Raises:
            TimeoutError: it does not hold within *seconds* of the cluster's time.
        """
        await self._loop_host.here(lambda: self._until(condition, seconds))

    def wait_until(
        self, condition: Callable[[Control], bool], seconds: float = 10.0
    ) -> Awaitable[None]:
        """Wait until *condition* holds; await this on a loop.

        Args:
            condition: called with the `Control` on the cluster's loop, after every request and
                every change.
            seconds: how long to wait, of the cluster's time.

        Raises:
            TimeoutError: it does not hold in time.
        """
        return self._loop_host.wait(lambda: self._until(condition, seconds), seconds)

    async def _until(self, condition: Callable[[Control], bool], seconds: float) -> None:
        if not await self.control.until(condition, seconds):
            raise TimeoutError(f"the condition did not hold within {seconds} s")

    def wait_for_group(
        self,
        group_id: str,
        *,
        members: int | None = None,
        lag: int | None = None,
        state: str | None = None,
        timeout: float = 10.0,
    ) -> Awaitable[None]:
        """Wait until a group has come to rest; await this on a loop.

        Args:
            group_id: of the group, which need not be there yet.
            members: how many it has then; at least one if left out.
            lag: how many records it has at most to process then.
            state: by Kafka's name; ``"Stable"`` if left out, ``"Empty"`` with no members.
            timeout: seconds of the cluster's time.

        Raises:
            TimeoutError: it is not so in time; the message says how it is.
        """

        def settled(control: Control) -> bool:
            return is_settled(control.state, group_id, members=members, lag=lag, state=state)

        async def work() -> None:
            if not await self.control.until(settled, timeout):
                wanted = f"members={members} lag={lag} state={state}"
                raise TimeoutError(
                    f"the group {group_id!r} is not at {wanted} after {timeout} s\n"
                    + self.control.report()
                )

        return self._loop_host.wait(work, timeout)

    def consume(
        self, topic: str, count: int = 1, *, partition: int | None = None, timeout: float = 10.0
    ) -> ConsumedRecords:
        """Wait until a topic has records, and return the first of them; await this on a loop.

        Args:
            topic: name; the topic need not be there yet.
            count: how many records.
            partition: only of this one.
            timeout: seconds of the cluster's time.

        Raises:
            TimeoutError: there are fewer in time; the message says how many.
        """

        def has_all(control: Control) -> bool:
            return topic in control.state.topics and (
                len(control.visible(topic, partition)) >= count
            )

        async def work() -> list[StoredRecord]:
            control = self.control
            if await control.until(has_all, timeout):
                return control.visible(topic, partition)[:count]
            try:
                found = len(control.visible(topic, partition))
            except UnknownTopicOrPartitionError as error:
                raise TimeoutError(f"after {timeout} s {error.args[0]}") from None
            raise TimeoutError(f"{topic} has {found} of {count} records after {timeout} s")

        return ConsumedRecords(self._loop_host.wait(work, timeout))

    def advance(self, seconds: float) -> None:
        """Move the cluster's clock forward and do at once what becomes due.

        Sessions, transactions and throttling end; retention and compaction act.
        """

        def step(control: Control) -> None:
            assert self._driver is not None
            control.state.clock.step(seconds)
            self._driver.run()
            control.sweep()

        self.run(step)

    # -- brokers --------------------------------------------------------------------------------

    freeze = _on_loop(Control.freeze)
    thaw = _on_loop(Control.thaw)
    disconnect = _on_loop(Control.disconnect)
    advertise = _on_loop(Control.advertise)

    def kill(self, node_id: int) -> Awaitable[None]:
        """Kill a broker: cut its connections, close its port, move its leaderships.

        It is dead at once. On a loop, await this until the connections and the port are closed.
        """
        self.run(lambda control: control.kill(node_id))
        return self._settle()

    def cut_off(self, node_id: int) -> Awaitable[None]:
        """Make a broker unreachable for clients, while the cluster takes it for alive.

        Cuts its connections and closes its port; it keeps its leaderships. Await this as `kill`.
        """
        self.run(lambda control: control.cut_off(node_id))
        return self._settle()

    def revive(self, node_id: int) -> Awaitable[None]:
        """Bring a killed or cut-off broker back, on its port; await this on a loop."""
        control = self.control
        return self._loop_host.begin(lambda: control.revive(node_id))

    def _settle(self) -> Awaitable[None]:
        control = self.control
        return self._loop_host.begin(control.settle)


class ConsumedRecords(list[StoredRecord]):
    """Records that `EmbeddedCluster.consume` has found; on a loop it has them once awaited."""

    def __init__(self, found: Awaitable[list[StoredRecord]]) -> None:
        super().__init__(found.value if isinstance(found, Done) else ())
        self._found = found

    def __await__(self) -> Generator[object, None, Self]:
        """Wait for the records."""
        self[:] = yield from self._found.__await__()
        return self


def _attach_report(control: Control, error: BaseException | None) -> None:
    """Keep the state of the cluster with the error that ends its block, for the pytest plugin."""
    if error is not None:
        reports = error.__dict__.setdefault(REPORTS, [])
        reports.append(control.report())


def _report(control: Control, error: BaseException | None) -> None:
    """Raise what went wrong in the brokers; note it on *error*, if the block raised that."""
    unfired = never_fired(control.plan.rules)
    problem = None
    if control.crashes:
        problem = AssertionError("a broker failed; see its cause")
        problem.__cause__ = control.crashes[0]
    elif unfired:
        problem = AssertionError(
            "faults that never fired (say optional=True if they need not): " + "; ".join(unfired)
        )
    if problem is None:
        return
    if error is None:
        raise problem
    error.add_note(f"embedded cluster: {problem} {problem.__cause__ or ''}".rstrip())
