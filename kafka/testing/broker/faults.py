"""Faults that tests inject: which requests they apply to, and what they do.  Pure.

The first rule that matches a request and has uses left applies to it, in the order in which rules
were added.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from kafka.protocol.schema import ZERO_UUID, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kafka.errors import BrokerResponseError
    from kafka.protocol.schema import Message
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.wire import AnyRequest

#: The field of Fetch with the partitions that leave its session.
FORGOTTEN = "forgotten_topics_data"
#: The fields of an entry that hold the name of a topic, or of what else the API is about.
TOPIC_FIELDS = frozenset({"topic_id", "name", "topic", "resource_name"})
_NAMES = ("name", "topic", "resource_name")


@dataclass(frozen=True, slots=True)
class Answer:
    """Send *response* and do not handle the request."""

    response: Message | Callable[[AnyRequest], Message]


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer *error*, for the matching topics and partitions where the API has a code for each.

    Attributes:
        applied: handle the request first, so that only its answer is wrong.
    """

    error: type[BrokerResponseError]
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """Handle the request *seconds* later; the connection waits."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Throttle:
    """Announce *milliseconds* of throttling in the answer and keep them (KIP-219)."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class DropResponse:
    """Never answer; the connection lives on.

    Attributes:
        applied: handle the request, so that it is the answer that got lost.
    """

    applied: bool = True


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Cut the connection, before or after the request was handled."""

    applied: bool = False


@dataclass(frozen=True, slots=True)
class HalfFrame:
    """Handle the request, send the first half of the answer and cut the connection."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send *data* in place of the whole frame of the answer.

    Attributes:
        applied: handle the request.
    """

    data: bytes
    applied: bool = True


@dataclass(frozen=True, slots=True)
class WrongCorrelationId:
    """Handle the request and answer with a correlation id *shift* too large."""

    shift: int = 1


Action = (
    Answer
    | Fail
    | Delay
    | Throttle
    | DropResponse
    | Disconnect
    | HalfFrame
    | Garbage
    | WrongCorrelationId
)


class Refusal(NamedTuple):
    """An injected error for a topic or partition."""

    error: type[BrokerResponseError]
    applied: bool

    @property
    def code(self) -> int:
        """The error code to answer."""
        return self.error.errno


class Refusals(NamedTuple):
    """The injected error of one request, and the topic and partition that get it."""

    refusal: Refusal
    topic: str | None
    partition: int | None

    def find(self, topic: str, partition: int | None) -> Refusal | None:
        """Return the error for a topic or partition, if it applies to that one."""
        if self.topic not in {None, topic}:
            return None
        if self.partition is not None and partition not in {None, self.partition}:
            return None
        return self.refusal


def _nothing() -> Iterable[tuple[str, int]]:
    return ()


class RequestFacts(NamedTuple):
    """The facts about a request that rules match.

    Attributes:
        remembered: returns the partitions that the request asks for without naming them, from its
            fetch session.
    """

    node_id: int
    client_id: str | None
    request: AnyRequest
    remembered: Callable[[], Iterable[tuple[str, int]]] = _nothing


@dataclass(slots=True, eq=False)
class Rule:
    """One fault: what it does to which requests, and how often.

    Attributes:
        times: uses left; ``None`` for as long as the rule is there.
        when: a further condition on the request.
        optional: it may go without ever being applied; otherwise the end of the cluster reports it.
        hits: how often it was applied.
    """

    api: type[AnyRequest]
    action: Action
    times: int | None = 1
    node_id: int | None = None
    client_id: str | None = None
    topic: str | None = None
    partition: int | None = None
    when: Callable[[AnyRequest], bool] | None = None
    optional: bool = False
    hits: int = 0

    def matches(self, facts: RequestFacts, cluster: Cluster) -> bool:
        """Return whether the rule is for this request."""
        return (
            self.times != 0
            and isinstance(facts.request, self.api)
            and self.node_id in {None, facts.node_id}
            and self.client_id in {None, facts.client_id}
            and (self.topic is None or self._touches(facts, cluster))
            and (self.when is None or self.when(facts.request))
        )

    def _touches(self, facts: RequestFacts, cluster: Cluster) -> bool:
        return any(
            topic == self.topic and (self.partition is None or partition in {None, self.partition})
            for topic, partition in chain(touched(facts.request, cluster), facts.remembered())
        )

    def use(self) -> Action:
        """Count one use."""
        self.hits += 1
        if self.times is not None:
            self.times -= 1
        return self.action


class FaultPlan:
    """The faults of one cluster.

    Attributes:
        rules: those that have uses left, in the order in which they apply; for looking only.
    """

    def __init__(self) -> None:
        # Looked at with every request: a property would cost more than the look.
        self.rules: list[Rule] = []

    def add(self, rule: Rule) -> Rule:
        """Add a fault and return it."""
        self.rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """Take a fault away, used or not."""
        if rule in self.rules:
            self.rules.remove(rule)

    def clear(self) -> None:
        """Take all faults away."""
        self.rules.clear()

    def take(self, facts: RequestFacts, cluster: Cluster) -> Rule | None:
        """Return the fault for this request, counted as used, or ``None``."""
        for rule in self.rules:
            if rule.matches(facts, cluster):
                rule.use()
                if rule.times == 0:
                    self.rules.remove(rule)
                return rule
        return None


def touched(request: Struct, cluster: Cluster) -> Iterator[tuple[str, int | None]]:
    """Yield the topics and partitions that *request* names; ``None`` for a topic as a whole."""
    attributes: tuple[str, ...] = type(request).__slots__
    for attribute in attributes:
        entries = () if attribute == FORGOTTEN else getattr(request, attribute)
        for entry in entries if isinstance(entries, list) else ():
            topic = _topic_name(entry, cluster)
            if topic is not None:
                for partition in _partitions(entry):
                    yield topic, partition
            elif isinstance(entry, Struct):
                # OffsetFetch from v8 on asks for several groups, AddPartitionsToTxn from v4 on
                # for several transactions, each with topics.
                yield from touched(entry, cluster)


def _topic_name(entry: object, cluster: Cluster) -> str | None:
    if isinstance(entry, str):
        return entry
    topic_id = getattr(entry, "topic_id", ZERO_UUID)
    if topic_id != ZERO_UUID and topic_id in cluster.topics_by_id:
        return cluster.topics_by_id[topic_id].name
    name = next(
        (found for field in _NAMES if (found := getattr(entry, field, None))),
        None,
    )
    return name if isinstance(name, str) else None


def _partitions(entry: object) -> Iterator[int | None]:
    found = False
    for attribute in ("partitions", "partition_data", "partition_indexes"):
        for item in getattr(entry, attribute, ()):
            found = True
            if isinstance(item, int):
                yield item
            else:
                yield next(
                    (
                        getattr(item, name)
                        for name in ("partition_index", "partition", "index")
                        if hasattr(item, name)
                    ),
                    None,
                )
    if not found:
        yield None
