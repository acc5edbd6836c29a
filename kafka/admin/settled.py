"""The last word of a broker about one key: done, or refused.  Pure.

For methods whose results name a refusal beside what was done. All else that can go wrong (no
coordinator, no time left, no permission to look up) is an error of the call and is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.admin.operation import Outcome
from kafka.admin.verdicts import ASK_AGAIN, LOOK_UP_AGAIN, verdict_on
from kafka.errors import KafkaError, NoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kafka.admin.operation import Answer, K, V, Verdicts


class Settled(NamedTuple):
    """What a broker has decided.

    Attributes:
        error: why it refused, ``None`` if it did what was asked.
    """

    error: KafkaError | None = None

    @property
    def kind(self) -> type[KafkaError]:
        """The class of the error, `NoError` for none, as kafka-python tells it."""
        return NoError if self.error is None else type(self.error)


def settled(
    answer: Answer[Any], code: int, text: str | None, what: str, verdicts: Verdicts
) -> Settled | KafkaError:
    """Return what the broker decided, or an error after which it is asked again.

    Any: the answer of any API.

    Args:
        answer: where it says so.
        code: Kafka's error code, 0 for done.
        text: the broker's own text, if it sent one.
        what: the key in words, such as ``group orders``.
        verdicts: the table of the API.
    """
    if not code:
        return Settled()
    error = answer.error(code, text, what)
    return Settled(error) if is_final(error, verdicts) else error


def is_final(error: KafkaError, verdicts: Verdicts) -> bool:
    """Return whether *error* ends the call about its key, see `kafka.admin.call`."""
    verdict = verdict_on(error, verdicts)
    return verdict not in LOOK_UP_AGAIN and verdict not in ASK_AGAIN


def refusals_raised(outcome: Outcome[K, Settled]) -> Outcome[K, Settled]:
    """Return *outcome* with what was refused among the errors."""
    refused = {
        key: found.error for key, found in outcome.results.items() if found.error is not None
    }
    done = {key: found for key, found in outcome.results.items() if found.error is None}
    return Outcome(done, {**refused, **outcome.errors}, outcome.doubtful)


def together(*outcomes: Outcome[Any, Any]) -> Outcome[Any, Any]:
    """Return the outcomes of calls about different keys as one, for what it raises.

    Any: each has keys and results of its own.
    """
    results: dict[Any, Any] = {}
    errors: dict[Any, KafkaError] = {}
    for outcome in outcomes:
        results |= outcome.results
        errors |= outcome.errors
    return Outcome(results, errors, frozenset())


def joined(outcomes: Iterable[Outcome[K, V]], join: Callable[[Sequence[V]], V]) -> Outcome[K, V]:
    """Return the outcomes of calls about parts of the same keys as one.

    Args:
        outcomes: what came of each part. A key that has an error in one has that error.
        join: returns the whole result of a key; called with its parts.
    """
    results: dict[K, list[V]] = {}
    errors: dict[K, KafkaError] = {}
    doubtful: frozenset[K] = frozenset()
    for outcome in outcomes:
        for key, result in outcome.results.items():
            results.setdefault(key, []).append(result)
        errors = {**outcome.errors, **errors}
        doubtful |= outcome.doubtful
    whole = {key: join(parts) for key, parts in results.items() if key not in errors}
    return Outcome(whole, errors, doubtful)
