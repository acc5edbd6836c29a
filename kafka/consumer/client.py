"""What both faces of a consumer own: its configuration, its parts, and its life.

`AsyncKafkaConsumer` lives on the event loop of the application, `KafkaConsumer` on a thread of its
own; each *has* a `ConsumerClient`. The calls that they offer are in `kafka.consumer.calls`,
the work on the loop is that of `kafka.consumer.core`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka._base.loop_check import check_own_loop
from kafka._base.observer import Observer
from kafka._base.system import SystemClock
from kafka._base.waiting import bounded
from kafka.config.consumer import ConsumerConfig
from kafka.config.foreign_names import refuse_positional
from kafka.consumer import arguments
from kafka.consumer.commit_reports import CommitReports
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.fetch_collector import FetchCollector, RecordCursor
from kafka.consumer.poll_times import PollTimes
from kafka.consumer.record_decoder import RecordDecoder
from kafka.consumer.rejected_records import RejectedRecords
from kafka.consumer.shared import CLOSED, Shared
from kafka.consumer.status_line import status_line
from kafka.consumer.user_tasks import UserTasks
from kafka.consumer.wakeable_calls import WOKEN, WakeableCalls
from kafka.errors import IllegalStateError, WakeupError
from kafka.metrics.group_sensors import GroupConsumerSensors
from kafka.net.security import prepare
from kafka.serializer.adapt import adapt_deserializer
from kafka.subscription import Hold, SubscriptionState, SubscriptionType

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.consumer.core import ConsumerCore
    from kafka.consumer.group_entry import EnterGroup
    from kafka.coordinator.membership import LeaveMode
    from kafka.subscription import PartitionState

T = TypeVar("T")

log = logger(__name__)

_NO_SOURCE: Final = "call subscribe() or assign() first"


def settings_of(
    client: str, topics: tuple[object, ...], configs: Mapping[str, object]
) -> ConsumerConfig:
    """Return the checked options of a face.

    Args:
        client: name of its class.
        topics: its positional arguments.
        configs: its keyword arguments.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: options among *topics*, or a value of the wrong type.
    """
    mappings = [topic for topic in topics if isinstance(topic, Mapping)]
    refuse_positional(client, mappings, ConsumerConfig.OPTIONS)
    settings = ConsumerConfig.from_kwargs(configs)
    # For their errors, which come from the constructor like all others.
    adapt_deserializer(settings.key_deserializer, option="key_deserializer")
    adapt_deserializer(settings.value_deserializer)
    if settings.group_id is not None:
        # Needed in groups only, and then before the start.
        from kafka.consumer.choose_membership import check_assignors  # noqa: PLC0415

        check_assignors(settings)
    return settings


def _entry(settings: ConsumerConfig) -> EnterGroup | None:
    """Return what makes the parts of the core that take part in a group, if there is one."""
    if settings.group_id is None:
        return None
    from kafka.consumer.enter_group import enter_group  # noqa: PLC0415

    return enter_group


class ConsumerClient:
    """A consumer without the calls of its faces.

    Args:
        name: class of the face, for messages.
        topics: names of topics to subscribe to.
        settings: the checked options.

    Attributes:
        settings: as given.
        config: the same as a dict.
        sensors: what is measured, ``None`` with ``metrics_enabled=False``.
        subscription: what to read.
        buffer: the fetched data.
        collector: takes records out of the buffer.
        cursor: the place of the application among them.
        reports: outcomes of commits for the application.
        tasks: what the loop asks of the application's side.
        polls: when the application polled.
        core_or_none: what runs on the loop, ``None`` before the start.
        closed: whether the consumer was closed, or could not start.
        security: secures the connections.
    """

    def __init__(self, name: str, topics: tuple[str, ...], settings: ConsumerConfig) -> None:
        # A third of what importing a client would cost. It is needed when one is made; not later,
        # because `start` runs on the event loop of the application.
        from kafka.consumer.core import ConsumerCore  # noqa: PLC0415
        from kafka.net.network_client import NetworkClient  # noqa: PLC0415

        self._enter_group = _entry(settings)
        self._make_core = ConsumerCore
        self._make_network = NetworkClient.for_client
        self._name = name
        self.settings = settings
        self.config = settings.as_client_config()
        self.security = prepare(settings)
        self.subscription = subscription = SubscriptionState()
        self.sensors = (
            GroupConsumerSensors(
                settings,
                SystemClock(),
                settings.metric_group_prefix,
                assigned=lambda: len(subscription.assignment),
            )
            if settings.metrics_enabled
            else None
        )
        self._observer = self.sensors or Observer()
        self.buffer = FetchBuffer(settings.read_ahead, self._on_space_available)
        decoder = RecordDecoder(
            deserialize_key=adapt_deserializer(
                settings.key_deserializer, option="key_deserializer"
            ),
            deserialize_value=adapt_deserializer(
                settings.value_deserializer, option="value_deserializer"
            ),
            rejected=RejectedRecords(settings.on_deserialize_error, settings.client_id),
        )
        self.collector = FetchCollector(self.buffer, decoder, self._observer)
        self.cursor = RecordCursor(self.buffer, self.collector)
        self.reports = CommitReports(self.buffer.call_attention)
        self.closed = False
        self.core_or_none: ConsumerCore | None = None
        self.tasks = UserTasks(self.buffer.nudge)
        self.polls = PollTimes(
            math.inf if settings.group_id is None else settings.max_poll_interval / 2
        )
        self._warned = False
        self._closing: asyncio.Task[None] | None = None
        self._wakeable = WakeableCalls(self.buffer)
        if topics:
            self.subscription.subscribe(topics)

    def __repr__(self) -> str:
        """Return a status line; any thread."""
        core = self.core_or_none
        commits = None if core is None or self.closed else core.commits
        return status_line(
            self._name,
            self.settings.client_id,
            self.state,
            None if commits is None else commits.group_metadata(),
            [self.lag(state) for state in self.subscription.assignment],
        )

    @property
    def state(self) -> str:
        """``NEW``, ``OPEN`` or ``CLOSED``."""
        return "CLOSED" if self.closed else "OPEN" if self.core_or_none else "NEW"

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find a broker and begin, on the running loop.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
            IllegalStateError: the consumer was started before.
        """
        if self.core_or_none is not None or self.closed:
            raise IllegalStateError(f"{self!r} can be started once only")
        settings = self.settings
        network = self._make_network(
            settings.network(),
            self._observer,
            longest_poll=settings.fetch_max_wait,
            security=self.security,
        )
        clock = network.runtime.clock
        core = self._make_core(
            settings,
            network,
            Shared(self.subscription, self.buffer, self.tasks, self.polls, self.reports),
            network.runtime,
            self._enter_group,
        )
        self.core_or_none = core
        try:
            await core.start(Deadline.after(clock.now(), settings.bootstrap_timeout))
        except BaseException:
            self.closed = True
            await self.finish_close(0.0, commits=False)
            raise

    def begin_close(self) -> bool:
        """Refuse calls from now on; return False if they were refused before; any thread."""
        if self.closed:
            return False
        self.closed = True
        # A wake-up is for calls before this one: it must not end a commit of the listener.
        self.buffer.take_wakeup()
        return True

    async def finish_close(self, seconds: float, *, commits: bool = True) -> None:
        """Free all resources, after `begin_close`; brokers get so many *seconds* to answer.

        The work is done once, in a task of its own. A caller that is cancelled leaves it running,
        and the next call waits for what is left of it. With *commits*, it begins by committing what
        was consumed, if the options say so.
        """
        closing = self.begin_free(seconds, commits=commits)
        if not closing.done():
            await asyncio.shield(closing)

    def begin_free(self, seconds: float, *, commits: bool) -> asyncio.Task[None]:
        """Begin to free all resources, once; return the task that does it."""
        if self._closing is None:
            self._closing = asyncio.create_task(
                self._free(seconds, commits=commits), name="kafka-close"
            )
            self._closing.add_done_callback(mark_retrieved)  # the caller may be gone
        return self._closing

    async def _free(self, seconds: float, *, commits: bool) -> None:
        core = self.core_or_none
        try:
            if core is None:
                self.buffer.close()
            else:
                await core.close(Deadline.after(core.clock.now(), seconds), commits=commits)
        finally:
            if self.sensors is not None:
                self.sensors.close()

    def lag(self, state: PartitionState) -> int | None:
        """Return how many records of a partition are still to be returned; any thread.

        Returns:
            ``None`` before the first fetch.
        """
        end = state.high_watermark
        if self.settings.isolation and state.last_stable_offset is not None:
            end = state.last_stable_offset
        position = self.buffer.position(state.tp)
        return None if end is None or position is None else max(end - position, 0)

    # -- checks ----------------------------------------------------------------------------

    def check_not_closed(self) -> None:
        """Raise `IllegalStateError` if the consumer was closed.

        A rebalance listener that closing calls may use the consumer, to commit for example.
        """
        if self.closed and (self._closing is not None or not self.tasks.is_running):
            raise IllegalStateError(f"{self._name} is closed")

    def check_open(self) -> ConsumerCore:
        """Return the core.

        Raises:
            IllegalStateError: the consumer is closed or not started.
            KafkaError: a background task has failed.
        """
        self.check_not_closed()
        core = self.core
        core.client.supervisor.check()
        return core

    @property
    def core(self) -> ConsumerCore:
        """What runs on the loop, also after the consumer was closed.

        Raises:
            IllegalStateError: the consumer was never started.
        """
        core = self.core_or_none
        if core is None:
            raise IllegalStateError(
                f"{self._name} is not started: use 'async with' or await start()"
            )
        return core

    def check_loop(self) -> None:
        """Raise `IllegalStateError` if the consumer runs on another loop than this call does."""
        core = self.core_or_none
        if core is not None:
            check_own_loop(self._name, core.loop)

    def deadline(self, timeout_ms: float | None) -> Deadline:
        """Return when a call ends; ``None`` stands for ``default_api_timeout_ms``.

        A call of the rebalance listener must not keep the consumer from leaving in time.
        """
        core = self.core
        timeout = arguments.api_timeout(timeout_ms, self.settings.default_api_timeout)
        now = core.clock.now()
        if core.group is not None:
            timeout = core.group.time_for(timeout, now)
        return Deadline.after(now, timeout)

    def _on_space_available(self) -> None:
        core = self.core_or_none
        if core is not None and not self.closed:
            core.on_space_available()

    # -- the group -------------------------------------------------------------------------

    @property
    def is_member(self) -> bool:
        """Whether there is a group to leave, and a way to do it; any thread."""
        core = self.core_or_none
        if core is None or core.group is None or core.client.supervisor.failure is not None:
            return False
        return not core.group.is_over

    @property
    def is_leaving(self) -> bool:
        """Whether the group is being left at this moment; any thread."""
        core = self.core_or_none
        return (
            self.is_member
            and core is not None
            and core.group is not None
            and (core.group.is_leaving)
        )

    @property
    def owes_calls(self) -> bool:
        """Whether the group is being left, or the listener is yet to hear how that ended."""
        core = self.core_or_none
        return self.is_leaving or (
            core is not None and core.group is not None and bool(self.tasks.waiting)
        )

    def has_news_of_leaving(self) -> bool:
        """Return whether the application's side has something to do, or to wait for no more."""
        return bool(self.tasks.waiting) or not self.is_leaving

    async def end_calls(self) -> None:
        """End the calls that wait in other threads, and polls: the consumer is closed."""
        self.buffer.nudge()
        self._wakeable.end(IllegalStateError(f"{self._name} is closed"))

    async def go_on_alone(self) -> None:
        """Have the application's side asked nothing any more; on the loop."""
        self.tasks.desert()

    async def leave(self, mode: LeaveMode, seconds: float, *, commits: bool) -> None:
        """Begin to leave the group because the consumer is closed; on the loop.

        Args:
            mode: whether the group is told.
            seconds: until it has to be over.
            commits: whether positions are committed if the options say so.
        """
        core = self.core
        if core.group is not None:
            deadline = Deadline.after(core.clock.now(), seconds)
            core.group.leave(mode, CLOSED, deadline, commits=commits)

    # -- polls -----------------------------------------------------------------------------

    def note_poll(self, now: float) -> None:
        """Note that the application asks for records; tell the loop if it may wait for that."""
        core, polls = self.core_or_none, self.polls
        if core is None:
            return
        if now >= polls.vouched_until:
            self._doubt(core)
        if now - polls.last >= polls.told_after:
            core.post(core.on_user_poll)
        # Last: a signal handler may raise in front of it.
        polls.last = now

    def _doubt(self, core: ConsumerCore) -> None:
        """Hand nothing out until the loop, which did not run for long, knows who owns it by now."""
        # Noted before and after: should a signal handler raise in between, the loop finds it.
        self.polls.doubted = True
        try:
            for tp in self.subscription.assignment.partitions:
                self.buffer.hold(tp, Hold.DOUBTED)
        finally:
            self.polls.doubted = True
            core.post(core.on_user_poll)

    def collect_now(self, collect: Callable[[], T]) -> T:
        """Return what *collect* finds now, if nothing speaks against it; the thread that polls.

        A poll does this when it begins, and once more after it has waited. Both faces check the
        same things in the same order.

        Raises:
            IllegalStateError: the consumer is closed or not started.
            KafkaError: a background task has failed.
            WakeupError: `wakeup` was called.
        """
        core = self.core_or_none
        # Tested here, not in methods: a call costs more than the test, and each poll needs both.
        if self.closed or core is None or core.client.supervisor.failure is not None:
            core = self.check_open()
        if self.buffer.take_wakeup():
            raise WakeupError(WOKEN)
        if core.posted_seeks.waiting:
            core.posted_seeks.flush()
        if self.buffer.attention:
            self._attend(core)
        return collect()

    def _attend(self, core: ConsumerCore) -> None:
        """Do what waits for the application to come back."""
        self.buffer.take_attention()
        if core.commits is not None and core.commits.is_auto_due:
            self.cursor.mark_consumed()
            core.commits.commit_auto()
        self.reports.run()

    def check_source(self, remaining: float) -> None:
        """Say so if nothing is subscribed to or assigned, before a wait of *remaining* seconds.

        Raises:
            IllegalStateError: the wait would have no end.
        """
        endless = bounded(remaining) < remaining
        if endless and self.tasks.is_caller():
            raise IllegalStateError(
                "a rebalance listener waits without a time-out for records, which are withheld "
                "until it returns"
            )
        if self.subscription.type is not SubscriptionType.NONE:
            return
        if endless:
            raise IllegalStateError(f"nothing to wait for: {_NO_SOURCE}")
        if not self._warned:
            self._warned = True
            log.warning("%s has nothing to read: %s", self.settings.client_id, _NO_SOURCE)

    # -- wake-ups --------------------------------------------------------------------------

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread."""
        if self.closed:
            return
        self.buffer.wake()
        core = self.core_or_none
        if core is not None:
            core.post(self._wakeable.wake)

    async def run_call(self, work: Coroutine[None, None, T]) -> T:
        """Run *work* as a call that `wakeup` ends, and refuse it if the consumer is not open."""
        try:
            self.check_open()
        except BaseException:
            work.close()
            raise
        return await self._wakeable.run(work)
