"""What an admin call raises, and what it says of errors in values that it returns.  Pure."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import (
    BrokerResponseError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import is_refusal
from kafka.net.diagnosis import message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.admin.operation import K, Outcome, V

# So many of the failed keys are named in the message of an error.
_SHOWN: Final = 5
_TIMED_OUT: Final = 7
_NETWORK: Final = 13
_UNKNOWN: Final = -1


def settle(outcome: Outcome[K, V], results: object, *, raise_errors: bool = True) -> None:
    """Raise what a call has to raise: the errors of keys, with all results on them.

    With *raise_errors* false, errors of keys are part of the value. If no key has an answer of a
    broker the call raises all the same: no value could say less than the error.

    Args:
        outcome: what came of the call.
        results: what it would return.
        raise_errors: see above.

    Raises:
        KafkaError: of the class of the first failure. Its ``results`` is *results*, its ``errors``
            the errors by key.
    """
    errors = outcome.errors
    if not errors:
        return
    heard = outcome.results or any(map(_is_answer, errors.values()))
    if heard and not raise_errors:
        return
    raise combined(outcome, results)


def _is_answer(error: KafkaError) -> bool:
    """Return whether a broker says so of a key; that it is too old is found without asking it."""
    is_none = isinstance(error, UnsupportedVersionError) or is_refusal(error)
    return isinstance(error, BrokerResponseError) and not is_none


def combined(outcome: Outcome[K, V], results: object) -> KafkaError:
    """Return one error for all that failed: of the class of the first, naming the keys."""
    first, *others = outcome.errors.items()
    error = first[1]
    if others:
        shown = [f"{_named(key)}: {type(one).__name__}" for key, one in others[:_SHOWN]]
        more = ", ..." if len(others) > _SHOWN else ""
        total = len(outcome.errors) + len(outcome.results)
        cause = error
        error = type(cause)(
            f"{message_of(cause)}; and {len(others)} more of {total} failed: "
            f"{', '.join(shown)}{more}"
        )
        error.__cause__ = cause
    error.results = results
    error.errors = dict(outcome.errors)
    return error


def _named(key: object) -> str:
    topic, partition = getattr(key, "topic", None), getattr(key, "partition", None)
    return f"{topic}-{partition}" if topic is not None and partition is not None else str(key)


@contextmanager
def results_on_errors(results: object) -> Iterator[None]:
    """Put *results* on an error of what comes after the changes themselves were made."""
    try:
        yield
    except KafkaError as error:
        error.results = results
        raise


class ErrorFields(NamedTuple):
    """An error as responses have it.

    Attributes:
        code: Kafka's error code, 0 for none.
        message: the text, ``None`` for none.
    """

    code: int
    message: str | None


def error_fields(error: KafkaError | None) -> ErrorFields:
    """Return an error as values of admin calls have it.

    Errors of this client get the code that a broker would have for them.
    """
    if error is None:
        return ErrorFields(0, None)
    code = _UNKNOWN
    if isinstance(error, BrokerResponseError):
        code = error.errno
    elif isinstance(error, KafkaTimeoutError):
        code = _TIMED_OUT
    elif isinstance(error, KafkaConnectionError):
        code = _NETWORK
    return ErrorFields(code, message_of(error))
