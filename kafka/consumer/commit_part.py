"""What a core does about committed offsets; runs on the loop, unless a method says otherwise.

`CommitPart` stands between the calls of the application and `OffsetCommits`, which decides. It
carries out what that and `AutoCommit` decide, and looks committed offsets up.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka.consumer.commit_reports import CommitFuture
from kafka.consumer.committed_offsets import CommittedOffsets
from kafka.consumer.position_actions import FetchCommitted
from kafka.coordinator.auto_commit import AutoCommit, CallUser
from kafka.coordinator.commit_requests import AskRejoin, CommitKind, SendCommit, Settled
from kafka.coordinator.membership import GROUP, NO_GENERATION, FindCoordinator, MemberIdentity
from kafka.coordinator.offset_commits import OffsetCommits
from kafka.errors import KafkaError
from kafka.net.diagnosis import message_of
from kafka.structs import ConsumerGroupMetadata, MemberState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.deadline import Deadline
    from kafka._base.drive import Machine
    from kafka.cluster import ClusterSnapshot
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.commit_reports import CommitReports
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.positions import PositionMachine
    from kafka.coordinator.offset_fetch import FetchedOffset
    from kafka.net.coordinator_link import CoordinatorLink
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.messages.offset_commit import OffsetCommitResponse
    from kafka.structs import OffsetAndMetadata, TopicPartition
    from kafka.subscription import SubscriptionState

    Offsets = Mapping[TopicPartition, OffsetAndMetadata]
    Ended = Callable[[KafkaError | None], None]

log = logger(__name__)


class CommitPart:
    """The offsets of one consumer in its group.

    Args:
        group_id: the group.
        config: the options.
        client: the network.
        link: the way to the coordinator.
        subscriptions: who owns what.
        buffer: what was consumed.
        reports: where outcomes go that nobody waits for.
        backoff: between two attempts.
        run_machines: has all machines polled in this step.

    Attributes:
        identity: returns who commits, ``None`` while the consumer is no member of its group; by
            default somebody outside, who may commit while the group has no members.
        is_rebalancing: returns whether the member is on its way to an assignment; any thread.
        renews: returns whether a commit that is refused now may be taken soon; see
            `GroupMembership.renews`.
        on_rejoin: called with a reason when a commit has shown that a rebalance is due.
    """

    def __init__(
        self,
        group_id: str,
        config: ConsumerConfig,
        client: NetworkClient,
        link: CoordinatorLink,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        reports: CommitReports,
        *,
        backoff: ExponentialBackoff,
        run_machines: Callable[[], None],
    ) -> None:
        self._group_id = group_id
        self._config = config
        self._runtime = client.runtime
        self._clock = client.runtime.clock
        self._link = link
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._reports = reports
        self._run_machines = run_machines
        self._ended: dict[int, Ended] = {}
        self._callers: set[asyncio.Future[None]] = set()
        # Of the last commit by interval: its number, and what has kept it from arriving.
        self._auto_number = 0
        self._auto_problem: type[KafkaError] | None = None
        self._outsider = MemberIdentity(group_id, "", NO_GENERATION, None)
        self.identity: Callable[[], MemberIdentity | None] = lambda: self._outsider
        self.is_rebalancing: Callable[[], bool] = lambda: False
        self.renews: Callable[[], bool] = lambda: False
        self.on_rejoin: list[Callable[[str], None]] = []
        self._commits = OffsetCommits(
            group_id,
            subscriptions,
            lambda: self.identity(),  # noqa: PLW0108 - it is set later
            backoff,
            client.runtime.uniform,
            renews=lambda: self.renews(),  # noqa: PLW0108 - it is set later
        )
        self._auto = AutoCommit(config.auto_commit_interval) if config.enable_auto_commit else None
        self._offsets = CommittedOffsets(client, link, group_id, config.request_timeout)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<CommitPart {self._commits!r} {self._auto!r}>"

    # -- for the core ----------------------------------------------------------------------

    @property
    def machines(self) -> Sequence[Machine]:
        """What the driver polls."""
        return [self._commits] if self._auto is None else [self._commits, self._auto]

    # Any: each performer takes the action that it is registered for.
    def performers(self, positions: PositionMachine) -> dict[type, Callable[[Any], None]]:
        """Return what carries out the actions; *positions* gets committed offsets."""
        return {
            SendCommit: self._send,
            Settled: self._settle,
            AskRejoin: self._ask_rejoin,
            FindCoordinator: self._find_coordinator,
            CallUser: self._call_user,
            FetchCommitted: partial(self._fetch_committed, positions),
        }

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """React to a new view of the cluster."""
        self._commits.on_metadata(snapshot)

    def on_user_poll(self, now: float) -> None:
        """React to the application asking for records."""
        if self._auto is not None:
            self._auto.on_user_poll(now)

    def on_user_needed(self, needed: bool) -> None:
        """React to a rebalance that waits for the application, or does so no longer."""
        self._commits.on_user_needed(needed)

    # -- commits ---------------------------------------------------------------------------

    async def commit(
        self,
        offsets: Offsets | None,
        deadline: Deadline,
        kind: CommitKind = CommitKind.SYNC,
    ) -> None:
        """Commit *offsets*, or what was consumed, and wait for the outcome.

        Raises:
            KafkaError: why not all of it was committed.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter.add_done_callback(mark_retrieved)  # the caller may be gone

        def end(error: KafkaError | None) -> None:
            if waiter.done():
                return
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

        found = self._buffer.consumed() if offsets is None else offsets
        if kind is CommitKind.SYNC:
            self._callers.add(waiter)
            waiter.add_done_callback(self._callers.discard)
        self._submit(found, kind, deadline.at, end)
        await waiter

    async def commit_consumed(
        self, partitions: Collection[TopicPartition], deadline: Deadline
    ) -> None:
        """Commit what was consumed of *partitions*, which are going to be revoked.

        Without ``enable_auto_commit`` it only waits for the commits that the application has made.

        Raises:
            KafkaError: why not all of it was committed.
        """
        offsets = {} if self._auto is None else self._buffer.consumed(partitions)
        await self.commit(offsets, deadline, CommitKind.REVOKE)

    def commit_later(
        self, offsets: Offsets | None, callback: Callable[[Any, Any], object] | None
    ) -> CommitFuture:
        """Commit *offsets*, or what was consumed; return the future of the outcome.

        Args:
            offsets: by partition; ``None`` for what was consumed.
            callback: called with the offsets and ``None``, or the error.
        """
        found = self._buffer.consumed() if offsets is None else offsets
        return self._report(found, CommitKind.ASYNC, callback)

    def _report(
        self,
        offsets: Offsets,
        kind: CommitKind,
        callback: Callable[[Any, Any], object] | None = None,
    ) -> CommitFuture:
        """Commit *offsets*; the outcome goes to the application's side, and to *callback* there."""
        future = CommitFuture()
        future.add_both(callback or self._config.default_offset_commit_callback, dict(offsets))

        def end(error: KafkaError | None) -> None:
            if kind is CommitKind.AUTO:
                self._log_auto(error)
            self._reports.put(
                partial(future.success, None) if error is None else partial(future.failure, error)
            )

        deadline = self._clock.now() + self._config.default_api_timeout
        number = self._submit(offsets, kind, deadline, end)
        if kind is CommitKind.AUTO:
            self._auto_number = number
        return future

    def _log_auto(self, error: KafkaError | None) -> None:
        """Log what keeps commits by interval from arriving, once until that changes."""
        problem = None if error is None else type(error)
        if error is not None and problem is not self._auto_problem:
            log.warning("group=%s commit by interval failed: %s", self._group_id, error)
        self._auto_problem = problem

    def abandon(self, error: KafkaError) -> None:
        """Fail what is not settled: no machine is polled any more."""
        ended, self._ended = self._ended, {}
        for end in ended.values():
            end(error)

    def refuse(self, error: KafkaError) -> None:
        """End the calls that wait for a commit: all brokers refuse the client.

        What they were to commit may still arrive, as after a time-out.
        """
        for waiter in self._callers:
            if not waiter.done():
                waiter.set_exception(type(error)(message_of(error)))

    async def close(self, deadline: Deadline, *, consumed: bool) -> None:
        """Wait for all commits, the last of them being what was consumed.

        Never raises: what could not be committed is logged.

        Args:
            deadline: when to give up.
            consumed: whether what was consumed is committed if the options say so.
        """
        offsets = self._buffer.consumed() if consumed and self._auto is not None else {}
        try:
            await self.commit(offsets, deadline, CommitKind.CLOSE)
        except KafkaError as error:
            log.warning("group=%s closed without committing: %s", self._group_id, error)

    # -- commits by interval ---------------------------------------------------------------

    @property
    def is_auto_due(self) -> bool:
        """Whether the application's poll is to call `commit_auto`; any thread."""
        return self._auto is not None and self._auto.is_due

    def commit_auto(self) -> None:
        """Commit what was consumed, because the interval is over; the thread that polls.

        Called before anything is handed out. The caller has counted the record in hand.
        """
        # Here, not on the loop: what the next poll returns must not be part of it.
        offsets = self._buffer.consumed()
        self._runtime.post(partial(self._commit_auto, offsets))

    def commit_before_change(self) -> None:
        """Commit what was consumed, if the options say so, before something else is read."""
        if self._auto is not None:
            self._submit_auto(self._buffer.consumed())

    def _commit_auto(self, offsets: Offsets) -> None:
        if self._auto is not None and self._auto.on_user(self._clock.now()):
            self._submit_auto(offsets)
            self._run_machines()

    def _submit_auto(self, offsets: Offsets) -> None:
        if not offsets:
            return
        if self._commits.withdraw(self._auto_number, offsets):
            # The coordinator was not there to take it: without this, one more would wait for it
            # after each interval.
            del self._ended[self._auto_number]
        self._report(offsets, CommitKind.AUTO)

    # -- questions -------------------------------------------------------------------------

    async def committed(
        self, partitions: Collection[TopicPartition], deadline: Deadline
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """Return what is committed; see `CommittedOffsets.find`."""
        return await self._offsets.find(partitions, deadline)

    def group_metadata(self) -> ConsumerGroupMetadata:
        """Return what the consumer is in its group; any thread."""
        identity = self.identity()
        is_member = identity is not None and identity.epoch != NO_GENERATION
        state = MemberState.STABLE if is_member else MemberState.UNJOINED
        if self.is_rebalancing():
            state = MemberState.REBALANCING
        if identity is None or not is_member:
            return ConsumerGroupMetadata(self._group_id, state=state)
        return ConsumerGroupMetadata(
            identity.group_id, identity.epoch, identity.member_id, identity.instance_id, state
        )

    # -- what the machines decide ----------------------------------------------------------

    def _submit(self, offsets: Offsets, kind: CommitKind, deadline: float, end: Ended) -> int:
        number = self._commits.submit(offsets, kind, deadline)
        self._ended[number] = end
        self._run_machines()
        return number

    def _settle(self, action: Settled) -> None:
        end = self._ended.pop(action.number, None)
        if end is not None:
            end(action.error)

    def _send(self, action: SendCommit) -> None:
        self._runtime.spawn(self._commit(action), name=f"commit-{self._group_id}")

    async def _commit(self, action: SendCommit) -> None:
        answer: OffsetCommitResponse | KafkaError
        began = self._clock.now()
        try:
            answer = await self._link.send(
                action.request, channel=GROUP, timeout=self._config.request_timeout
            )
        except KafkaError as error:
            answer = error
        else:
            self._runtime.observer.commit_answered(self._clock.now() - began)
        self._commits.on_response(action, answer, self._clock.now())
        self._run_machines()

    def _ask_rejoin(self, action: AskRejoin) -> None:
        for listener in self.on_rejoin:
            listener(action.reason)

    def _find_coordinator(self, _: FindCoordinator) -> None:
        self._link.find()

    def _call_user(self, _: CallUser) -> None:
        self._buffer.call_attention()

    def _fetch_committed(self, positions: PositionMachine, action: FetchCommitted) -> None:
        self._runtime.spawn(
            self._fetch(positions, action), name=f"committed-offsets-{self._group_id}"
        )

    async def _fetch(self, positions: PositionMachine, action: FetchCommitted) -> None:
        answer: Mapping[TopicPartition, FetchedOffset] | KafkaError
        try:
            answer = await self._offsets.ask(
                action.partitions, lambda: action.is_current(self._subscriptions.assignment)
            )
        except KafkaError as error:
            answer = error
        positions.on_committed(action, answer, self._clock.now())
        self._run_machines()
