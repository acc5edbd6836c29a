"""What a member of a classic group has sent, and whether it knows its coordinator.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka._base.retry import RetryState
from kafka.coordinator.membership import FindCoordinator, Send

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.coordinator.membership import MemberIdentity
    from kafka.protocol.schema import Request

    AnyRequest = Request[Any]  # Any: each has its own kind of response


class Outbox:
    """The requests of one member; of each kind one at a time is waited for.

    Args:
        backoff: between two attempts.
        uniform: randomness for it.

    Attributes:
        coordinator: node id, ``None`` while it is not known.
    """

    def __init__(self, backoff: ExponentialBackoff, uniform: Uniform) -> None:
        self.coordinator: int | None = None
        self._backoff = backoff
        self._uniform = uniform
        self._is_looking = False
        self._retry = RetryState()
        self._pending: dict[type[AnyRequest], Send] = {}
        self._actions: list[Send | FindCoordinator] = []

    def __repr__(self) -> str:
        """Return a status line."""
        waiting = ", ".join(kind.__name__ for kind in self._pending) or "nothing"
        return f"<Outbox coordinator={self.coordinator} waiting for {waiting}>"

    # -- the coordinator -------------------------------------------------------------------

    def find_coordinator(self) -> None:
        """Look the coordinator up, unless it is known or looked up already."""
        if self.coordinator is None and not self._is_looking:
            self._is_looking = True
            self._actions.append(FindCoordinator())

    def on_coordinator(self, node_id: int | None) -> None:
        """React to a coordinator that was found, or lost."""
        self._is_looking = False
        self.coordinator = node_id

    def is_open(self, now: float) -> bool:
        """Return whether something can be sent."""
        return self.coordinator is not None and self._retry.may_start(now)

    def opens_at(self) -> float | None:
        """Return when something can be sent, ``None`` while there is no coordinator."""
        return None if self.coordinator is None else self._retry.not_before

    def back_off(self, now: float) -> float:
        """Wait before the next attempt, longer each time; return until when."""
        self._retry = self._retry.failed(now, self._backoff, self._uniform)
        return self._retry.not_before

    def on_success(self) -> None:
        """Forget the attempts that failed."""
        self._retry = RetryState()

    # -- requests --------------------------------------------------------------------------

    def send(
        self, request: AnyRequest, channel: str, *, timeout: float, sender: MemberIdentity
    ) -> None:
        """Send *request* and wait for its answer, no more for that of an older one."""
        sent = Send(request, channel, timeout, sender)
        self._pending[type(request)] = sent
        self._actions.append(sent)

    def waits_for(self, kind: type[AnyRequest]) -> bool:
        """Return whether a request of this kind is not answered yet."""
        return kind in self._pending

    def take(self, sent: Send) -> bool:
        """Return whether the answer to *sent* is waited for, and wait for it no more."""
        kind = type(sent.request)
        if self._pending.get(kind) is not sent:
            return False
        del self._pending[kind]
        return True

    def forget(self, *kinds: type[AnyRequest]) -> None:
        """Drop the answers to requests of these kinds, by default of all."""
        for kind in kinds or tuple(self._pending):
            self._pending.pop(kind, None)

    def take_actions(self) -> list[Send | FindCoordinator]:
        """Return what is to be sent or looked up."""
        actions, self._actions = self._actions, []
        return actions
