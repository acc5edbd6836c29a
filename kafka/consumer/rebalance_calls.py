"""Which methods of which rebalance listeners a task of the group calls.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from kafka.coordinator.membership import TaskKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.coordinator.membership import UserTask
    from kafka.structs import TopicPartition
    from kafka.subscription.subscription_state import Listener, Listeners

_METHODS: Final = {
    TaskKind.REVOKED: "on_partitions_revoked",
    TaskKind.ASSIGNED: "on_partitions_assigned",
    TaskKind.LOST: "on_partitions_lost",
}


def rebalance_calls(listeners: Listeners, task: UserTask) -> list[Callable[[], object]]:
    """Return the calls that tell the user of *task*, one for each listener it concerns.

    Args:
        listeners: one for all topics, listeners by topic, or ``None``.
        task: what to tell; other kinds than those of a rebalance listener tell nothing.
    """
    method = _METHODS.get(task.kind)
    if method is None or listeners is None:
        return []
    return [
        # A set of its own for each: the user's code may change it.
        partial(getattr(listener, method), set(partitions))
        for listener, partitions in _by_listener(listeners, task.partitions)
    ]


def _by_listener(
    listeners: Listener | Mapping[str, Listener], partitions: frozenset[TopicPartition]
) -> list[tuple[Listener, set[TopicPartition]]]:
    if not isinstance(listeners, Mapping):
        return [(listeners, set(partitions))]
    found: dict[int, tuple[Listener, set[TopicPartition]]] = {}
    for tp in sorted(partitions):
        listener = listeners.get(tp.topic)
        if listener is not None:
            found.setdefault(id(listener), (listener, set()))[1].add(tp)
    return list(found.values())


def joined_listeners(
    before: Listeners, now: Listeners, assigned: frozenset[TopicPartition]
) -> Listeners:
    """Return the listeners of a new subscription, and those of topics that it gives up.

    A topic that is no longer subscribed to has partitions until they are revoked, and its listener
    is told of that.

    Args:
        before: the listeners so far.
        now: those of the new subscription.
        assigned: the partitions owned at this moment.
    """
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return now
    topics = {tp.topic for tp in assigned}
    return {**{topic: one for topic, one in before.items() if topic in topics}, **now}
