"""How a consumer is a member of a KIP-848 group.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.observer import Observer


class ConsumerSettings(NamedTuple):
    """The settings of a member; times in seconds.

    Args:
        group_id: the group.
        member_id: made by the client once in its life (KIP-1082); empty for brokers that make it.
        instance_id: of a static member, else ``None``.
        rack_id: where the consumer runs, ``None`` if that is not known.
        remote_assignor: that the brokers are to use, ``None`` for their default.
        max_poll_interval: how long the application may take between two polls.
        request_timeout: how long a heartbeat is waited for at most, and leaving is tried.
        auto_commit: whether what was consumed is committed before partitions are given up.
        exclude_internal: whether a pattern of Python's leaves internal topics out.
        backoff: between two attempts.
        observer: is told of rebalances.
    """

    group_id: str
    member_id: str
    instance_id: str | None
    rack_id: str | None
    remote_assignor: str | None
    max_poll_interval: float
    request_timeout: float
    auto_commit: bool
    exclude_internal: bool
    backoff: ExponentialBackoff
    observer: Observer
