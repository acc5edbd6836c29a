"""What the errors of each API mean for the admin client: one table for each.  Pure.

What has no row follows its class (`kafka.errors.verdict`): errors about stale metadata look the
node up again, other retriable ones are asked again, all others end in an error of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.errors import (
    CoordinatorNotAvailableError,
    EligibleLeadersNotAvailableError,
    KafkaError,
    NotControllerError,
    NotLeaderForPartitionError,
    PreferredLeaderNotAvailableError,
    RequestTimedOutError,
    ThrottlingQuotaExceededError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnstableOffsetCommitError,
)
from kafka.errors.verdict import Verdict, verdict_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.protocol.schema import Message

LOOK_UP_AGAIN: Final = frozenset(
    {Verdict.REFRESH_METADATA, Verdict.FIND_COORDINATOR, Verdict.REBOOTSTRAP}
)
"""Verdicts after which the node is looked up, then asked."""
ASK_AGAIN: Final = frozenset({Verdict.RETRY})
"""Verdicts after which the same node is asked."""

BELIEVED_AFTER: Final[Mapping[type[KafkaError], float]] = {
    # A topic that has just been created may not have reached the broker that was asked; for a
    # topic that does not exist nobody should wait until a call's deadline. With the default
    # back-off it is the fifth answer that is believed.
    UnknownTopicOrPartitionError: 1.2,
}
"""Errors that are tried again, but only until they have come in a row for so many seconds."""

_COMMON: Final[Mapping[type[KafkaError], Verdict]] = {
    NotControllerError: Verdict.REFRESH_METADATA,
}
_CONTROLLER: Final[Mapping[type[KafkaError], Verdict]] = {
    # The controller knows all topics: it need not be asked again.
    UnknownTopicOrPartitionError: Verdict.FATAL,
}
CREATE_TOPICS: Final[Mapping[type[KafkaError], Verdict]] = {**_CONTROLLER}
DELETE_TOPICS: Final[Mapping[type[KafkaError], Verdict]] = {
    **_CONTROLLER,
    UnknownTopicIdError: Verdict.FATAL,
}
CREATE_PARTITIONS: Final[Mapping[type[KafkaError], Verdict]] = {**_CONTROLLER}
DELETE_RECORDS: Final[Mapping[type[KafkaError], Verdict]] = {}
# The broker that the caller has named is the one to say it: nobody else is asked.
DELETE_RECORDS_ON_BROKER: Final[Mapping[type[KafkaError], Verdict]] = {
    NotLeaderForPartitionError: Verdict.FATAL,
    UnknownTopicOrPartitionError: Verdict.FATAL,
}
LIST_OFFSETS: Final[Mapping[type[KafkaError], Verdict]] = {}
ELECT_LEADERS: Final[Mapping[type[KafkaError], Verdict]] = {
    **_CONTROLLER,
    # What the election came to: whoever wants another outcome has to bring replicas back first.
    PreferredLeaderNotAvailableError: Verdict.FATAL,
    EligibleLeadersNotAvailableError: Verdict.FATAL,
}
ALTER_REASSIGNMENTS: Final[Mapping[type[KafkaError], Verdict]] = {**_CONTROLLER}
LIST_REASSIGNMENTS: Final[Mapping[type[KafkaError], Verdict]] = {**_CONTROLLER}
NO_ROWS: Final[Mapping[type[KafkaError], Verdict]] = {}
"""For APIs whose errors all follow their class."""
# A broker that is asked for what it coordinates is the one to ask again.
LIST_GROUPS: Final[Mapping[type[KafkaError], Verdict]] = {
    CoordinatorNotAvailableError: Verdict.RETRY,
}
LIST_TRANSACTIONS: Final[Mapping[type[KafkaError], Verdict]] = LIST_GROUPS
_COORDINATOR: Final[Mapping[type[KafkaError], Verdict]] = {
    RequestTimedOutError: Verdict.FIND_COORDINATOR,
}
# DescribeGroups, ConsumerGroupDescribe, DeleteGroups, LeaveGroup and the APIs of offsets.
GROUPS: Final[Mapping[type[KafkaError], Verdict]] = {
    **_COORDINATOR,
    # KIP-447: a transaction has offsets pending; whether they count shows when it ends.
    UnstableOffsetCommitError: Verdict.RETRY,
    # A coordinator says it of a topic that is not there, and new metadata does not help.
    UnknownTopicOrPartitionError: Verdict.FATAL,
}
DESCRIBE_TRANSACTIONS: Final[Mapping[type[KafkaError], Verdict]] = _COORDINATOR
DESCRIBE_PRODUCERS: Final[Mapping[type[KafkaError], Verdict]] = {
    RequestTimedOutError: Verdict.REFRESH_METADATA,
}
# A replica that the caller has named is the one to say it: nobody else is asked.
DESCRIBE_PRODUCERS_OF_REPLICA: Final[Mapping[type[KafkaError], Verdict]] = {
    **DESCRIBE_PRODUCERS,
    NotLeaderForPartitionError: Verdict.FATAL,
    UnknownTopicOrPartitionError: Verdict.FATAL,
}
WRITE_TXN_MARKERS: Final[Mapping[type[KafkaError], Verdict]] = DESCRIBE_PRODUCERS


def verdict_on(error: KafkaError, table: Mapping[type[KafkaError], Verdict]) -> Verdict:
    """Return what to do about *error*: what *table* says, else the default of its class."""
    kind = type(error)
    return verdict_for(kind, table if kind in table else _COMMON)


def wait_asked_for(error: KafkaError, response: Message) -> float:
    """Return the seconds for which a broker asks the client to wait before it tries again.

    Only for KIP-599, which refuses a change; where an answer was just delayed, the connection
    waits by itself (`kafka.protocol.throttle`).
    """
    if not isinstance(error, ThrottlingQuotaExceededError):
        return 0.0
    announced: object = getattr(response, "throttle_time_ms", 0)
    return announced / 1000 if isinstance(announced, int) else 0.0
