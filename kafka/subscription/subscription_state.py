"""Which topics and partitions a consumer reads.  Pure.

Only the loop thread changes it. Sets that it returns never change afterwards, so other threads may
read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Final

from kafka.errors import IllegalStateError
from kafka.structs import TopicPartition
from kafka.subscription.listeners import (
    AsyncConsumerRebalanceListener,
    ConsumerRebalanceListener,
)
from kafka.subscription.partition_state import PartitionState
from kafka.subscription.subscription_pattern import SubscriptionPattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Listener = ConsumerRebalanceListener | AsyncConsumerRebalanceListener
# One for all topics, or some topics with one each.
Listeners = Listener | Mapping[str, Listener] | None

_EXCLUSIVE: Final = (
    "assign(), subscribe(topics) and subscribe(pattern) exclude each other; "
    "call unsubscribe() in between"
)
_LEGAL_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")


class SubscriptionType(Enum):
    """How the partitions are chosen; the names are kafka-python's."""

    NONE = 0
    AUTO_TOPICS = 1
    AUTO_PATTERN = 2
    USER_ASSIGNED = 3


class Assignment:
    """The partitions read during one generation of the assignment.

    A change makes a new object: the holder of an old one sees that `active` is false.
    Partitions that stay keep their `PartitionState`.
    """

    __slots__ = ("_states", "active", "generation", "partitions")

    def __init__(self, states: Iterable[PartitionState], generation: int) -> None:
        self._states = {state.tp: state for state in states}
        self.partitions = frozenset(self._states)
        self.generation = generation
        self.active = True

    def __repr__(self) -> str:
        """Return a status line."""
        state = "active" if self.active else "replaced"
        return f"<Assignment {self.generation} {state} partitions={len(self._states)}>"

    def __iter__(self) -> Iterator[PartitionState]:
        """Iterate over the states, in the order of the assignment."""
        return iter(self._states.values())

    def __len__(self) -> int:
        """Return how many partitions there are."""
        return len(self._states)

    def __contains__(self, tp: object) -> bool:
        """Return whether a partition is part of it."""
        return tp in self._states

    def get(self, tp: TopicPartition) -> PartitionState | None:
        """Return the state of *tp*, or ``None`` if it is not assigned."""
        return self._states.get(tp)


class SubscriptionState:
    """What the user asked for, and the assignment made from it.

    Attributes:
        type: how the partitions are chosen.
        subscription: names of the topics subscribed to, ``None`` with `assign` and before either.
        pattern: the regular expression subscribed to, for the client to match.
        remote_pattern: the regular expression subscribed to, for the brokers to match (KIP-848).
        listener: the user's rebalance listener, or several by topic; after `unsubscribe` still the
            one that has to be told what becomes of the partitions.
        user_assignment: the partitions given to `assign_from_user`.
        assignment: the partitions read now; it follows the user's wishes by `replace_assignment`.
    """

    def __init__(self) -> None:
        self.type = SubscriptionType.NONE
        self.subscription: frozenset[str] | None = None
        self.pattern: re.Pattern[str] | None = None
        self.remote_pattern: str | None = None
        self.listener: Listeners = None
        self.assignment = Assignment((), 0)
        self.user_assignment: tuple[TopicPartition, ...] = ()
        self._generations = count(1)
        self._seen_topics: dict[str, int] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SubscriptionState {self.type.name} {self.assignment!r}>"

    @property
    def _user_assignment(self) -> frozenset[TopicPartition]:
        """`user_assignment` under kafka-python's name, which instrumentation reads."""
        return frozenset(self.user_assignment)

    def next_generation(self) -> int:
        """Return a number never used before by this consumer."""
        return next(self._generations)

    def subscribe(
        self,
        topics: Collection[str] = (),
        pattern: str | re.Pattern[str] | SubscriptionPattern | None = None,
        listener: Listeners = None,
    ) -> None:
        """Subscribe to *topics*, or to all topics whose names *pattern* matches.

        Raises:
            ValueError: neither is given, a name is not a legal topic name, *pattern* is no regular
                expression, or there is a listener for a topic that is not among *topics*.
            IllegalStateError: both are given, or partitions are assigned by hand.
            TypeError: *topics* is a string or a dict, *pattern* neither a string nor compiled from
                one, or *listener* neither a rebalance listener nor a dict of them by topic.
        """
        wanted = _check_topics(topics, pattern)
        _check_listeners(listener, None if pattern else wanted)
        if pattern is not None and not topics:
            local, remote = _pattern(pattern)
            self._set_type(SubscriptionType.AUTO_PATTERN)
            self.pattern, self.remote_pattern = local, remote
            self.subscription = frozenset()
        else:
            self._set_type(SubscriptionType.AUTO_TOPICS)
            self.subscription = wanted
        # A copy: the caller may change its dict.
        self.listener = dict(listener) if isinstance(listener, Mapping) else listener
        self._seen_topics.clear()

    def assign_from_user(self, partitions: Iterable[TopicPartition]) -> None:
        """Ask for exactly *partitions*.

        Raises:
            IllegalStateError: topics are subscribed to.
            TypeError: an element is no `TopicPartition` of a string and an integer.
        """
        partitions = check_partitions(partitions)
        self._set_type(SubscriptionType.USER_ASSIGNED)
        self.user_assignment = partitions

    def replace_assignment(self, partitions: Iterable[TopicPartition]) -> Assignment:
        """Make *partitions* the assignment, keep the states of those that stay, and return it."""
        return self.adopt(self.new_assignment(partitions))

    def new_assignment(self, partitions: Iterable[TopicPartition]) -> Assignment:
        """Return an assignment of *partitions* with the states of those that stay, for `adopt`."""
        states = []
        for tp in dict.fromkeys(partitions):
            kept = self.assignment.get(tp)
            states.append(kept or PartitionState(tp, self.next_generation()))
        return Assignment(states, self.next_generation())

    def adopt(self, assignment: Assignment) -> Assignment:
        """Make *assignment*, made last by `new_assignment`, the present one, and return it."""
        self.assignment.active = False
        self.assignment = assignment
        return assignment

    def unsubscribe(self) -> None:
        """Forget topics, pattern and the partitions asked for."""
        self.type = SubscriptionType.NONE
        self.subscription = None
        self.pattern = None
        self.remote_pattern = None
        self.user_assignment = ()
        self._seen_topics.clear()

    def match(self, topics: Iterable[str]) -> bool:
        """Subscribe to those of *topics* that the pattern matches; return whether that changed."""
        if self.pattern is None:
            return False
        matching = frozenset(name for name in topics if self.pattern.match(name))
        changed = matching != self.subscription
        self.subscription = matching
        return changed

    def note_partitions(self, topic: str, partition_count: int) -> range:
        """Record the number of partitions of *topic*; return those that appeared later.

        The first call for a topic says what was there from the beginning. A topic that does not
        exist is recorded with 0 partitions, so all of its partitions appear later.
        """
        seen = self._seen_topics.get(topic)
        self._seen_topics[topic] = max(partition_count, seen or 0)
        return range(0) if seen is None else range(seen, partition_count)

    def paused_partitions(self) -> set[TopicPartition]:
        """Return the partitions that the user has paused."""
        return {state.tp for state in self.assignment if state.paused}

    def _set_type(self, wanted: SubscriptionType) -> None:
        if self.type not in {SubscriptionType.NONE, wanted}:
            raise IllegalStateError(_EXCLUSIVE)
        self.type = wanted


def _pattern(
    pattern: str | re.Pattern[str] | SubscriptionPattern,
) -> tuple[re.Pattern[str] | None, str | None]:
    """Return what the client matches, and what the brokers match."""
    if isinstance(pattern, SubscriptionPattern):
        return None, pattern.pattern
    return _compile(pattern), None


def _compile(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    text: object = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    if not isinstance(text, str):
        raise TypeError(f"pattern must be a regular expression of str, not {pattern!r}")
    try:
        return re.compile(pattern)
    except re.error as error:
        wrong = f"pattern must be a regular expression, not {pattern!r}: {error}"
        raise ValueError(wrong) from error


def _check_topics(topics: Iterable[str], pattern: object) -> frozenset[str]:
    # A dict would pass for its keys.
    if not isinstance(topics, Iterable) or isinstance(topics, Mapping):
        raise TypeError(f"topics must be a list of names, not {topics!r}")
    if not isinstance(topics, str | bytes):
        topics = tuple(topics)
    if not topics and not pattern:
        raise ValueError("subscribe() needs topics or a pattern")
    if topics and pattern:
        raise IllegalStateError(_EXCLUSIVE)
    if isinstance(topics, str | bytes):
        raise TypeError(f"topics must be a list of names, not the string {topics!r}")
    for name in topics:
        check_topic_name(name)
    return frozenset(topics)


def check_topic_name(name: object) -> None:
    """Raise TypeError or ValueError unless *name* can be the name of a topic."""
    if not isinstance(name, str):
        raise TypeError(f"a topic name must be a string, not {name!r}")
    if name in {".", ".."} or not _LEGAL_TOPIC.fullmatch(name):
        raise ValueError(
            f"{name!r} is no topic name: 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', "
            f"and neither '.' nor '..'"
        )


def check_partitions(partitions: Iterable[TopicPartition]) -> tuple[TopicPartition, ...]:
    """Return *partitions*, which may be an iterator.

    Raises:
        TypeError: one is no `TopicPartition` of a string and an integer.
    """
    try:
        found = tuple(partitions)
    except TypeError:
        raise TypeError(
            f"partitions must be a list of TopicPartition namedtuples, not {partitions!r}"
        ) from None
    for tp in found:
        if not (
            isinstance(tp, TopicPartition)
            and isinstance(tp.topic, str)
            and isinstance(tp.partition, int)
        ):
            raise TypeError(
                f"partitions must be TopicPartition namedtuples of a str and an int, not {tp!r}"
            )
    return found


def _check_listeners(listeners: object, topics: frozenset[str] | None) -> None:
    """Check one listener or several by topic; *topics* are those they may be for, if known."""
    if not isinstance(listeners, Mapping):
        _check_listener(listeners)
        return
    for topic, listener in listeners.items():
        check_topic_name(topic)
        if topics is not None and topic not in topics:
            raise ValueError(f"listener has an entry for {topic!r}, which is not subscribed to")
        _check_listener(listener)


def _check_listener(listener: object) -> None:
    if listener is not None and not isinstance(listener, Listener):
        raise TypeError(
            f"listener must be a ConsumerRebalanceListener or an AsyncConsumerRebalanceListener, "
            f"not {type(listener).__name__}"
        )
