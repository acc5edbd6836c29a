"""How reading of a partition is going, for people and for monitoring.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kafka.consumer.fetch_planner import Reason
    from kafka.subscription import PartitionState


class PartitionHealth(NamedTuple):
    """One assigned partition at one moment.

    Args:
        state: what it waits for: ``initializing``, ``fetching``, ``await reset`` or
            ``await validation``.
        reason: why no new fetch is sent for it now, ``None`` if one can be.
        position: offset of the next record to be returned, ``None`` without a position.
        lag: records between the position and the end as of the last fetch, ``None`` if unknown.
        since_fetch: seconds since the last answer about it, ``None`` before the first.
        error: what the next poll will raise about it, ``None`` for nothing.
    """

    state: str
    reason: str | None
    position: int | None
    lag: int | None
    since_fetch: float | None
    error: BaseException | None


def partition_health(
    state: PartitionState, position: int | None, reason: Reason | None, now: float
) -> PartitionHealth:
    """Return the health of the partition of *state*."""
    end = state.high_watermark
    return PartitionHealth(
        state=state.state.value,
        reason=None if reason is None else reason.value,
        position=position,
        lag=None if end is None or position is None else max(end - position, 0),
        since_fetch=None if state.last_fetch is None else now - state.last_fetch,
        error=state.failure,
    )
