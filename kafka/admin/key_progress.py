"""Where one key of a call is, and what has become of its attempts.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.retry import RetryState
from kafka.admin.call_states import KeyState
from kafka.admin.operation import ANY
from kafka.errors import (
    BrokerResponseError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

if TYPE_CHECKING:
    from kafka.errors import KafkaError


class KeyProgress:
    """Where one key is.

    Attributes:
        state: see `KeyState`.
        target: whom to ask, while that is known.
        retry: attempts, and when the next one may begin.
        error: of the last attempt, if it failed.
        error_node: where it failed, if that is known.
        limit: keys that a request may have, beside this one and with it.
        is_doubtful: whether an answer was lost.
        error_since: since when attempts have ended with errors of its class.
        step: which operation of the call asks about it.
        unreached_since: when its requests began to find no connection to its node; ``None`` if the
            last one was written.
    """

    __slots__ = (
        "error",
        "error_node",
        "error_since",
        "is_doubtful",
        "limit",
        "retry",
        "state",
        "step",
        "target",
        "unreached_since",
    )

    def __init__(self, limit: int) -> None:
        self.state = KeyState.UNPLACED
        self.target = ANY
        self.retry = RetryState()
        self.error: KafkaError | None = None
        self.error_node: int | None = None
        self.limit = limit
        self.is_doubtful = False
        self.error_since = 0.0
        self.step = 0
        self.unreached_since: float | None = None

    def note(self, error: KafkaError, node_id: int | None, now: float) -> None:
        """Note how an attempt has ended, and at which node if that is known."""
        # That a node is not tried yet is news only if nothing more telling came before.
        if self.error is None or not isinstance(error, NodeNotReadyError):
            self.error_since = now - self.lasted(error, now)
            self.error, self.error_node = error, node_id

    def note_reached(self, was_written: bool, now: float) -> None:
        """Note whether a request that has failed was written to a connection."""
        if was_written:
            self.unreached_since = None
        elif self.unreached_since is None:
            self.unreached_since = now

    def unreachable_for(self, now: float) -> float:
        """Return for how many seconds its node has not been reached."""
        return 0.0 if self.unreached_since is None else now - self.unreached_since

    def lasted(self, error: KafkaError, now: float) -> float:
        """Return the seconds for which attempts have ended with such an error, if it is next."""
        return now - self.error_since if type(error) is type(self.error) else 0.0

    def too_late(self, what: str, waited: float, finds: str | None) -> KafkaTimeoutError:
        """Return the error of a key that has no answer at the deadline.

        Args:
            what: the key in words.
            waited: seconds since the call began.
            finds: what its look-up finds, in words; ``None`` if it takes none.
        """
        lacks = "no result" if _is_answer(self.error) else "no answer"
        text = f"{what}: {lacks} in {waited:.1f} s"
        if self.error is None:
            asked = self.target.node_id
            if finds is not None and self.state in (KeyState.UNPLACED, KeyState.SOUGHT):
                return KafkaTimeoutError(f"{text}; {finds} was not found")
            return KafkaTimeoutError(text if asked is None else f"{text} from node {asked}")
        attempts = self.retry.attempts
        times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        node = "" if self.error_node is None else f" from node {self.error_node}"
        detail = f": {self.error.args[0]}" if self.error.args else ""
        late = KafkaTimeoutError(
            f"{text}, after {times}: {type(self.error).__name__}{node}{detail}"
        )
        late.__cause__ = self.error
        return late


def _is_answer(error: KafkaError | None) -> bool:
    """Return whether a broker has said *error*: then it has not been silent."""
    return isinstance(error, BrokerResponseError) and not isinstance(error, RequestTimedOutError)
