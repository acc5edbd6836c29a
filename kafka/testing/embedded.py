"""`EmbeddedCluster`: a Kafka-compatible cluster in this process, for blocking and async tests."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import Future
from random import Random
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from kafka._base.loop_clock import LoopClock, SteadyLoop
from kafka.testing.broker.api_modules import api_table
from kafka.testing.broker.api_ranges import checked_ranges
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.control import Control
from kafka.testing.broker.ids import cluster_id, topic_ids
from kafka.testing.broker.security.listeners import Listener, checked
from kafka.testing.broker.server import TimerDriver
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

    from kafka._base.clock import Clock
    from kafka.testing.broker.wire import AnyRequest

P = ParamSpec("P")
T = TypeVar("T")

# Seconds that another thread waits for the cluster's loop to run a call.
_PATIENCE = 30.0


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

    ``with EmbeddedCluster() as cluster:`` runs it on a thread of its own, and every method may be
    called from any thread. ``async with EmbeddedCluster() as cluster:`` runs it on the caller's
    loop, and every method must be called on that loop.

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
        listeners: the listeners of every broker; *ports* are those of the first.
        users: passwords of the users that can authenticate by PLAIN or SCRAM, by name.
        seed: the topic ids are made from it, so they are the same in every run.

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
        config: Mapping[str, str] | None = None,
        api_versions: Mapping[type[AnyRequest], tuple[int, int] | None] | None = None,
        racks: Sequence[str | None] | None = None,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        listeners: Sequence[Listener] = (Listener(),),
        users: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        self._ports = list(ports) if ports is not None else [0] * brokers
        self._racks = list(racks) if racks is not None else [None] * brokers
        if brokers < 1 or len(self._ports) != brokers or len(self._racks) != brokers:
            raise ValueError(f"{brokers} brokers need as many ports and racks")
        self._release = release(version)
        self._topics = dict(topics or {})
        self._config = dict(config or {})
        self._api_versions = checked_ranges(
            api_versions or {}, api_table(self._release), self._release
        )
        self._base_clock = clock
        self._host = host
        self._listeners = checked(listeners)
        self._users = dict(users or {})
        self._seed = seed
        self._control: Control | None = None
        self._driver: TimerDriver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        if self._control is None:
            return "<EmbeddedCluster not running>"
        return f"<EmbeddedCluster {self._release.name} {','.join(self.bootstrap_servers)}>"

    # -- start and stop -----------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start on the running loop."""
        await self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; fail if a handler has failed."""
        control = self.control
        await self._stop()
        _report(control, error)

    def __enter__(self) -> Self:
        """Start on a new thread."""
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run_thread, args=(started,), name="kafka-embedded-cluster", daemon=True
        )
        self._thread.start()
        started.result(_PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; fail if a handler has failed."""
        assert self._loop is not None
        assert self._stopping is not None
        assert self._thread is not None
        control = self.control
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_PATIENCE)
        self._thread = None
        _report(control, error)

    def _run_thread(self, started: Future[None]) -> None:
        # A cluster goes on while a test freezes the clock, as clients do.
        with asyncio.Runner(loop_factory=SteadyLoop) as runner:
            runner.run(self._serve(started))

    async def _serve(self, started: Future[None]) -> None:
        self._stopping = asyncio.Event()
        try:
            await self._start()
        except BaseException as error:  # noqa: BLE001 - the thread that waits gets it
            started.set_exception(error)
            return
        started.set_result(None)
        await self._stopping.wait()
        await self._stop()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        timers = Timers(SteppableClock(self._base_clock or LoopClock(loop)))
        random = Random(self._seed)  # noqa: S311 - ids, not secrets
        state = Cluster(
            cluster_id=cluster_id(random),
            release=self._release,
            timers=timers,
            topic_ids=topic_ids(random),
            config=self._config,
        )
        self._loop = loop
        self._driver = TimerDriver(timers, loop)
        control = Control(
            state, self._host, self._racks, self._listeners, api_versions=self._api_versions
        )
        for user, password in self._users.items():
            control.security.add_user(user, password)
        await control.start(self._ports)
        for name, partitions in self._topics.items():
            control.create_topic(name, partitions)
        self._control = control

    async def _stop(self) -> None:
        assert self._driver is not None
        control, self._control = self.control, None
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
        if self._thread is None or threading.current_thread() is self._thread:
            return function(control)
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(function(control))
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                done.set_exception(error)

        assert self._loop is not None
        self._loop.call_soon_threadsafe(call)
        return done.result(_PATIENCE)

    def _start_task(self, coroutine: Coroutine[object, object, T], patience: float) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(patience)

    # -- what clients need ----------------------------------------------------------------------

    @property
    def bootstrap_servers(self) -> list[str]:
        """``host:port`` of every broker, at its first listener."""
        return self.addresses(self._listeners[0].name)

    def addresses(self, listener: str) -> list[str]:
        """Return ``host:port`` of a listener of every broker."""
        # Forked children call this, too; the cluster's loop does not run in them.
        return [
            f"{self._host}:{node.listener_ports[listener]}"
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
    move_coordinator = _on_loop(Control.move_coordinator)

    # -- waiting and time ------------------------------------------------------------------------

    async def until(self, condition: Callable[[Control], bool], seconds: float = 10.0) -> None:
        """Wait, on the cluster's loop, until *condition* holds.

        Raises:
            TimeoutError: it does not hold within *seconds* of the cluster's time.
        """
        if not await self.control.until(condition, seconds):
            raise TimeoutError(f"the condition did not hold within {seconds} s")

    def wait_until(self, condition: Callable[[Control], bool], seconds: float = 10.0) -> None:
        """Wait until *condition* holds, in a thread other than the cluster's; see `until`."""
        self._start_task(self.until(condition, seconds), seconds + _PATIENCE)

    def advance(self, seconds: float) -> None:
        """Move the cluster's clock forward and run what becomes due."""

        def step(control: Control) -> None:
            assert self._driver is not None
            control.state.clock.step(seconds)
            self._driver.run()

        self.run(step)

    # -- brokers --------------------------------------------------------------------------------

    freeze = _on_loop(Control.freeze)
    thaw = _on_loop(Control.thaw)
    disconnect = _on_loop(Control.disconnect)
    advertise = _on_loop(Control.advertise)

    def kill(self, node_id: int) -> None:
        """Kill a broker: cut its connections, close its port, move its leaderships."""
        self.run(lambda control: control.kill(node_id))
        if self._thread is not None:
            self._start_task(self.control.settle(), _PATIENCE)

    def cut_off(self, node_id: int) -> None:
        """Make a broker unreachable for clients, while the cluster takes it for alive.

        Cuts its connections and closes its port; it keeps its leaderships.
        """
        self.run(lambda control: control.cut_off(node_id))
        if self._thread is not None:
            self._start_task(self.control.settle(), _PATIENCE)

    def revive(self, node_id: int) -> None:
        """Bring a killed or cut-off broker back, on its port.

        Call it from another thread; on the cluster's loop, await ``control.revive``.
        """
        self._start_task(self.control.revive(node_id), _PATIENCE)


def _report(control: Control, error: BaseException | None) -> None:
    if control.crashes and error is None:
        raise AssertionError("a broker failed; see its cause") from control.crashes[0]
