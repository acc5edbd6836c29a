"""When to ask for cluster metadata, and for which topics.  Pure: `now` is passed in.

KIP-526 (topics that nobody uses expire, new ones are asked for alone), KIP-580 (back-off),
KIP-899 and KIP-1102 (when to start again from the bootstrap servers).
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.retry import RetryState
from kafka.errors import KafkaError, NoError, RebootstrapRequiredError, for_code
from kafka.net.node_states import NoNodeToAskError
from kafka.protocol.messages.metadata import MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.protocol.schema import Message


def refusal(response: Message, *, needs_brokers: bool = True) -> KafkaError | None:
    """Return why *response* is no metadata of a cluster, ``None`` if it is.

    Args:
        response: the answer to a request for metadata.
        needs_brokers: whether metadata without a broker is none.
    """
    assert isinstance(response, MetadataResponse)
    error = for_code(response.error_code)
    if error is not NoError:
        return error("metadata was refused")
    if needs_brokers and not response.brokers:
        return KafkaError("the metadata lists no broker; the one asked may still be starting")
    return None


@unique
class Recovery(Enum):
    """What to do when no known node gives metadata."""

    BACK_OFF = "back off"
    """Ask the known nodes again later."""
    REBOOTSTRAP = "rebootstrap"
    """Ask the bootstrap servers; connections stay as they are."""
    REBOOTSTRAP_AFRESH = "rebootstrap afresh"
    """Close all connections, then ask the bootstrap servers."""


class MetadataQuery(NamedTuple):
    """What to ask for.

    Attributes:
        topics: names of topics; ``None`` for all.
        partial: only new topics are asked for; what is known of the others stays.
        request: number of the last `MetadataPlanner.request_update` this query answers.
    """

    topics: tuple[str, ...] | None
    partial: bool
    request: int


class MetadataPlanner:
    """The wanted topics, the age of what is known, and the back-off.

    Args:
        max_age: refresh after so many seconds (``metadata_max_age_ms``).
        max_idle: forget a topic that `touch` has not named for so many seconds.
        rebootstrap_after: start again from the bootstrap servers when no refresh has succeeded for
            more than so many seconds; ``None`` for never going back to them.
        backoff: between refreshes that fail or bring nothing new.
        uniform: the source of jitter.
    """

    def __init__(
        self,
        *,
        max_age: float,
        max_idle: float,
        rebootstrap_after: float | None,
        backoff: ExponentialBackoff,
        uniform: Uniform,
    ) -> None:
        self._max_age = max_age
        self._max_idle = max_idle
        self._rebootstrap_after = rebootstrap_after
        self._backoff = backoff
        self._uniform = uniform
        self._all = False
        self._wanted: frozenset[str] = frozenset()
        self._used: dict[str, float] = {}
        self._new: set[str] = set()  # never asked for: asked at once
        self._again: set[str] = set()  # not found: asked for again after the back-off
        self._requested = 0
        self._requested_by_program = 0  # the last of these
        self._answered = 0
        self._fresh_until = 0.0
        self._retry = RetryState()
        self._unanswered_since: float | None = None

    @property
    def wanted(self) -> frozenset[str] | None:
        """The topics to know about, ``None`` for all."""
        return None if self._all else self._wanted | self._used.keys()

    @property
    def is_answered(self) -> bool:
        """Whether each full refresh that was asked for has come."""
        return self._requested <= self._answered

    # -- inputs ----------------------------------------------------------------------------

    def want_all(self) -> None:
        """Ask for every topic from now on."""
        if not self._all:
            self._all = True
            self.request_update()

    def want_topics(self, topics: Iterable[str]) -> bool:
        """Replace the topics that never expire; return whether one must be asked for."""
        wanted = frozenset(topics)
        added = wanted - self._wanted - self._used.keys()
        if self._all:
            self._all = False
            self.request_update()
        self._wanted = wanted
        self._new |= added
        return bool(added)

    def touch(self, topic: str, now: float) -> bool:
        """Note that *topic* is in use; return whether it must be asked for."""
        is_new = topic not in self._used and topic not in self._wanted
        self._used[topic] = now
        if is_new:
            self._new.add(topic)
        return is_new

    def ask_again(self, topic: str) -> None:
        """Ask for *topic* once more: it was not found, and may have been created since."""
        self._again.add(topic)

    def request_update(self, *, by_program: bool = False) -> int:
        """Ask for a full refresh; return its number.

        Args:
            by_program: the program asks, and waits for the answer: the next refresh does not back
                off because this one brings nothing new. It is about all topics if none is wanted.
        """
        self._requested += 1
        if by_program:
            self._requested_by_program = self._requested
        return self._requested

    def on_success(self, query: MetadataQuery, now: float, *, changed: bool) -> None:
        """Note an answer; one that brings nothing new although asked for backs off (KIP-580)."""
        self._unanswered_since = None
        asked = query.topics if query.topics is not None else (*self._new, *self._again)
        self._new.difference_update(asked)
        self._again.difference_update(asked)
        if query.partial:
            if changed:
                self._retry = RetryState(0, self._retry.not_before)
            else:
                self._retry = self._recent(now).failed(now, self._backoff, self._uniform)
            return
        is_for_program = self._answered < self._requested_by_program <= query.request
        repeated = not changed and query.request > self._answered and not is_for_program
        self._answered = query.request
        self._fresh_until = now + self._max_age
        # Even news is not asked for more often than the first back-off allows.
        before = self._recent(now) if repeated else RetryState()
        self._retry = before.failed(now, self._backoff, self._uniform)

    def on_failure(self, now: float) -> None:
        """Note that a query got no answer."""
        if self._unanswered_since is None:
            self._unanswered_since = now
        self._retry = self._retry.failed(now, self._backoff, self._uniform)

    def _recent(self, now: float) -> RetryState:
        """Return the history, without what was before a time in which nobody asked."""
        return self._retry.recent(now, self._backoff)

    # -- decisions -------------------------------------------------------------------------

    def expire(self, now: float) -> frozenset[str]:
        """Forget and return the topics not touched for the idle time."""
        idle = frozenset(t for t, used in self._used.items() if used + self._max_idle <= now)
        for topic in idle:
            del self._used[topic]
        self._new -= idle - self._wanted
        self._again -= idle - self._wanted
        return idle - self._wanted

    def backoff_left(self, now: float) -> float:
        """Return the seconds until a refresh that is asked for now may be sent."""
        return self._retry.remaining(now)

    def due_in(self, now: float) -> float:
        """Return the seconds until the next query should be sent, 0.0 for now."""
        if self._new and self._unanswered_since is None:
            return 0.0
        if self._new or self._again or self._requested > self._answered:
            return self._retry.remaining(now)
        return max(self._fresh_until - now, self._retry.remaining(now), 0.0)

    def next_query(self, now: float) -> MetadataQuery:
        """Return what to ask when `due_in` is 0.0."""
        refresh = self._requested > self._answered or self._fresh_until <= now
        if self._all or refresh:
            return self.full_query()
        return MetadataQuery(
            tuple(sorted(self._new | self._again)), partial=True, request=self._answered
        )

    def full_query(self) -> MetadataQuery:
        """Return a query for all that is wanted."""
        wanted = self.wanted
        if not wanted and self._requested_by_program > self._answered:
            wanted = None
        topics = None if wanted is None else tuple(sorted(wanted))
        return MetadataQuery(topics, partial=False, request=self._requested)

    def should_rebootstrap(self, now: float) -> bool:
        """Return whether refreshes have failed for longer than the trigger (KIP-1102)."""
        if self._rebootstrap_after is None or self._unanswered_since is None:
            return False
        return now - self._unanswered_since > self._rebootstrap_after

    def recovery(self, error: KafkaError) -> Recovery:
        """Return what to do after *error* (KIP-899, KIP-1102)."""
        if self._rebootstrap_after is None:
            return Recovery.BACK_OFF
        if isinstance(error, RebootstrapRequiredError):
            return Recovery.REBOOTSTRAP_AFRESH
        return Recovery.REBOOTSTRAP if isinstance(error, NoNodeToAskError) else Recovery.BACK_OFF
