"""Obtain the producer id of a producer that is only idempotent (KIP-98).  Pure.

Any broker gives one. It is asked for when the producer starts, and again when a batch needs one:
after a refusal, and when the epochs of the last one are used up. A transactional producer gets its
id from its coordinator instead.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka._base.logs import logger
from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.errors import KafkaError, NoError, UnsupportedVersionError, for_code
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.sequences import ProducerIdentity
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.producer.sequences import Sequences
    from kafka.protocol.schema import Message, Request

log = logger("kafka.producer.sender")

# The longest that a request can say; without transactions nothing times out.
_NO_TIMEOUT_MS: Final = 2**31 - 1
_AGAIN: Final = frozenset(
    {Verdict.RETRY, Verdict.REFRESH_METADATA, Verdict.FIND_COORDINATOR, Verdict.REBOOTSTRAP}
)
# Any node can answer, so there is no coordinator to look up and no row of its own for an error.
_ID_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {}


class Send(NamedTuple):
    """Send *request* once; `TransactionManager.on_response` gets the answer.

    Args:
        request: in its newest shape.
        to: the node; ``None`` for any.
    """

    request: Request[Any]  # Any: a response of any API
    to: int | None


class FailBatches(NamedTuple):
    """Fail all batches that wait in their queues and could go with a producer id."""

    error: KafkaError


class SendUnstamped(NamedTuple):
    """Send batches without stamps from now on: the brokers are too old for them."""


Action = Send | FailBatches | SendUnstamped


@unique
class IdState(Enum):
    """Whether there is a producer id, and what is done about it."""

    ABSENT = "absent"
    """There is none. It was refused, and is asked for when a batch needs it."""
    WANTED = "wanted"
    """It is asked for as soon as the back-off is over."""
    ASKING = "asking"
    """A broker is asked for it."""
    READY = "ready"
    UNSUPPORTED = "unsupported"
    """The brokers are too old: batches go without, for good."""
    FATAL = "fatal"
    """The brokers refuse this producer: batches fail, for good."""


ID_TRANSITIONS: Final = Transitions(
    {
        IdState.ABSENT: (IdState.WANTED, IdState.FATAL),
        IdState.WANTED: (IdState.ASKING, IdState.FATAL),
        IdState.ASKING: (
            IdState.READY,
            IdState.WANTED,
            IdState.ABSENT,
            IdState.UNSUPPORTED,
            IdState.FATAL,
        ),
        IdState.READY: (IdState.WANTED, IdState.FATAL),
        IdState.UNSUPPORTED: (),
        IdState.FATAL: (),
    }
)


class ProducerIds:
    """Asks for producer ids.

    Args:
        sequences: gets them.
        backoff: between two attempts.
        uniform: source of randomness, e.g. `random.uniform`.
        required: whether it is an error that the brokers are too old.

    Attributes:
        error: why there is no id: of the last attempt, or (in `IdState.FATAL`) for good.
        ended: why the brokers take nothing more from this producer; ``None`` if they do.
    """

    def __init__(
        self,
        sequences: Sequences,
        *,
        backoff: ExponentialBackoff,
        uniform: Uniform,
        required: bool,
    ) -> None:
        self.error: KafkaError | None = None
        self.ended: KafkaError | None = None
        self._sequences = sequences
        self._backoff = backoff
        self._uniform = uniform
        self._required = required
        self._state = IdState.WANTED
        self._retry = RetryState()
        self._due: list[Action] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ProducerIds {self._state.name} attempts={self._retry.attempts}>"

    # -- inputs ------------------------------------------------------------------------------

    def on_wanted(self) -> bool:
        """React to a batch that waits for an id; return whether `poll` has something to say."""
        if self._state is IdState.ABSENT or self._has_lost_id:
            self._state = ID_TRANSITIONS.step(self._state, IdState.WANTED)
            return True
        if self.ended is not None and not self._due:
            self._due.append(FailBatches(self.ended))
        return bool(self._due)

    @property
    def _has_lost_id(self) -> bool:
        return self._state is IdState.READY and self._sequences.identity is None

    def on_response(self, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to a `Send`, or to the error that came instead."""
        if self._state is not IdState.ASKING:
            return
        error = _error_of(answer)
        self.error = error
        if error is None:
            assert isinstance(answer, InitProducerIdResponse)
            self._on_id(ProducerIdentity(answer.producer_id, answer.producer_epoch))
        else:
            self._retry = self._retry.failed(now, self._backoff, self._uniform)
            self._on_error(error)

    def _on_error(self, error: KafkaError) -> None:
        if verdict_for(type(error), _ID_VERDICTS) in _AGAIN:
            self._state = ID_TRANSITIONS.step(self._state, IdState.WANTED)
            log.debug("no producer id after attempt %d: %s", self._retry.attempts, error)
        elif isinstance(error, UnsupportedVersionError):
            self._on_unsupported(error)
        else:
            self._state = ID_TRANSITIONS.step(self._state, IdState.ABSENT)
            self._due.append(FailBatches(error))

    def _on_id(self, identity: ProducerIdentity) -> None:
        self._state = ID_TRANSITIONS.step(self._state, IdState.READY)
        self._retry = RetryState()
        self._sequences.on_identity(identity)
        log.info("producer id %d, epoch %d", *identity)

    def _on_unsupported(self, error: UnsupportedVersionError) -> None:
        if self._required:
            told = f"enable_idempotence=True needs brokers of 0.11 or later: {error}"
            self.on_fatal(UnsupportedVersionError(told))
            return
        self._state = ID_TRANSITIONS.step(self._state, IdState.UNSUPPORTED)
        self._due.append(SendUnstamped())
        log.info("brokers older than Kafka 0.11: a retry may write a batch twice (%s)", error)

    def on_fatal(self, error: KafkaError) -> None:
        """React to an error after which the brokers take nothing more from this producer."""
        if self._state is not IdState.FATAL:
            self._state = ID_TRANSITIONS.step(self._state, IdState.FATAL)
            self.error = self.ended = error
            self._sequences.identity = None
            self._due.append(FailBatches(error))

    # -- the driver's side -------------------------------------------------------------------

    def poll(self, now: float) -> Sequence[Action]:
        """Return what is due."""
        if self._due:
            due, self._due = self._due, []
            return due
        if self._state is not IdState.WANTED or not self._retry.may_start(now):
            return ()
        self._state = ID_TRANSITIONS.step(self._state, IdState.ASKING)
        request = InitProducerIdRequest(
            transactional_id=None, transaction_timeout_ms=_NO_TIMEOUT_MS
        )
        return (Send(request, None),)

    def next_wakeup(self) -> float | None:
        """Return when the next attempt is due."""
        return self._retry.not_before if self._state is IdState.WANTED else None


def _error_of(answer: Message | KafkaError) -> KafkaError | None:
    """Return why *answer* brings no id, ``None`` if it does."""
    if isinstance(answer, KafkaError):
        return answer
    assert isinstance(answer, InitProducerIdResponse)
    error_class = for_code(answer.error_code)
    if error_class is NoError:
        return None
    return error_class(f"no producer id: {error_class.description}")
