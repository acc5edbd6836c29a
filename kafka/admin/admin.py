"""What both faces of an admin client own: its options, its life, and the way to run a call.

The methods of the faces are the coroutine functions of `kafka.admin.methods`; each takes an
`Admin`.
All but the constructor runs on the loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka._base.deadline import Deadline
from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka._base.loop_check import check_own_loop
from kafka._base.observer import Observer
from kafka._base.system import SystemClock
from kafka.admin import arguments
from kafka.admin.deleted_topics import DeletedTopics
from kafka.admin.operations.brokers import ListBrokers
from kafka.config.admin import AdminConfig
from kafka.config.foreign_names import refuse_positional
from kafka.errors import IllegalStateError, KafkaError
from kafka.metrics.sensors import ClientSensors
from kafka.net.security import prepare

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
    from typing import TypeVar

    from kafka.admin.operation import Fallback, K, Operation, Outcome, V, Verdicts
    from kafka.admin.runner import CallRunner
    from kafka.metrics.sensors import Values
    from kafka.net.network_client import NetworkClient

    T = TypeVar("T")

log = logger("kafka.admin")

_CLOSED: Final = "the admin client is closed; make a new one"
_WHOLE_CLUSTER: Final = "cluster"
# Seconds of refused connections after which a broker does not count among those that can answer a
# question to all. Metadata may name it for longer: brokers notice a dead one after 9 s by default.
_UNREACHABLE_AFTER: Final = 1.0


def options_of(client: str, given: Sequence[object], configs: Mapping[str, object]) -> AdminConfig:
    """Return the checked options of a face.

    Args:
        client: name of its class.
        given: positional arguments, of which it takes none.
        configs: keyword arguments.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: positional arguments, or a value of the wrong type.
    """
    refuse_positional(client, given, AdminConfig.OPTIONS)
    return AdminConfig.from_kwargs(configs)


class _Running(NamedTuple):
    """What a client has between its start and its end."""

    net: NetworkClient
    runner: CallRunner


class Admin:
    """An admin client without the calls of its faces.

    Args:
        name: class of the face, for messages.
        options: the checked options.

    Attributes:
        options: as given.
        config: the same as a dict.
        closed: whether the client takes no more calls.
        deleted_topics: what this client has deleted lately.
        security: secures the connections.
    """

    def __init__(self, name: str, options: AdminConfig) -> None:
        # Most of what importing a client would cost. It is needed when one is made; not later,
        # because `start` runs on the event loop of the application.
        from kafka.admin.runner import CallRunner  # noqa: PLC0415
        from kafka.net.network_client import NetworkClient  # noqa: PLC0415

        self._make_network = NetworkClient.for_client
        self._make_runner = CallRunner
        self._name = name
        self.security = prepare(options)
        self._sensors = (
            ClientSensors(options, SystemClock(), options.metric_group_prefix)
            if options.metrics_enabled
            else None
        )
        self._parts: _Running | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._said: set[str] = set()
        self.options = options
        self.config = options.as_client_config()
        self.closed = False
        self.deleted_topics = DeletedTopics()

    def __repr__(self) -> str:
        """Return a status line."""
        facts = [self.state.lower()]
        if self._parts is not None and not self.closed:
            brokers = len(self._parts.net.cluster.snapshot.brokers)
            facts.append("1 broker" if brokers == 1 else f"{brokers} brokers")
        return f"<{self._name} {self.options.client_id!r} {', '.join(facts)}>"

    @property
    def state(self) -> str:
        """``NEW``, ``OPEN`` or ``CLOSED``."""
        return "CLOSED" if self.closed else "OPEN" if self._parts else "NEW"

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find the cluster; on the loop that owns the client from now on.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
            IllegalStateError: it was started before.
        """
        if self._parts is not None or self.closed:
            raise IllegalStateError("the admin client was started before; make a new one")
        self._loop = asyncio.get_running_loop()
        net = self._make_network(
            self.options.network(), self._sensors or Observer(), security=self.security
        )
        self._parts = _Running(net, self._make_runner(net, self.options))
        try:
            timeout = self.options.bootstrap_timeout
            await net.start(Deadline.after(net.runtime.clock.now(), timeout))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; calls that wait for answers end with `IllegalStateError`."""
        self.closed = True
        parts, self._parts = self._parts, None
        try:
            if parts is not None:
                await parts.net.close()
        finally:
            if self._sensors is not None:
                self._sensors.close()

    @property
    def net(self) -> NetworkClient:
        """The network; raises `IllegalStateError` if the client does not run."""
        return self._running.net

    @property
    def _running(self) -> _Running:
        if self._parts is None:
            not_yet = "the admin client is not started: use `async with` or await start()"
            raise IllegalStateError(_CLOSED if self.closed else not_yet)
        return self._parts

    def check_loop(self) -> None:
        """Raise `IllegalStateError` if the client runs on another loop than this call does."""
        if self._loop is not None and not self.closed:
            check_own_loop(self._name, self._loop)

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return None if self._sensors is None else self._sensors.metrics(raw)

    def is_new(self, text: str) -> bool:
        """Return whether the user has not been told *text* before; any thread."""
        if text in self._said:
            return False
        self._said.add(text)
        return True

    def say_once(self, text: str) -> None:
        """Log *text*, for whoever comes from an earlier release, unless that was done before."""
        if self.is_new(text):
            log.info("client=%s %s", self.options.client_id, text)

    # -- calls -------------------------------------------------------------------------------

    def deadline(self, timeout_ms: object = None) -> Deadline:
        """Return when a call has to end.

        Args:
            timeout_ms: what the user gave; ``None`` for ``default_api_timeout_ms``.

        Raises:
            TypeError, ValueError: it is no time-out.
            IllegalStateError: the client is closed, or not started.
        """
        now = self.net.runtime.clock.now()
        timeout = arguments.seconds("timeout_ms", timeout_ms, self.options.default_api_timeout)
        return Deadline.after(now, timeout)

    def share_of(self, deadline: Deadline, share: float) -> Deadline:
        """Return when *share* of the time until *deadline* is over."""
        now = self.net.runtime.clock.now()
        return Deadline.after(now, deadline.remaining(now) * share)

    async def run(
        self,
        operation: Operation[K, V],
        keys: Iterable[K],
        deadline: Deadline,
        *,
        fallbacks: Sequence[Fallback[K, V]] = (),
    ) -> Outcome[K, V]:
        """Ask about *keys*; see `kafka.admin.runner.CallRunner.run`.

        Args:
            operation: what to ask.
            keys: about what.
            deadline: when to give up.
            fallbacks: what to ask instead about keys whose error says so, by default because their
                broker is too old.
        """
        return await self._running.runner.run(operation, keys, deadline, fallbacks=fallbacks)

    async def run_in_parts(
        self,
        operation: Operation[K, V],
        keys: Iterable[K],
        deadline: Deadline,
        go_on: Callable[[Outcome[K, V]], Coroutine[Any, Any, T]],  # Any: unused
        *,
        fallbacks: Sequence[Fallback[K, V]] = (),
    ) -> tuple[Outcome[K, V], list[T]]:
        """Ask about *keys*, and do what depends on the answers.

        It is done once for all keys, or if a node is silent first for those that have an answer:
        what they wait for is not the call's whole time.

        Args:
            operation: what to ask.
            keys: about what.
            deadline: when to give up.
            go_on: takes the outcome of some keys; each key is in one.
            fallbacks: see `run`.

        Returns:
            What came of all keys, and what *go_on* has returned.
        """
        following: list[asyncio.Task[T]] = []

        def start(part: Outcome[K, V]) -> None:
            following.append(asyncio.ensure_future(go_on(part)))

        try:
            outcome = await self._running.runner.run(
                operation, keys, deadline, fallbacks=fallbacks, on_part=start
            )
            if following:  # an error of one does not end the others
                await asyncio.wait(following)
            return outcome, [task.result() for task in following]
        finally:
            for task in following:
                task.add_done_callback(mark_retrieved)
                task.cancel()

    async def run_everywhere(
        self,
        operation: Operation[int, V],
        deadline: Deadline,
        brokers: Iterable[int] | None = None,
        *,
        patience: float | None = None,
    ) -> Outcome[int, V]:
        """Ask every broker; what one that is away or silent would say is not waited for.

        Args:
            operation: what to ask; its keys are node ids.
            deadline: when to give up.
            brokers: those to ask; ``None`` for all that are in the cluster.
            patience: seconds after which a broker is given up; ``None`` for
                ``request_timeout_ms``.
        """
        clock = self.net.runtime.clock
        seconds = self.options.request_timeout if patience is None else patience
        last = Deadline.after(clock.now(), seconds)
        if brokers is None:
            found = await self.run(ListBrokers(), [_WHOLE_CLUSTER], deadline)
            for error in found.errors.values():
                raise error
            brokers = found.results[_WHOLE_CLUSTER]
        # Also if it took long to find out which brokers there are, each has some time to answer.
        last = max(last, Deadline.after(clock.now(), seconds / 2))
        return await self._running.runner.run(
            operation, brokers, min(deadline, last), unreachable_after=_UNREACHABLE_AFTER
        )

    async def until(
        self,
        deadline: Deadline,
        attempt: Callable[[], Awaitable[T | KafkaError]],
        verdicts: Verdicts,
    ) -> T | KafkaError:
        """Repeat *attempt* with the shared back-off; see `kafka.net.retrying.Retrying.until`."""
        return await self.net.retrying.until(deadline, attempt, verdicts)
