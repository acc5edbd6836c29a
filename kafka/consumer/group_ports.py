"""What a consumer's part in a group acts through: signatures only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.consumer.poll_times import PollTimes
    from kafka.consumer.user_tasks import UserTasks
    from kafka.coordinator.membership import GroupMembership
    from kafka.errors import KafkaError
    from kafka.protocol.schema import Message, Request
    from kafka.structs import TopicPartition

    MakeMembership = Callable[[], GroupMembership]

R = TypeVar("R", bound="Message")


class Link(Protocol):
    """The way to the coordinator; `kafka.net.coordinator_link.CoordinatorLink` is one."""

    on_coordinator: list[Callable[[int | None, KafkaError | None, float], None]]

    @property
    def node_id(self) -> int | None:
        """The coordinator, ``None`` while it is not known."""

    def find(self) -> None:
        """Look the coordinator up, then call `on_coordinator`."""

    async def send(
        self,
        request: Request[R],
        *,
        channel: str,
        timeout: float,  # noqa: ASYNC109 - the request has the whole of it
    ) -> R:
        """Return the response; raise `KafkaError` without one."""


class GroupErrors(Protocol):
    """Where errors of the group wait to be raised."""

    def put_group_error(self, error: BaseException, *, fatal: bool) -> None:
        """Let the next poll raise *error*, each one from now on if it is fatal."""

    def clear_group_error(self) -> None:
        """Raise no error of the group any more."""


class GroupPorts(NamedTuple):
    """What a `GroupPart` acts through.

    Args:
        link: the way to the coordinator.
        choose: asks a coordinator which protocol to use; returns what makes a membership, or
            raises `KafkaError`.
        commit: commits what was consumed of partitions, until a deadline; raises `KafkaError`.
        errors: where errors of the group go.
        tasks: what the application is asked.
        polls: when it has polled.
        runtime: the surroundings.
        run_machines: has all machines polled in this step.
        on_left: called when the consumer is no member any more.
        on_user_needed: called with whether a rebalance waits for a call of the application.
    """

    link: Link
    choose: Callable[[int], Awaitable[MakeMembership]]
    commit: Callable[[Collection[TopicPartition], Deadline], Awaitable[None]]
    errors: GroupErrors
    tasks: UserTasks
    polls: PollTimes
    runtime: Runtime
    run_machines: Callable[[], None]
    on_left: Callable[[], None]
    on_user_needed: Callable[[bool], None]
