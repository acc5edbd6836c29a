"""What a consumer does on its event loop; both faces stand on it.

`ConsumerCore` puts the parts together and carries out what the pure machines decide: who owns which
partitions (`Membership`), and where each of them is read (`PositionMachine`). Every method runs on
the loop, unless it says otherwise.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kafka._base.drive import Driver
from kafka._base.signal import Signal
from kafka._base.wake_ups import WakeUps
from kafka.consumer.broker_questions import BrokerQuestions
from kafka.consumer.fetch_settings import fetch_settings
from kafka.consumer.fetcher import Fetcher
from kafka.consumer.group_entry import GroupHooks
from kafka.consumer.health_report import HealthReport
from kafka.consumer.leader_hedge import LeaderHedge
from kafka.consumer.offset_lookup import OffsetLookup
from kafka.consumer.position_actions import CheckEpochs, Fail, ListOffsets, Start
from kafka.consumer.position_requests import PositionRequests
from kafka.consumer.positions import PositionMachine, PositionSettings
from kafka.consumer.posted_seeks import PostedSeeks
from kafka.consumer.shared import CLOSED
from kafka.coordinator.groupless import GrouplessMembership
from kafka.coordinator.membership import (
    Assign,
    LeaveMode,
    RaiseFromPoll,
    RequestMetadata,
    SetHold,
    WantTopics,
)
from kafka.errors import IllegalStateError, KafkaError
from kafka.subscription import FetchState, Hold, OffsetReset

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.commit_part import CommitPart
    from kafka.consumer.fetch_health import PartitionHealth
    from kafka.consumer.fetch_planner import Reason
    from kafka.consumer.group_entry import EnterGroup
    from kafka.consumer.group_part import GroupPart
    from kafka.consumer.posted_seeks import Seek
    from kafka.consumer.shared import Shared
    from kafka.coordinator.membership import Membership
    from kafka.net.network_client import NetworkClient
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState


class ConsumerCore:
    """A consumer without the user's side.

    Args:
        config: the options.
        client: the network, not started yet.
        shared: what the loop shares with the application's side.
        runtime: the surroundings.
        enter: makes what takes part in the group, with a ``group_id``.

    Attributes:
        commits: offsets in the group, ``None`` without ``group_id``.
        loop: the event loop that all of it runs on.
        group: membership in a group, ``None`` without ``group_id``.
        questions: what can be asked of brokers about topics and offsets.
        posted_seeks: seeks of a thread that does not wait for the loop.
        changed: notified when a poll, or a wait for a position, should look at the buffer again.
    """

    def __init__(
        self,
        config: ConsumerConfig,
        client: NetworkClient,
        shared: Shared,
        runtime: Runtime,
        enter: EnterGroup | None = None,
    ) -> None:
        subscriptions, buffer = shared.subscriptions, shared.buffer
        self.client = client
        self.clock = runtime.clock
        self._config = config
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._tasks = shared.tasks
        self._runtime = runtime
        self._wake_ups = WakeUps(partial(self.post, self._on_space_available))
        self._active = False
        self._refusal: KafkaError | None = None
        self.loop = asyncio.get_running_loop()
        self.changed = Signal(self.loop)
        backoff = config.backoff
        self._groupless = GrouplessMembership(
            subscriptions,
            exclude_internal=config.exclude_internal_topics,
            backoff=backoff,
            uniform=runtime.uniform,
        )
        self._positions = PositionMachine(
            subscriptions, buffer, self._position_settings(backoff), runtime.uniform
        )
        self.commits: CommitPart | None
        self.group: GroupPart | None
        self.commits, self.group = self._enter(enter, shared)
        self._leaders = LeaderHedge(client, config.request_timeout)
        self._lookup = OffsetLookup(
            client,
            self._leaders,
            isolation_level=config.isolation,
            request_timeout=config.request_timeout,
        )
        self.questions = BrokerQuestions(config, client, self._lookup)
        self.posted_seeks = PostedSeeks(buffer, self.post, self.seek)
        commits = () if self.commits is None else self.commits.machines
        group = () if self.group is None else (self.group,)
        self._driver = Driver((self._groupless, *group, *commits, self._positions), runtime)
        self._fetcher = Fetcher(
            client,
            subscriptions,
            buffer,
            self._positions,
            fetch_settings(config, backoff),
            run_positions=self._driver.run_now,
            runtime=runtime,
        )
        self._health = HealthReport(
            subscriptions, buffer, self.reason, creates=config.allow_auto_create_topics
        )
        self._driver.register(self._performers())
        buffer.watch(self.changed.notify_threadsafe)
        buffer.watch_tasks(shared.tasks.waiting)
        client.on_metadata.append(self._on_metadata)
        client.metadata.on_refusal.append(self._on_refusal)
        client.supervisor.on_failure.append(self._on_client_failure)

    def _enter(
        self, enter: EnterGroup | None, shared: Shared
    ) -> tuple[CommitPart, GroupPart] | tuple[None, None]:
        if enter is None:
            return None, None
        hooks = GroupHooks(
            run_machines=lambda: self._driver.run_now(),  # noqa: PLW0108 - there is none yet
            on_left=self._on_left,
        )
        return enter(self._config, self.client, shared, hooks)

    def _position_settings(self, backoff: ExponentialBackoff) -> PositionSettings:
        config, tasks, hook = self._config, self._tasks, self._config.on_offset_reset
        return PositionSettings(
            OffsetReset.of(config.auto_offset_reset, config.reset_duration),
            config.request_timeout,
            backoff,
            in_group=config.group_id is not None,
            on_reset=None if hook is None else lambda *reset: tasks.tell(partial(hook, *reset)),
        )

    def _performers(self) -> dict[type, Callable[..., None]]:
        requests = PositionRequests(
            self.client,
            self._leaders,
            self._lookup,
            self._positions,
            run_machine=self._driver.run_now,
            runtime=self._runtime,
        )
        return {
            WantTopics: self._want_topics,
            RequestMetadata: self._request_metadata,
            RaiseFromPoll: self._raise_from_poll,
            Assign: self._assign,
            Start: self._start_partition,
            Fail: self._fail_partition,
            SetHold: self._set_hold,
            ListOffsets: requests.list_offsets,
            CheckEpochs: requests.check_epochs,
            **({} if self.commits is None else self.commits.performers(self._positions)),
            **({} if self.group is None else self.group.performers()),
        }

    # -- life ------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Bootstrap, and apply the subscription made so far."""
        self.apply_subscription()
        await self.client.start(deadline)

    def on_user_poll(self) -> None:
        """React to the application asking for records, the first time or after a long while."""
        self._membership.on_user_poll(self.clock.now())
        if self.commits is not None:
            self.commits.on_user_poll(self.clock.now())
        self._positions.on_user_poll()
        self._driver.run_now()
        if not self._active:
            self._active = True
            self._fetcher.activate()

    async def close(self, deadline: Deadline, *, commits: bool) -> None:
        """Stop everything; what cannot be said to the brokers in time is not said.

        If the group has not been left yet, it is left without the application's side.

        Args:
            deadline: when to give up.
            commits: whether what was consumed is committed, if the options say so.
        """
        if self.client.supervisor.failure is None:
            self._buffer.call_attention()  # the poll that waits finds the consumer closed
            if self.group is not None:
                await self._leave_alone(self.group, deadline, commits=commits)
            if self.commits is not None:
                await self.commits.close(deadline, consumed=commits)
        self._buffer.close()
        self._driver.close()
        self._abandon_commits(IllegalStateError(CLOSED))
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await self._fetcher.close()
        except TimeoutError:
            pass
        finally:
            await self.client.close()

    async def _leave_alone(self, group: GroupPart, deadline: Deadline, *, commits: bool) -> None:
        self._tasks.desert()
        group.leave(LeaveMode.DEFAULT, CLOSED, deadline, commits=commits)
        while not group.is_over and self.client.supervisor.failure is None:
            await self.changed.wait(deadline)

    def post(self, callback: Callable[[], object]) -> None:
        """Run *callback* on the loop soon; from any thread."""
        self._runtime.post(callback)

    def on_space_available(self) -> None:
        """React to what the application has taken, seen, paused or resumed; any thread."""
        self._wake_ups.ask()

    def _on_space_available(self) -> None:
        self._wake_ups.looking()
        now = self.clock.now()
        for tp in self._buffer.take_changes():
            state = self._subscriptions.assignment.get(tp)
            if state is None:
                continue
            state.set_hold(Hold.PAUSED, on=self._buffer.is_paused(tp))
            if state.failure is not None and not self._buffer.has_error(tp):
                self._positions.on_error_raised(state, now)
            if (passed := self._buffer.place_passed(tp)) is not None:
                self._positions.on_seek(state, *passed)
            self._fetcher.look_at(state)
        self._driver.run_now()
        self._fetcher.run_once()

    def _abandon_commits(self, error: KafkaError) -> None:
        if self.commits is not None:
            self.commits.abandon(error)

    def _on_client_failure(self, error: BaseException) -> None:
        self._buffer.fail(error)
        self._driver.close()
        self._abandon_commits(KafkaError(f"a background task failed: {error!r}"))
        self._fetcher.stop()

    # -- what the application wants --------------------------------------------------------

    @property
    def _membership(self) -> Membership:
        group = self.group
        return self._groupless if group is None or not group.is_in_charge else group

    def _on_left(self) -> None:
        self.set_assignment(())
        self._membership.on_subscription(self.clock.now())
        self.changed.notify()
        self._buffer.nudge()

    def apply_subscription(self) -> None:
        """Apply what the subscription says now."""
        self._membership.on_subscription(self.clock.now())
        self._driver.run_now()
        self._fetcher.run_once()

    def set_assignment(
        self, partitions: Iterable[TopicPartition], late: Collection[TopicPartition] = ()
    ) -> None:
        """Own exactly *partitions*: the one place that tells everybody, in this order.

        Args:
            partitions: those owned before keep their positions.
            late: those that appeared after the subscription.
        """
        assignment = self._subscriptions.new_assignment(partitions)
        # First: another thread may seek or pause what it finds assigned.
        self._buffer.assign(assignment)
        self._subscriptions.adopt(assignment)
        self._positions.on_assignment(late)
        self._fetcher.look_at_all()

    def seek(self, seeks: Iterable[Seek]) -> None:
        """Continue elsewhere with some partitions; those that are not assigned any more stay."""
        assignment = self._subscriptions.assignment
        for state, offset, leader_epoch in seeks:
            if assignment.get(state.tp) is state:
                # What the application has from the old place never counts, even if the new one is
                # the same: it wants the record in hand once more.
                self._buffer.leave(state, self._buffer.generation(state.tp))
                self._positions.on_seek(state, offset, leader_epoch)
        self._driver.run_now()
        self._fetcher.run_once()

    def seek_to(self, states: Collection[PartitionState], target: OffsetReset) -> None:
        """Look the positions of *states* up."""
        for state in states:
            self._positions.on_reset(state, target)
        self._driver.run_now()
        self._fetcher.run_once()

    def pause(self, states: Iterable[PartitionState], *, paused: bool) -> None:
        """Stop or resume the reading of *states*."""
        self.hold(states, Hold.PAUSED, on=paused)
        self._fetcher.run_once()

    def hold(self, states: Iterable[PartitionState], hold: Hold, *, on: bool) -> None:
        """Add *hold* to *states*, or remove it: for the buffer, the fetcher and the state."""
        for state in states:
            state.set_hold(hold, on=on)
            if on:
                self._buffer.hold(state.tp, hold)
            else:
                self._buffer.release(state.tp, hold)
            self._fetcher.look_at(state)

    async def position(self, tp: TopicPartition, deadline: Deadline) -> int | None:
        """Return the position of *tp* once there is a valid one; ``None`` if not in time.

        Raises:
            KafkaError: what keeps the partition from having a position.
        """
        if not self._active:
            self.on_user_poll()
        while True:
            state = self._subscriptions.assignment.get(tp)
            if state is None:
                return None
            if state.failure is not None:
                error = self._buffer.take_error_of(tp)
                if error is not None:
                    raise error
            position = self._buffer.position(tp)
            if position is not None and state.state is FetchState.FETCHING:
                return position
            if self._refusal is not None:
                raise self._refusal.with_traceback(None)
            if not await self.changed.wait(deadline):
                return None

    def reason(self, tp: TopicPartition) -> Reason | None:
        """Return why *tp* is not fetched; ``None`` if it can be."""
        return self._fetcher.reason(tp)

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading is going, by partition."""
        return self._health.by_partition(self.clock.now())

    # -- what the machines decide ----------------------------------------------------------

    def _on_refusal(self, error: KafkaError) -> None:
        """Let what waits raise the error of brokers that have all refused the client."""
        self._refusal = error
        self._buffer.put_refusal(error)
        if self.commits is not None:
            self.commits.refuse(error)
        self.changed.notify()

    def _on_metadata(self, snapshot: ClusterSnapshot) -> None:
        if self._refusal is not None:
            self._refusal = None
            self._buffer.put_refusal(None)
        now = self.clock.now()
        if self.group is not None:
            self.group.on_metadata(snapshot, now)
        if self._membership is self._groupless:
            self._groupless.on_metadata(snapshot, now)
        if self.commits is not None:
            self.commits.on_metadata(snapshot)
        self._positions.on_metadata(snapshot)
        self._driver.run_now()
        self._fetcher.look_at_all()
        self._fetcher.run_once()
        self._health.on_metadata(snapshot, now)

    def _want_topics(self, action: WantTopics) -> None:
        if action.topics is None:
            self.client.metadata.want_all()
        else:
            self.client.metadata.want_topics(action.topics)

    def _request_metadata(self, _: RequestMetadata) -> None:
        self.client.metadata.request_update()

    def _raise_from_poll(self, action: RaiseFromPoll) -> None:
        self._buffer.put_topic_error(action.topic, action.error)

    def _assign(self, action: Assign) -> None:
        self.set_assignment(action.partitions, action.late)

    def _start_partition(self, action: Start) -> None:
        state = self._subscriptions.assignment.get(action.tp)
        if state is not None:
            self._buffer.restart(action.tp, state.generation, action.offset, action.leader_epoch)
            self._fetcher.look_at(state)

    def _fail_partition(self, action: Fail) -> None:
        state = self._subscriptions.assignment.get(action.tp)
        if state is not None:
            self._buffer.put_error(action.tp, state.generation, action.error)
            self._fetcher.look_at(state)
            self._health.on_failure(action.tp, action.error, self.clock.now())

    def _set_hold(self, action: SetHold) -> None:
        found = map(self._subscriptions.assignment.get, action.partitions)
        self.hold((state for state in found if state is not None), action.hold, on=action.on)
        # A wait for a position ends when it has been validated.
        self.changed.notify()
