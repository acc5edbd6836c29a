"""When a bootstrap is over, and with which error.  Pure: `now` is passed in.

What a server has proved, by bytes or by an error code, it will prove again. One that only hangs up
may be restarting: that counts when it has happened three times at the same stage, over a second at
least. As long as another server may answer, the bootstrap goes on; after a refused credential for
one more second.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import NoBrokersAvailable, SaslAuthenticationFailedError, TlsError
from kafka.errors.verdict import is_refusal
from kafka.net.diagnosis import Ending, Stage, StageError, ending_of, message_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kafka.errors import KafkaError
    from kafka.net.node_states import Address

ENOUGH_HANG_UPS: Final = 3
HANG_UP_TIME: Final = 1.0
# How long other servers have to get ready after one has refused.
LAST_CHANCE: Final = 1.0

# At these stages a server that was silent for a whole attempt is probably no broker that speaks TLS
# or SASL. This is no proof: a broker may be frozen.
_SILENCE_SAYS_ALL: Final = frozenset({Stage.TLS, Stage.SASL})
_NOT_REACHED: Final = frozenset({Stage.DNS, Stage.TCP})
# Brokers before 1.0 refuse a credential by hanging up.
_CLASSES: Final = {Stage.TLS: TlsError, Stage.SASL: SaslAuthenticationFailedError}


class Failure(NamedTuple):
    """Why one address of one bootstrap server gave no metadata."""

    server: str
    address: Address | None
    stage: Stage
    error: KafkaError

    def __str__(self) -> str:
        """Return one line for the user."""
        resolved = (
            ""
            if self.address is None or str(self.address) == self.server
            else (f" ({self.address})")
        )
        text = message_of(self.error).removeprefix(f"{self.server}{resolved}: ")
        return f"{self.server}{resolved} [{self.stage.value}]: {text}"


class _Trial(NamedTuple):
    """What is known of one address of a server.

    Attributes:
        failure: the last one.
        hang_ups: how many there were at the stage of the last failure, without a break.
        since: when the first of them was.
        is_final: whether there is no use in trying again.
    """

    failure: Failure
    hang_ups: int
    since: float
    is_final: bool


class BootstrapTrials:
    """The attempts of one bootstrap.

    Args:
        silence_is_final: whether a server that is silent in a handshake is given up. The user who
            starts a client wants to know; a client that has run knows that its servers speak, and
            one of them may be frozen.
    """

    def __init__(self, *, silence_is_final: bool = True) -> None:
        self._silent_for_good = _SILENCE_SAYS_ALL if silence_is_final else frozenset()
        self._trials: dict[tuple[str, Address | None], _Trial] = {}
        self._refused_at = math.inf

    @property
    def ends_at(self) -> float:
        """When the bootstrap is over because a server has refused; infinity if none has."""
        return self._refused_at + LAST_CHANCE

    @property
    def has_refusal(self) -> bool:
        """Whether a server has refused."""
        return self._refused_at < math.inf

    def on_failure(self, failure: Failure, now: float) -> None:
        """Note a failed attempt."""
        place = failure.server, failure.address
        hang_ups, since, ending = 0, now, ending_of(failure.error)
        if ending is Ending.HUNG_UP:
            hang_ups = failure.error.hang_ups if isinstance(failure.error, StageError) else 1
            before = self._trials.get(place)
            if before is not None and before.hang_ups and before.failure.stage is failure.stage:
                hang_ups, since = hang_ups + before.hang_ups, before.since
        is_final = (
            ending is Ending.PROVED
            or (ending is Ending.SILENT and failure.stage in self._silent_for_good)
            or (hang_ups >= ENOUGH_HANG_UPS and now - since >= HANG_UP_TIME)
        )
        self._trials[place] = _Trial(failure, hang_ups, since, is_final)
        if is_refusal(failure.error):
            self._refused_at = min(self._refused_at, now)

    def settled(self, server: str, address: Address | None) -> Failure | None:
        """Return why there is no use in trying an address again, ``None`` if there is."""
        trial = self._trials.get((server, address))
        return trial.failure if trial is not None and trial.is_final else None

    def is_over(self, failures: Collection[Failure], now: float) -> bool:
        """Return whether another round would be of no use.

        Args:
            failures: those of the last round; there are some.
            now: the time.
        """
        return now >= self.ends_at or self.are_hopeless(failures)

    def are_hopeless(self, failures: Collection[Failure]) -> bool:
        """Return whether all servers of *failures* will fail in the same way again."""
        servers = {failure.server for failure in failures}
        return all(self._is_hopeless(server, failures) for server in servers)

    def _is_hopeless(self, server: str, failures: Collection[Failure]) -> bool:
        """Return whether a server has an address that is final, and none that was reached else.

        A name often has an address of each family, and a server listens at one of them only.
        """
        own = [failure for failure in failures if failure.server == server]
        final = [f for f in own if self.settled(server, f.address) is not None]
        return bool(final) and all(f in final or f.stage in _NOT_REACHED for f in own)

    def pause(self, pause: float, now: float) -> float:
        """Return how long to wait before the next round, *pause* at least.

        When only hang-ups are left to be confirmed, the next attempt should be the last one.
        """
        waiting = [trial for trial in self._trials.values() if not trial.is_final]
        confirming = [t.since + HANG_UP_TIME for t in waiting if t.hang_ups > 1]
        reached = [t for t in waiting if t.failure.stage not in _NOT_REACHED]
        if not confirming or len(confirming) < len(reached):
            return pause
        return max(pause, max(confirming) - now)


def bootstrap_error(failures: Sequence[Failure]) -> KafkaError:
    """Return the error of a bootstrap that ended with *failures*: that of a refusal, if any."""
    lines = list(dict.fromkeys(map(str, failures)))
    refused = next((failure for failure in failures if is_refusal(failure.error)), None)
    if refused is not None:
        return _raised_again(type(refused.error), refused, lines)
    for failure in failures:
        if failure.stage in _CLASSES and ending_of(failure.error) is Ending.HUNG_UP:
            return _raised_again(_CLASSES[failure.stage], failure, lines)
    silent = next((f for f in failures if ending_of(f.error) is Ending.SILENT), None)
    if silent is not None and silent.stage is Stage.TLS:
        return _raised_again(TlsError, silent, lines)
    return not_reached(failures)


def not_reached(failures: Sequence[Failure]) -> NoBrokersAvailable:
    """Return the error of servers that could not be reached, or gave no metadata."""
    text = "\n".join(f"  {line}" for line in dict.fromkeys(map(str, failures)))
    return NoBrokersAvailable(
        "no bootstrap server could be reached; check bootstrap_servers and that the brokers run. "
        f"Last tried:\n{text}"
    )


def _raised_again(kind: type[KafkaError], failure: Failure, lines: Sequence[str]) -> KafkaError:
    """Return the error of *failure* as one of *kind*, which also tells of the other failures."""
    others = "".join(f"\n  {line}" for line in lines if line != str(failure))
    error = kind(message_of(failure.error) + (f"\nalso tried:{others}" if others else ""))
    error.__cause__ = failure.error.__cause__ or failure.error
    return error
