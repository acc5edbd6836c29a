"""The life of a consumer on an event loop: made, started, woken, closed."""

from __future__ import annotations

import asyncio
import warnings
from functools import wraps
from typing import TYPE_CHECKING, ClassVar, Concatenate, ParamSpec, Self, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka._base.system import SystemClock
from kafka.config.consumer import ConsumerConfig
from kafka.consumer import arguments
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.handout import Handout
from kafka.consumer.records import RecordReader
from kafka.errors import IllegalStateError, WakeupError
from kafka.metrics.sensors import ConsumerSensors
from kafka.serializer.adapt import adapt_deserializer
from kafka.subscription import SubscriptionState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.consumer.core import ConsumerCore
    from kafka.metrics.sensors import Values

P = ParamSpec("P")
T = TypeVar("T")
L = TypeVar("L", bound="ConsumerLife")

_WOKEN = "the call was ended by wakeup()"


def wakeable(
    method: Callable[Concatenate[L, P], Coroutine[None, None, T]],
) -> Callable[Concatenate[L, P], Coroutine[None, None, T]]:
    """Have `wakeup` end the coroutine, and refuse it while the consumer is not open."""

    @wraps(method)
    async def call(self: L, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._wakeable_call(method(self, *args, **kwargs))

    return call


class ConsumerLife(Handout):
    """What every consumer on an event loop has; see `AsyncKafkaConsumer`."""

    # The blocking face has its own way to tell. Class attributes, because a consumer whose options
    # are refused is collected before it has any others.
    warn_unclosed: bool = True
    _core_or_none: ConsumerCore | None = None

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: object) -> None:
        self._settings = settings = ConsumerConfig.from_kwargs(configs)
        self.config = settings.as_dict()
        self._sensors = (
            ConsumerSensors(settings, SystemClock(), settings.metric_group_prefix)
            if settings.metrics_enabled
            else None
        )
        self._observer = self._sensors or Observer()
        self._subscription = SubscriptionState()
        self._buffer = FetchBuffer(settings.read_ahead, self._on_space_available)
        self._buffer.on_change(self._note_change)
        self._reader = RecordReader(
            self._buffer,
            deserialize_key=adapt_deserializer(
                settings.key_deserializer, option="key_deserializer"
            ),
            deserialize_value=adapt_deserializer(
                settings.value_deserializer, option="value_deserializer"
            ),
            observer=self._observer,
        )
        self._closed = False
        self._calls: set[asyncio.Task[object]] = set()
        self._woken: set[asyncio.Task[object]] = set()
        if topics:
            self._subscription.subscribe(topics)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self._closed else "OPEN" if self._core_or_none else "NEW"
        return f"<{type(self).__name__} {self._settings.client_id} {state} {self._subscription!r}>"

    def __del__(self) -> None:
        """Warn about a consumer that was started and never closed."""
        if self.warn_unclosed and self._core_or_none is not None and not self._closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find a broker and begin.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        if self._core_or_none is not None or self._closed:
            raise IllegalStateError(f"{self!r} can be started once only")
        # A third of what importing a client would cost; it is needed when one is made.
        from kafka.consumer.core import ConsumerCore  # noqa: PLC0415
        from kafka.net.network_client import NetworkClient  # noqa: PLC0415

        settings = self._settings
        client = NetworkClient.for_client(settings.network(), self._observer)
        clock = client.runtime.clock
        core = ConsumerCore(
            settings,
            client,
            self._subscription,
            self._buffer,
            client.runtime,
        )
        self._core_or_none = core
        try:
            await core.start(Deadline.after(clock.now(), settings.bootstrap_timeout))
        except BaseException:
            self._closed = True
            await core.close(Deadline.after(clock.now(), 0.0))
            raise

    async def close(self, autocommit: bool = True, timeout_ms: float | None = None) -> None:
        """Stop reading and free all resources; calling it again does nothing.

        Args:
            autocommit: commit positions first, if the consumer is in a group.
            timeout_ms: how long to wait for brokers, in ms; ``None`` for ``request_timeout_ms``.
        """
        del autocommit  # without a group there is nothing to commit
        if self._closed:
            return
        self._closed = True
        self._note_change()
        core = self._core_or_none
        if core is None:
            self._buffer.close()
            return
        timeout = arguments.api_timeout(timeout_ms, self._settings.request_timeout)
        await core.close(Deadline.after(core.clock.now(), timeout))
        if self._sensors is not None:
            self._sensors.close()

    async def stop(self) -> None:
        """Close the consumer (aiokafka's name)."""
        await self.close()

    async def __aenter__(self) -> Self:
        """Start and return the consumer."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the consumer, without committing after an exception."""
        await self.close(autocommit=kind is None)

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread.

        Not ended are calls that do not wait, such as `pause`, and `close`.
        """
        self._buffer.wake()
        core = self._core_or_none
        if core is not None:
            core.post(self._wake_calls)

    def _wake_calls(self) -> None:
        for task in self._calls:
            self._woken.add(task)
            task.cancel()
        if self._calls:
            self._buffer.take_wakeup()

    async def _wakeable_call(self, work: Coroutine[None, None, T]) -> T:
        task = asyncio.current_task()
        try:
            self._check_open()
            self._raise_wakeup()
        except BaseException:
            work.close()
            raise
        if task is None:
            return await work
        self._calls.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._woken and task.uncancel() == 0:
                raise WakeupError(_WOKEN) from None
            raise
        finally:
            self._calls.discard(task)
            self._woken.discard(task)

    def _raise_wakeup(self) -> None:
        if self._buffer.take_wakeup():
            raise WakeupError(_WOKEN)

    def _check_open(self) -> ConsumerCore:
        if self._closed:
            raise IllegalStateError(f"{type(self).__name__} is closed")
        core = self._core_or_none
        if core is None:
            raise IllegalStateError(
                f"{type(self).__name__} is not started: use 'async with' or await start()"
            )
        core.client.supervisor.check()
        return core

    @property
    def _core(self) -> ConsumerCore:
        return self._check_open()

    def _on_space_available(self) -> None:
        core = self._core_or_none
        if core is not None and not self._closed:
            core.on_space_available()

    def _deadline(self, timeout_ms: float | None) -> Deadline:
        timeout = arguments.api_timeout(timeout_ms, self._settings.default_api_timeout)
        return Deadline.after(self._core.clock.now(), timeout)

    def bootstrap_connected(self) -> bool:
        """Return whether a bootstrap server has answered and the consumer is still open."""
        core = self._core_or_none
        return core is not None and not self._closed and bool(core.client.snapshot.brokers)

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return None if self._sensors is None else self._sensors.metrics(raw)

    # -- for the blocking face -------------------------------------------------------------

    @property
    def settings(self) -> ConsumerConfig:
        """The checked options."""
        return self._settings

    @property
    def api_timeout(self) -> float:
        """Seconds a call may take that was given no time-out."""
        return self._settings.default_api_timeout

    @property
    def cluster(self) -> ClusterMetadata:
        """What is known of the cluster."""
        return self._core.client.cluster

    @property
    def _metadata(self) -> ClusterMetadata:
        """What is known of the cluster; instrumentation reads its ``controller``."""
        return self.cluster

    @property
    def subscription_state(self) -> SubscriptionState:
        """What is read."""
        return self._subscription

    def border(self) -> tuple[FetchBuffer, RecordReader]:
        """Return what a face on another thread polls from."""
        return self._buffer, self._reader

    def activate(self) -> None:
        """Begin to fetch, as the first poll does."""
        self._core.activate()
