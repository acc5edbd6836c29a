"""What `kafka.producer.transactions` decides, as values.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError
    from kafka.producer.sequences import ProducerIdentity
    from kafka.producer.transaction_requests import AnyRequest
    from kafka.producer.transaction_states import Call


class Operation:
    """A call that takes requests, until `Settled` names it.

    Attributes:
        call: which one.
    """

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Operation {self.call.name}>"


class Send(NamedTuple):
    """Send a request, then call `Transactions.on_response`.

    Args:
        request: the request.
        group: the group whose coordinator gets it; ``None`` for that of transactions.
        max_version: highest version to use.
    """

    request: AnyRequest
    group: str | None
    max_version: int | None


class FindCoordinator(NamedTuple):
    """Look up the coordinator of *group*, or with ``None`` that of the transactional id."""

    group: str | None


class Accept(NamedTuple):
    """Take records from now on."""


class Refuse(NamedTuple):
    """Take no more records, and let those taken go out."""


class Flush(NamedTuple):
    """Call `Transactions.on_flushed` with *number* once every record has an outcome.

    Args:
        number: see above.
        until_answered: whether to wait as well until no batch is in flight any more: one that has
            expired has an outcome, but a broker may still write it.
    """

    number: int
    until_answered: bool


class FailRecords(NamedTuple):
    """Fail the records without an outcome; those *in_flight* as well, or only the others.

    Args:
        error: of the records.
        in_flight: see above.
        own: the errors of the topics that have another one.
    """

    error: KafkaError
    in_flight: bool
    own: Mapping[str, KafkaError] = {}


class Identify(NamedTuple):
    """Number the batches as *producer* from now on."""

    producer: ProducerIdentity


class WakeSender(NamedTuple):
    """Look again at what may be sent."""


class Settled(NamedTuple):
    """The *operation* has ended, with *error* if it has failed."""

    operation: Operation
    error: KafkaError | None


Action = (
    Send | FindCoordinator | Accept | Refuse | Flush | FailRecords | Identify | WakeSender | Settled
)
