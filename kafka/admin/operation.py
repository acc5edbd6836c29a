"""How a method of the admin client is declared: whom to ask, what to send, what the answer means.

Pure. An `Operation` is about *keys*: names of topics, partitions, groups, brokers. `Call` in
`kafka.admin.call` sends as few requests as there are nodes to ask, and gives each key a result or
an error of its own.
"""

from __future__ import annotations

import re
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, overload

from kafka.errors import KafkaError, UnsupportedVersionError, for_code
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.errors.verdict import Verdict
    from kafka.protocol.schema import Message, Request

    Verdicts = Mapping[type[KafkaError], Verdict]

K = TypeVar("K", bound="Hashable")
T = TypeVar("T")
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)
R = TypeVar("R", bound="Message")


@unique
class Every(Enum):
    """Keys that stand for all there are, where brokers can be asked so."""

    USERS = "all users"
    PARTITIONS = "all partitions"

    def __str__(self) -> str:
        """Return it as errors name it."""
        return self.value


class Target(NamedTuple):
    """Whom to ask.

    Attributes:
        node_id: the broker; ``None`` for any.
        is_hedged: whether any others are asked as well while the first one is silent; only for
            questions that may be answered twice.
    """

    node_id: int | None
    is_hedged: bool = False


ANY: Final = Target(None, is_hedged=True)
"""Any broker; others while it is silent."""
ANY_ONCE: Final = Target(None)
"""Any broker; for changes, which must not be made twice."""


class Answer(NamedTuple, Generic[R]):
    """A response, and where it came from.

    Attributes:
        response: the response.
        node_id: the broker that sent it.
    """

    response: R
    node_id: int

    def error(self, code: int, text: str | None, what: str) -> KafkaError:
        """Return the error that the broker reports about one key.

        Args:
            code: Kafka's error code.
            text: the broker's own text, if it sent one.
            what: the key in words, such as ``topic orders``.
        """
        kind = for_code(code)
        text = str(text or getattr(kind, "description", "")).strip().rstrip(".")
        # As a word: a topic may be called "t".
        name = re.escape(what.rpartition(" ")[2])
        is_named = re.search(rf"(?<![\w.-]){name}(?![\w-])", text) is not None
        named = text if is_named else f"{what}: {text}"
        return kind(f"{named} ({self.response.NAME}, node {self.node_id})")


class Search(Protocol[K]):
    """The request that finds out which node to ask about keys; `kafka.admin.lookups` has them.

    Attributes:
        finds: what is looked up, in words: ``the controller``.
        verdicts: what to do about errors of it; others follow their class.
    """

    @property
    def finds(self) -> str: ...

    @property
    def verdicts(self) -> Verdicts: ...

    def build(self, keys: Sequence[K]) -> Request[Any]:
        """Return the request, which any node can answer."""

    def read(self, answer: Answer[Any], keys: Sequence[K]) -> Mapping[K, int | KafkaError]:
        """Return the node to ask about each of *keys*, or why none is known."""


class Lookup(NamedTuple, Generic[K]):
    """Whom to ask about a key; made by the functions of `kafka.admin.lookups`.

    Attributes:
        fixed: returns whom to ask if that never takes a look-up, else ``None``.
        cached: returns the node that the metadata names, ``None`` if it takes a look-up; not
            called any more after a failure.
        search: finds nodes; needed unless all keys are fixed.
    """

    fixed: Callable[[K], Target | None]
    cached: Callable[[K, ClusterSnapshot], int | None]
    search: Search[K] | None = None


class Operation(Protocol[K, V_co]):
    """One API as the admin client uses it.

    Any in the messages: each operation has a request and a response of its own.

    Attributes:
        noun: what the keys are, in the singular: ``topic``, ``group``.
        lookup: whom to ask about each key.
        verdicts: what to do about errors of keys; others follow their class.
    """

    @property
    def noun(self) -> str: ...

    @property
    def lookup(self) -> Lookup[K]: ...

    @property
    def verdicts(self) -> Verdicts: ...

    def build(self, keys: Sequence[K], timeout_ms: int) -> Request[Any]:
        """Return the request about *keys*, which share a node.

        Args:
            keys: some of the call's; requests above 1 MB are built again for half of them.
            timeout_ms: what is left of the call's time, for APIs that carry it; not more than a
                request may take.
        """

    def read(self, answer: Answer[Any], keys: Sequence[K]) -> Mapping[K, V_co | KafkaError]:
        """Return the result or the error of each of *keys*; others are ignored.

        The machine repeats what the verdict on the error says, and looks the node up again where
        it says so.
        """


def is_too_old(error: KafkaError) -> bool:
    """Return whether *error* says that the broker does not have what was asked for."""
    return isinstance(error, UnsupportedVersionError)


class Fallback(NamedTuple, Generic[K, V_co]):
    """What to ask about a key after an error, of the node that has reported it.

    Attributes:
        operation: what to ask. It finds nodes as the operation before it does.
        applies: returns whether an error leaves it to *operation*.
    """

    operation: Operation[K, V_co]
    applies: Callable[[KafkaError], bool] = is_too_old


class Outcome(NamedTuple, Generic[K, V]):
    """What came of a call; each key is in one of the first two.

    Attributes:
        results: what succeeded.
        errors: what failed.
        doubtful: keys that were asked about again after an answer was lost, so that the first
            request may have been carried out.
    """

    results: dict[K, V]
    errors: dict[K, KafkaError]
    doubtful: frozenset[K]

    def merged(self, other: Outcome[K, V]) -> Outcome[K, V]:
        """Return this outcome with what *other* says about its keys instead."""
        results = {key: value for key, value in self.results.items() if key not in other.errors}
        errors = {key: error for key, error in self.errors.items() if key not in other.results}
        return Outcome(
            results | other.results, errors | other.errors, self.doubtful | other.doubtful
        )


def in_words(noun: str, key: object) -> str:
    """Return a key as errors name it, such as ``topic orders`` or ``partition orders-3``."""
    if isinstance(key, TopicPartition):
        return f"{noun} {key.topic}-{key.partition}"
    return f"{noun} {key}"


@overload
def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]: ...


@overload
def by_topic(
    partitions: Iterable[TopicPartition], entry: Callable[[TopicPartition], T]
) -> dict[str, list[T]]: ...


def by_topic(
    partitions: Iterable[TopicPartition],
    entry: Callable[[TopicPartition], object] = lambda tp: tp.partition,
) -> Mapping[str, list[Any]]:
    """Return partitions by topic, as requests have them.

    Args:
        partitions: any.
        entry: what to list for each; by default its number.
    """
    found: dict[str, list[object]] = {}
    for tp in partitions:
        found.setdefault(tp.topic, []).append(entry(tp))
    return found
