"""The seam between a consumer and whatever decides which partitions it owns.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.protocol.schema import Message, Request
    from kafka.structs import TopicPartition
    from kafka.subscription import Hold

# The connections to a coordinator. A broker answers the requests of one connection in order, and a
# JoinGroup may take minutes: a heartbeat, a commit or a leave never waits behind it.
JOIN: Final = "join"
GROUP: Final = "group"

NO_GENERATION: Final = -1


class MemberIdentity(NamedTuple):
    """Who a member is for the coordinator; what a commit carries.

    Args:
        group_id: the group.
        member_id: as the coordinator knows it, or as this client made it (KIP-848).
        epoch: generation of the classic protocol, member epoch of the consumer protocol.
        instance_id: of a static member (KIP-345).
    """

    group_id: str
    member_id: str
    epoch: int
    instance_id: str | None


class LeaveMode(Enum):
    """Whether a member that goes tells its group (KIP-1092)."""

    DEFAULT = "default"
    """Dynamic members leave; static ones stay members, so that a restart is no rebalance."""
    LEAVE = "leave"
    """Leave, static members as well."""
    REMAIN = "remain"
    """Stay a member until the session ends."""


class TaskKind(Enum):
    """What the user's side is asked to do, inside a call of the user."""

    SETTLE = "settle"
    """The user has come back: the record in hand counts, and nothing of the batch is in work."""
    REVOKED = "revoked"
    ASSIGNED = "assigned"
    LOST = "lost"
    ASSIGN = "assign"
    """Run code of an assignor of the user's, as a member of a classic group or its leader."""


class UserTask(NamedTuple):
    """One task for the user's side.

    Args:
        kind: what to do.
        partitions: what the listener is told; empty for the kinds without a listener.
        number: tells it from all other tasks of this consumer.
    """

    kind: TaskKind
    partitions: frozenset[TopicPartition]
    number: int


# -- actions: named tuples, because the dataclass decorator takes 1 ms of import time for each --


class WantTopics(NamedTuple):
    """Keep the metadata of exactly *topics* fresh; ``None`` for all topics."""

    topics: frozenset[str] | None


class RequestMetadata(NamedTuple):
    """Ask the brokers for metadata soon."""


class RaiseFromPoll(NamedTuple):
    """Let a poll raise *error*, which is about *topic*."""

    topic: str
    error: KafkaError


class Assign(NamedTuple):
    """Own exactly *partitions* from now on.

    Args:
        partitions: all partitions to own; those owned before keep their positions.
        late: those of them that appeared after the subscription.
    """

    partitions: tuple[TopicPartition, ...]
    late: tuple[TopicPartition, ...]


class SetHold(NamedTuple):
    """Add *hold* to the partitions, or remove it."""

    partitions: tuple[TopicPartition, ...]
    hold: Hold
    on: bool


class FindCoordinator(NamedTuple):
    """Look the coordinator up, then call `Membership.on_coordinator`.

    What was known of it is forgotten. While a look-up runs, asking again changes nothing.
    """


class Send(NamedTuple):
    """Send *request* to the coordinator, then call `Membership.on_response`.

    Args:
        request: the request.
        channel: `JOIN` or `GROUP`.
        timeout: seconds until it is given up.
        identity: who sends it; an answer to one that the member is no longer is dropped.
    """

    request: Request[Any]  # Any: each has its own kind of response
    channel: str
    timeout: float
    identity: MemberIdentity


class CommitConsumed(NamedTuple):
    """Commit what was consumed of *partitions*, then call `Membership.on_committed`.

    Args:
        partitions: those that are going to be revoked.
        deadline: when to give up, on the clock that *now* is read from.
    """

    partitions: frozenset[TopicPartition]
    deadline: float


class AskUser(NamedTuple):
    """Run *task* inside the next call of the user, then call `Membership.on_task_done`.

    Args:
        task: what to do.
        work: what to call there for `TaskKind.ASSIGN`; its result is handed over.
    """

    task: UserTask
    work: Callable[[], object] | None = None


class Withdraw(NamedTuple):
    """Forget the task *number*, unless the user's side has begun it."""

    number: int


class Left(NamedTuple):
    """The member has left its group, or has stopped trying to.

    Args:
        error: what kept the coordinator from hearing of it.
    """

    error: KafkaError | None


class RaiseFromGroup(NamedTuple):
    """Let a poll raise *error*, which is about the group.

    Args:
        error: the error.
        fatal: whether each following poll raises it again, until the subscription changes.
    """

    error: KafkaError
    fatal: bool


Action = (
    WantTopics
    | RequestMetadata
    | RaiseFromPoll
    | RaiseFromGroup
    | Assign
    | SetHold
    | FindCoordinator
    | Send
    | CommitConsumed
    | AskUser
    | Withdraw
    | Left
)


# What a member waits for that is well but for this, and the intervals after which it says so.
SILENCE: Final = "the coordinator to answer a heartbeat"
UNANSWERED: Final = 2.0


class GroupHealth(NamedTuple):
    """How membership in a group is going.

    Args:
        group_id: the group.
        protocol: ``classic`` or ``consumer``.
        state: name of the state of the member.
        member_id: empty before the coordinator has named one.
        epoch: generation, or member epoch; -1 for none.
        coordinator: node id, ``None`` while it is not known.
        last_heartbeat: seconds ago that a heartbeat was answered, ``None`` before the first.
        last_poll: seconds ago that the application has asked for records, ``None`` before that.
        rebalance_reason: why the group last rebalanced, as far as this member knows.
        waiting_for: what the member waits for, ``None`` if nothing.
        waiting_since: seconds that it has waited for that, ``None`` if nothing.
    """

    group_id: str
    protocol: str
    state: str
    member_id: str
    epoch: int
    coordinator: int | None
    last_heartbeat: float | None
    last_poll: float | None
    rebalance_reason: str | None
    waiting_for: str | None
    waiting_since: float | None


class Membership(Protocol):
    """A pure machine that makes an assignment out of a subscription; see `kafka._base.drive`."""

    def on_subscription(self, now: float) -> None:
        """React to subscribe, assign or unsubscribe: the `SubscriptionState` has changed."""

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """React to a new view of the cluster."""

    def on_user_poll(self, now: float) -> None:
        """React to the application asking for records or a position, or closing the consumer.

        Called when such a call begins, not for each record: it keeps ``max_poll_interval_ms``, and
        the first one joins the group. *now* is when it began, which may be a while ago.
        """

    def poll(self, now: float) -> Sequence[Action]:
        """Return the actions that are due."""

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before; ``None`` for never."""


class GroupMembership(Membership, Protocol):
    """Membership in a group, which has a coordinator and may ask the user's side for something."""

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while the consumer is no member."""

    @property
    def patience(self) -> float:
        """Seconds for which the loop may fail to run while the session certainly goes on."""

    @property
    def told(self) -> frozenset[TopicPartition]:
        """The partitions that the user knows as owned, as far as ended tasks have shown."""

    @property
    def is_rebalancing(self) -> bool:
        """Whether the member is on its way to an assignment; any thread."""

    @property
    def renews(self) -> bool:
        """Whether a member that leaves is about to enter another generation, or have it begin.

        What it commits last is refused until then, and taken afterwards.
        """

    def on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        """React to the look-up of the coordinator: the node, or what keeps it from being found."""

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to *sent*, or to what went wrong."""

    def on_task_done(
        self, task: UserTask, error: BaseException | None, now: float, result: object = None
    ) -> None:
        """React to the end of a task; *result* is that of `AskUser.work`."""

    def on_committed(self, action: CommitConsumed, error: KafkaError | None, now: float) -> None:
        """React to the end of the commit before partitions are revoked."""

    def on_rejoin(self, reason: str, now: float) -> None:
        """Rebalance soon: the application asks for it, or a commit has shown that it is due."""

    def on_interrupted(self, now: float) -> None:
        """React to a loop that did not run for `patience`: the process was stopped, or it blocked.

        The coordinator may have given the partitions to others.
        """

    def on_leave(self, mode: LeaveMode, reason: str, now: float) -> None:
        """Give up all partitions and leave; ends with `Left`."""

    def health(self, now: float) -> GroupHealth:
        """Return how it is going."""
