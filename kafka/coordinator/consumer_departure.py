"""How a member leaves a KIP-848 group, and when that is over (KIP-345, KIP-1092).  Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kafka.coordinator.consumer_states import HEARTBEAT_VERDICTS, TRY_AGAIN
from kafka.coordinator.membership import LeaveMode
from kafka.errors import GroupIdNotFoundError, KafkaTimeoutError
from kafka.errors.verdict import Verdict, verdict_for

if TYPE_CHECKING:
    from kafka.errors import KafkaError

LEAVING_EPOCH: Final = -1
LEAVING_STATIC_EPOCH: Final = -2


class Departure:
    """What a member says when it leaves, and for how long it tries to.

    Args:
        is_static: whether the member has a ``group_instance_id``.
        patience: seconds for which it tries.

    Attributes:
        wish: how the application wants to leave; ``None`` if it has not asked for that.
        until: when it is given up; infinity before it begins.
        error: what kept the coordinator from hearing of it.
    """

    def __init__(self, *, is_static: bool, patience: float) -> None:
        self._is_static = is_static
        self._patience = patience
        self.wish: LeaveMode | None = None
        self.until = math.inf
        self.error: KafkaError | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Departure wish={self.wish} until={self.until:.3f}>"

    @property
    def epoch(self) -> int | None:
        """The epoch to leave with, ``None`` to leave without a word."""
        if not self._is_static:
            return None if self.wish is LeaveMode.REMAIN else LEAVING_EPOCH
        return LEAVING_EPOCH if self.wish is LeaveMode.LEAVE else LEAVING_STATIC_EPOCH

    @property
    def is_for_good(self) -> bool:
        """Whether a static member is to give its place up, also if it has left for a while."""
        return self._is_static and self.wish is LeaveMode.LEAVE

    def begin(self, now: float) -> None:
        """Start the time for which it is tried."""
        self.until = now + self._patience

    def end(self) -> KafkaError | None:
        """Be ready for the next time; return what kept the coordinator from hearing of it."""
        error = self.error
        self.wish, self.until, self.error = None, math.inf, None
        return error

    def on_answer(self, error: KafkaError | None) -> bool:
        """Return whether the coordinator has heard enough; else it is to be told again."""
        if error is None or isinstance(error, GroupIdNotFoundError):
            self.error = None
            return True
        verdict = verdict_for(type(error), HEARTBEAT_VERDICTS)
        # A member that the coordinator does not know has left already.
        self.error = None if verdict is Verdict.RESET else error
        return verdict not in TRY_AGAIN

    def on_timeout(self) -> None:
        """Give up."""
        if self.error is None:
            self.error = KafkaTimeoutError(
                f"the coordinator has not answered for {self._patience:g} s; it will count the "
                "member as gone when its session ends"
            )
