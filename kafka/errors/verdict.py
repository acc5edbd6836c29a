"""What an error asks of the code that met it.

Each API has a table of the errors it treats in a way of its own; `verdict_for` looks an error up
there and falls back to the default of its class. PURE: names decisions, takes none of them.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka.errors._base import InvalidMetadataError, KafkaError, RetriableError
from kafka.errors._broker import (
    CoordinatorNotAvailableError,
    IllegalSaslStateError,
    NoError,
    NotCoordinatorError,
    RebootstrapRequiredError,
    SaslAuthenticationFailedError,
    TransactionAbortableError,
    UnsupportedSaslMechanismError,
)
from kafka.errors._client import TlsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class Verdict(Enum):
    """Name what to do about an error."""

    SUCCEED = "succeed"
    """It is no failure: go on as if the request had succeeded."""
    RETRY = "retry"
    """Send the same request again after the back-off."""
    REFRESH_METADATA = "refresh metadata"
    """Fetch the cluster metadata, then send again to the node it names."""
    FIND_COORDINATOR = "find coordinator"
    """Look the coordinator up again, then send to it."""
    REBOOTSTRAP = "rebootstrap"
    """Forget all nodes and start from the bootstrap servers (KIP-1102)."""
    REJOIN = "rejoin"
    """Join the group again, with the member id this member has."""
    RESET = "reset"
    """Drop the state the request was built on (member id, session, position), then start afresh."""
    ABORT = "abort"
    """Fail the open transaction; the user may abort it and begin another."""
    FENCE = "fence"
    """Stop for good: another client has taken this one's place."""
    SPLIT = "split"
    """Divide what was sent and send the parts."""
    SKIP = "skip"
    """Leave this item out and carry on with the others."""
    FATAL = "fatal"
    """Raise the error to the user."""


_DEFAULTS: Final[Mapping[type[KafkaError], Verdict]] = {
    NoError: Verdict.SUCCEED,
    CoordinatorNotAvailableError: Verdict.FIND_COORDINATOR,
    NotCoordinatorError: Verdict.FIND_COORDINATOR,
    RebootstrapRequiredError: Verdict.REBOOTSTRAP,
    # A connection error, but what was proved once is proved the next time as well.
    TlsError: Verdict.FATAL,
    TransactionAbortableError: Verdict.ABORT,
    InvalidMetadataError: Verdict.REFRESH_METADATA,
    RetriableError: Verdict.RETRY,
    KafkaError: Verdict.FATAL,
}


# Broker and client have shown each other, by bytes or by an error code, that they will not come
# together: the same attempt, made a moment later, would end in the same way.
_REFUSALS: Final = (
    TlsError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
)


def is_refusal(error: BaseException | None) -> bool:
    """Return whether *error* proves that broker and client will not come together."""
    return isinstance(error, _REFUSALS)


def default_verdict(error_class: type[KafkaError]) -> Verdict:
    """Return the verdict on *error_class* where no API says otherwise."""
    return next(_DEFAULTS[base] for base in error_class.__mro__ if base in _DEFAULTS)


def verdict_for(
    error_class: type[KafkaError], table: Mapping[type[KafkaError], Verdict]
) -> Verdict:
    """Return the verdict on *error_class*: that of *table*, else the default of its class.

    Args:
        error_class: the class of the error met.
        table: the API's rows, by exact class; subclasses do not inherit a row.
    """
    verdict = table.get(error_class)
    return default_verdict(error_class) if verdict is None else verdict
