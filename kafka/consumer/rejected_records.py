"""What becomes of records that cannot be read: the errors about them, and the policy.  Pure.

A policy, the option ``on_deserialize_error``, is asked once for each key or value that a
deserializer rejects, and only then. A batch that cannot be decoded is always an error: nobody knows
which records were in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kafka._base.logs import logger
from kafka.errors import CorruptBatchError, KafkaError, RecordDeserializationError
from kafka.serializer.undecoded import SKIP_RECORD, UndecodedBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import TopicPartition

    # The user's own values come out of it, so object.
    Policy = Callable[[RecordDeserializationError], object]

log = logger(__name__)


class Received(NamedTuple):
    """A record as it was received.

    Args:
        tp: its partition.
        offset: its offset.
        timestamp: ms since the Unix epoch, -1 if it has none.
        key: its key.
        value: its value.
        headers: its headers.
    """

    tp: TopicPartition
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def rejection(self, origin: str) -> RecordDeserializationError:
        """Return the error that its *origin*, ``key`` or ``value``, was rejected."""
        tp, offset, value = self.tp, self.offset, self.value
        return RecordDeserializationError(
            f"the {origin} deserializer cannot read the record at {tp.topic}-{tp.partition} "
            f"offset {offset}; seek to {offset + 1} to go past it",
            tp,
            offset,
            self.key,
            # A view, as zero_copy asks for, would keep the response in memory and not pickle.
            None if value is None else bytes(value),
            list(self.headers),
            self.timestamp,
            origin,
        )


class PolicyError(KafkaError):
    """Carry what the application's callable has raised out of the decoder; nobody else sees it.

    There, any other exception is taken for one of a signal handler.

    Attributes:
        raised: what was raised; its cause tells where the record is.
    """

    def __init__(self, raised: Exception) -> None:
        super().__init__(raised)
        self.raised = raised


class RejectedRecords:
    """Settle what becomes of keys and values that a deserializer rejects.

    Args:
        policy: ``raise``, ``skip``, ``raw``, or a callable that gets the error and returns what
            stands in for the key or the value, or `SKIP_RECORD`, or raises.
        client_id: who logs.
    """

    def __init__(self, policy: str | Policy = "raise", client_id: str = "") -> None:
        self._client_id = client_id
        self._skipped: dict[TopicPartition, _Skipped] = {}
        self._decide: Policy
        if callable(policy):
            self._decide = policy
        else:
            self._decide = {"skip": self._skip, "raw": _as_undecoded}.get(policy, _raise)

    def settle(self, error: RecordDeserializationError, cause: Exception) -> object:
        """Return what stands in for the key or value that *error* is about.

        Returns:
            The replacement, or `SKIP_RECORD`.

        Raises:
            RecordDeserializationError: the record cannot be returned.
            PolicyError: the application's callable has raised another exception.
        """
        error.__cause__ = cause
        if isinstance(cause, MemoryError):
            # This says nothing about the record, so no policy may drop it.
            raise error
        try:
            return self._decide(error)
        except Exception as exc:
            if exc is error:
                raise
            exc.__cause__ = exc.__cause__ or error
            raise PolicyError(exc) from None

    def report(self) -> None:
        """Log how many records were skipped: the first time, then each time there are 10x more."""
        for tp, skipped in self._skipped.items():
            if skipped.count >= skipped.next_report:
                skipped.next_report = 10 ** len(str(skipped.count))
                log.warning(
                    "%s: skipped records of %s-%d that the deserializer rejects: %d so far, the "
                    "last at offset %d (%s)",
                    self._client_id,
                    *tp,
                    skipped.count,
                    skipped.offset,
                    skipped.cause,
                )

    def _skip(self, error: RecordDeserializationError) -> object:
        tp = error.topic_partition
        if tp is not None:
            skipped = self._skipped.setdefault(tp, _Skipped())
            skipped.count += 1
            skipped.offset = error.offset
            # Not its text, in which deserializers show what they could not read.
            skipped.cause = f"{error.origin}: {type(error.__cause__).__name__}"
            log.debug("%s: skipped %s-%d offset %d", self._client_id, *tp, error.offset)
        return SKIP_RECORD


class _Skipped:
    """Which records of a partition were skipped."""

    __slots__ = ("cause", "count", "next_report", "offset")

    def __init__(self) -> None:
        self.cause = ""
        self.count = 0
        self.next_report = 1
        self.offset = -1


def _raise(error: RecordDeserializationError) -> NoReturn:
    raise error


def _as_undecoded(error: RecordDeserializationError) -> UndecodedBytes:
    data = error.key if error.origin == "key" else error.value
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        exc = waiting.pop()
        if exc is not None and id(exc) not in seen:
            seen.add(id(exc))
            exc.__traceback__ = None
            waiting += exc.__cause__, exc.__context__
    return UndecodedBytes(data or b"", error)


def corrupt_batch(
    error: KafkaError, tp: TopicPartition, offset: int, next_offset: int
) -> CorruptBatchError:
    """Return *error*, about a batch that cannot be decoded, with where it is and how to go on.

    Args:
        error: what is wrong with it.
        tp: its partition.
        offset: the offset wanted.
        next_offset: where to go on.
    """
    return CorruptBatchError(
        f"{tp.topic}-{tp.partition} at offset {offset}: {', '.join(map(str, error.args))}; seek to "
        f"{next_offset} to go past the batch",
        tp,
        offset,
        next_offset,
    )
