"""What makes the parts of a core that take part in a group: signatures only.

`kafka.consumer.enter_group` does it; consumers without a group need not import that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.commit_part import CommitPart
    from kafka.consumer.group_part import GroupPart
    from kafka.consumer.shared import Shared
    from kafka.net.network_client import NetworkClient


class GroupHooks(NamedTuple):
    """What a core does for its part in a group.

    Args:
        run_machines: has all machines polled in this step.
        on_left: called when the consumer is no member any more.
    """

    run_machines: Callable[[], None]
    on_left: Callable[[], None]


class EnterGroup(Protocol):
    """Make what takes part in a group: its offsets, and membership for `subscribe`."""

    def __call__(
        self,
        config: ConsumerConfig,
        client: NetworkClient,
        shared: Shared,
        hooks: GroupHooks,
        /,
    ) -> tuple[CommitPart, GroupPart]:
        """Return both parts."""
