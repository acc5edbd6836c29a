"""Errors that arise in the client itself, and the names that older releases used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.errors._base import InvalidMetadataError, KafkaError, RetriableError
from kafka.errors._broker import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    CorruptRecordError,
    NetworkExceptionError,
    NotCoordinatorError,
    NotLeaderForPartitionError,
    SaslAuthenticationFailedError,
    UnknownError,
    UnsupportedVersionError,
)
from kafka.errors.failed_records import FailedRecords

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cancelled(RetriableError):  # noqa: N818 - kafka-python's name
    """Report that a request was given up before it was answered."""


class CommitFailedError(KafkaError):
    """Report that offsets were not committed: the group has moved on without this member.

    The partitions now belong to other members, so their records may be processed twice.
    """

    def __str__(self) -> str:
        """Return the given detail, or what usually causes the error."""
        if self.args:
            return super().__str__()
        return (
            "CommitFailedError: the offsets were not committed, because the group has rebalanced "
            "and given the partitions to another member. Usually poll() was called too seldom: "
            "raise max_poll_interval_ms or lower max_poll_records."
        )


class IllegalArgumentError(KafkaError):
    """Report a bad argument."""


class SeekError(IllegalArgumentError, ValueError, AssertionError):
    """Report a partition that is not assigned, or an offset that cannot be sought.

    kafka-python 3.x raises `ValueError` here, 2.x `AssertionError`.
    """


class IllegalStateError(KafkaError):
    """Report a call that the object's present state does not allow."""


class UnassignedPartitionError(SeekError, IllegalStateError, KeyError):
    """Report a call about a partition that is not assigned to the consumer.

    kafka-python 3.x raises `ValueError` (seek), `IllegalStateError` (position, highwater) or
    `KeyError` (pause, resume) here, 2.x `AssertionError` or `KeyError`.
    """

    def __str__(self) -> str:
        """Return the class name and the message; a `KeyError` would show it in quotes."""
        return ": ".join((type(self).__name__, *map(str, self.args)))


class KafkaConfigurationError(KafkaError):
    """Report a configuration that cannot work."""


class KafkaConnectionError(InvalidMetadataError):
    """Report a connection that could not be made or that broke."""


class TlsError(KafkaConnectionError):
    """Report that this client and a broker cannot speak TLS with each other."""

    # Unlike other connection errors: the next attempt would end in the same way.
    retriable = False
    invalid_metadata = False


class TlsVerificationError(TlsError):
    """Report a broker's certificate that is not accepted; the message says whose, and why."""


class KafkaProtocolError(KafkaError):
    """Report bytes that do not follow the Kafka protocol."""


class CorrelationIdError(RetriableError, KafkaProtocolError):
    """Report a response that answers none of the requests in flight."""


class InvalidReceiveError(KafkaProtocolError):
    """Report a frame whose announced size is negative, too small or too large."""


class KafkaTimeoutError(RetriableError):
    """Report that something did not happen in the time it was given."""


class UndeliveredRecordsError(KafkaError):
    """Report records that were not delivered, and whose futures nobody has looked at.

    ``flush(raise_on_error=True)`` and ``close(raise_on_error=True)`` raise it.

    Args:
        *failures: the records, by partition: `FailedRecords` each.
    """

    @property
    def failures(self) -> tuple[FailedRecords, ...]:
        """The records, by partition."""
        return tuple(given for given in self.args if isinstance(given, FailedRecords))

    @property
    def exceptions(self) -> tuple[KafkaError, ...]:
        """The causes, as an `ExceptionGroup` has them."""
        return tuple(failure.cause for failure in self.failures)

    def __str__(self) -> str:
        """Return how many records failed, and where and why."""
        if not self.failures:
            return super().__str__()
        count = sum(failure.records for failure in self.failures)
        found = "; ".join(map(str, self.failures))
        return f"{type(self).__name__}: {count} records were not delivered: {found}"


class NoBrokersAvailable(KafkaTimeoutError):  # noqa: N818 - kafka-python's name
    """Report that no bootstrap server could be reached; the message lists what was tried."""


class KafkaUnavailableError(KafkaError):
    """Report that no broker could be reached (kafka-python 1.x)."""


class MetadataEmptyBrokerList(RetriableError):  # noqa: N818 - kafka-python's name
    """Report a metadata response that lists no broker."""


class NoOffsetForPartitionError(KafkaError):
    """Report a partition with neither a committed offset nor a reset policy."""


class LogTruncationError(KafkaError):
    """Report that records already consumed were truncated from a partition (KIP-320)."""


class NodeNotReadyError(RetriableError):
    """Report a request to a node without a usable connection."""


class UnknownBrokerIdError(KafkaError):
    """Report a broker id that the cluster metadata does not contain."""


class QuotaViolationError(KafkaError):
    """Report a metric that went over its quota."""


class StaleMetadata(InvalidMetadataError):  # noqa: N818 - kafka-python's name
    """Report that the cluster metadata is too old to answer."""


class TooManyInFlightRequests(RetriableError):  # noqa: N818 - kafka-python's name
    """Report a node with as many requests in flight as it may have."""


class UnrecognizedBrokerVersion(KafkaError):  # noqa: N818 - kafka-python's name
    """Report a broker whose version could not be found out."""


class UnsupportedCodecError(KafkaError):
    """Report a compression codec whose library is not installed."""


class RecordTooLargeError(KafkaError):
    """Report a record larger than what one fetch of its partition may return."""


class CorruptBatchError(CorruptRecordError):
    """Report a batch that cannot be decoded: its bytes are damaged.

    The position stays at *offset*, and each poll raises the error again. Seek to *next_offset* to
    go on behind the batch; its other records cannot be read.

    Attributes:
        topic_partition: where the batch is.
        offset: offset of the first record that could not be returned.
        next_offset: where to go on, as far as can be told from damaged data; behind *offset*.
    """

    description = "A batch of records is damaged; seek to next_offset to go on behind it."

    def __init__(
        self,
        message: str,
        topic_partition: Any = None,  # Any: a TopicPartition; its module imports this package
        offset: int = -1,
        next_offset: int = -1,
    ) -> None:
        # All of it in args, so that the error copies and pickles.
        super().__init__(message, topic_partition, offset, next_offset)
        self.topic_partition = topic_partition
        self.offset = offset
        self.next_offset = next_offset

    def __str__(self) -> str:
        """Return error code, class and message."""
        return f"[Error {self.errno}] {type(self).__name__}: {self.args[0]}"


class RecordDeserializationError(KafkaError):
    """Report a record that the configured deserializer could not read (KIP-334, KIP-1036).

    What the deserializer raised is the error's ``__cause__``. The position stays at the record;
    seek to ``next_offset`` to go on behind it.

    Attributes:
        topic_partition: where the record is; *topic* and *partition* are its parts.
        offset: its offset.
        key: its key, as received.
        value: its value, as received.
        headers: its headers.
        timestamp: its timestamp, in ms since the Unix epoch; -1 if it has none.
        origin: what could not be read: ``"key"`` or ``"value"``.
    """

    def __init__(
        self,
        message: str,
        topic_partition: Any = None,  # Any: a TopicPartition; its module imports this package
        offset: int = -1,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        timestamp: int = -1,
        origin: str = "value",
    ) -> None:
        # All of it in args, so that the error copies and pickles.
        super().__init__(message, topic_partition, offset, key, value, headers, timestamp, origin)
        self.topic_partition = topic_partition
        self.offset = offset
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.origin = origin

    @property
    def topic(self) -> str:
        """Topic of the record."""
        topic: str = "" if self.topic_partition is None else self.topic_partition.topic
        return topic

    @property
    def partition(self) -> int:
        """Number of the partition of the record, -1 if the error was made by hand."""
        partition: int = -1 if self.topic_partition is None else self.topic_partition.partition
        return partition

    @property
    def next_offset(self) -> int:
        """Offset behind the record, to seek to."""
        return self.offset + 1

    def __str__(self) -> str:
        """Return the message alone: payloads do not belong into logs."""
        return f"{type(self).__name__}: {self.args[0]}"


class WakeupError(KafkaError):
    """Report a blocking call that `wakeup` ended."""


class TransactionAbortedError(KafkaError):
    """Report a record that was not sent because its transaction was aborted."""

    message = "Failing batch since transaction was aborted"

    def __str__(self) -> str:
        """Return the given detail, or why the record failed."""
        return super().__str__() if self.args else f"TransactionAbortedError: {self.message}"


class IncompatibleBrokerVersion(UnsupportedVersionError):  # noqa: N818 - kafka-python's name
    """Report a broker that is too old for what was asked of it."""


class FailedPayloadsError(KafkaError):
    """Report a payload that could not be sent (kafka-python 1.x).

    Attributes:
        payload: what could not be sent.
    """

    def __init__(self, payload: object, *args: object) -> None:
        super().__init__(payload, *args)
        self.payload = payload


class AsyncProducerQueueFull(KafkaError):  # noqa: N818 - kafka-python's name
    """Report messages that found no room in the queue (kafka-python 1.x).

    Attributes:
        failed_msgs: the messages.
    """

    def __init__(self, failed_msgs: Sequence[object], *args: object) -> None:
        super().__init__(failed_msgs, *args)
        self.failed_msgs = failed_msgs


class AuthenticationMethodNotSupported(KafkaError):  # noqa: N818 - kafka-python's name
    """Report a broker that offers none of the configured authentication methods."""


# The same errors under the names of kafka-python 1.x and 2.x, or of Kafka itself.
AuthenticationFailedError = SaslAuthenticationFailedError
CorruptRecordException = CorruptRecordError
GroupCoordinatorNotAvailableError = CoordinatorNotAvailableError
GroupLoadInProgressError = CoordinatorLoadInProgressError
InvalidMessageError = CorruptRecordError
NotCoordinatorForGroupError = NotCoordinatorError
NotLeaderOrFollowerError = NotLeaderForPartitionError
ProtocolError = KafkaProtocolError
StaleLeaderEpochCodeError = NetworkExceptionError
UnknownServerError = UnknownError
