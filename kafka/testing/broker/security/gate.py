"""The state of authentication of a connection: which requests it admits.  Pure.

The order (KIP-43, KIP-152): ApiVersions once, if the client likes; SaslHandshake; then tokens, in
SaslAuthenticate if the handshake had version 1, else as frames of their own without header. Any
other request before the end is ILLEGAL_SASL_STATE during the tokens and no answer at all before,
and every failure closes the connection.

A session that expires (KIP-368) is closed by the first request after its end, unless that is a
SaslHandshake, which starts again with the same mechanism and must end with the same principal.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from kafka._base.transitions import Transitions
from kafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.testing.broker.security.sasl import Authenticated, SaslServer, Step

_SASL_HANDSHAKE, _API_VERSIONS, _SASL_AUTHENTICATE = 17, 18, 36
# KIP-368: a client may not keep the broker busy with handshakes.
_REAUTHENTICATION_INTERVAL = 1.0


class GateState(Enum):
    """How far a connection has come."""

    START = "ApiVersions or SaslHandshake"
    HANDSHAKE = "SaslHandshake"
    TOKENS = "SaslAuthenticate"
    RAW_TOKENS = "a token"
    BAD_MECHANISM = "nothing: the mechanism was changed"
    OPEN = "anything"
    CLOSED = "nothing"


_S = GateState
GATE_TRANSITIONS = Transitions(
    {
        _S.START: {_S.HANDSHAKE, _S.TOKENS, _S.RAW_TOKENS, _S.CLOSED},
        _S.HANDSHAKE: {_S.TOKENS, _S.RAW_TOKENS, _S.CLOSED},
        _S.TOKENS: {_S.OPEN, _S.CLOSED},
        _S.RAW_TOKENS: {_S.OPEN, _S.CLOSED},
        _S.BAD_MECHANISM: {_S.CLOSED},
        _S.OPEN: {_S.TOKENS, _S.RAW_TOKENS, _S.BAD_MECHANISM, _S.CLOSED},
        _S.CLOSED: {_S.CLOSED},
    }
)


class Admission(Enum):
    """What the broker does with a request."""

    SERVE = "its handler answers it"
    REFUSE = "ILLEGAL_SASL_STATE is the answer, then the connection is closed"
    CLOSE = "the connection is closed without an answer"


class SaslGate:
    """The authentication of one connection.

    Args:
        mechanisms: those that the listener offers.
        server: makes the broker's side of one attempt with a mechanism.
        max_session_ms: how long a session lasts with a mechanism at most; 0 for ever.

    Attributes:
        authenticated: the user, once it is authenticated.
    """

    def __init__(
        self,
        mechanisms: Sequence[str],
        server: Callable[[str], SaslServer],
        *,
        max_session_ms: int = 0,
    ) -> None:
        self.mechanisms = list(mechanisms)
        self.authenticated: Authenticated | None = None
        self._new_server = server
        self._max_session_ms = max_session_ms
        self._state = GateState.START
        self._server: SaslServer | None = None
        self._mechanism = ""
        self._expires_at: float | None = None
        self._last_handshake: float | None = None

    def __repr__(self) -> str:
        return f"<SaslGate {self._state.name} {self._mechanism}>"

    @property
    def takes_raw_tokens(self) -> bool:
        """Whether the next frame is a token, not a request."""
        return self._state is GateState.RAW_TOKENS

    @property
    def is_open(self) -> bool:
        """Whether the client is authenticated and not about to repeat that."""
        return self._state is GateState.OPEN

    @property
    def by_token(self) -> bool:
        """Whether a delegation token was the credential."""
        return self.authenticated is not None and self.authenticated.by_token

    def _move(self, state: GateState) -> None:
        self._state = GATE_TRANSITIONS.step(self._state, state)

    def admit(self, api_key: int, now: float) -> Admission:
        """Return what to do with a request of *api_key*; only handlers change the state."""
        match self._state:
            case GateState.START:
                serves = api_key in {_API_VERSIONS, _SASL_HANDSHAKE}
            case GateState.HANDSHAKE:
                serves = api_key == _SASL_HANDSHAKE
            case GateState.TOKENS:
                if api_key != _SASL_AUTHENTICATE:
                    self.fail()
                    return Admission.REFUSE
                serves = True
            case GateState.OPEN:
                serves = api_key == _SASL_HANDSHAKE or not self._has_expired(now)
            case _:
                serves = False
        if not serves:
            self.fail()
        return Admission.SERVE if serves else Admission.CLOSE

    def _has_expired(self, now: float) -> bool:
        return self._expires_at is not None and now > self._expires_at

    def on_api_versions(self) -> None:
        """Record that ApiVersions was answered: it is not admitted again before authentication."""
        if self._state is GateState.START:
            self._move(GateState.HANDSHAKE)

    def fail(self) -> None:
        """Admit no further request."""
        self._server = None
        self._move(GateState.CLOSED)

    def handshake(self, mechanism: str, *, framed: bool, now: float) -> None:
        """Start an attempt.

        Args:
            mechanism: of SASL.
            framed: tokens will come in SaslAuthenticate (SaslHandshake v1).
            now: monotonic time in seconds.

        Raises:
            IllegalSaslStateError: the client is authenticated, and it is not time to repeat that;
                the connection stays open.
            UnsupportedSaslMechanismError: the listener has no such mechanism.
        """
        if self._state is GateState.OPEN:
            if not self._may_repeat(now):
                raise IllegalSaslStateError("the client is authenticated already")
            self._last_handshake = now
        if mechanism not in self.mechanisms:
            self.fail()
            raise UnsupportedSaslMechanismError(f"this listener does not offer {mechanism!r}")
        if self.authenticated is not None and mechanism != self._mechanism:
            self._move(GateState.BAD_MECHANISM)
            return
        self._mechanism = mechanism
        self._server = self._new_server(mechanism)
        self._move(GateState.TOKENS if framed else GateState.RAW_TOKENS)

    def _may_repeat(self, now: float) -> bool:
        if self._expires_at is None:
            return False
        last = self._last_handshake
        return last is None or now - last >= _REAUTHENTICATION_INTERVAL

    def token(self, token: bytes, *, now: float, now_ms: int) -> tuple[Step, int]:
        """Take a token.

        Args:
            token: its bytes.
            now: monotonic time in seconds.
            now_ms: Unix time.

        Returns:
            The mechanism's answer, and how long the session lasts in ms: 0 if for ever, or if
            it has not begun.

        Raises:
            IllegalSaslStateError: no attempt is under way; the connection stays open.
            SaslAuthenticationFailedError: the attempt has failed, and the gate is closed.
        """
        if self._server is None:
            raise IllegalSaslStateError("SaslAuthenticate came after the end of authentication")
        try:
            step = self._server.step(token, now_ms)
            if step.outcome is None:
                return step, 0
            self._check_unchanged(step.outcome)
        except SaslAuthenticationFailedError:
            self.fail()
            raise
        return step, self._open(step.outcome, now, now_ms)

    def _check_unchanged(self, outcome: Authenticated) -> None:
        before = self.authenticated
        if before is not None and before.principal != outcome.principal:
            old, new = before.principal, outcome.principal
            raise SaslAuthenticationFailedError(
                "Cannot change principals during re-authentication from "
                f"{old.kind}.{old.name}: {new.kind}.{new.name}"
            )

    def _open(self, outcome: Authenticated, now: float, now_ms: int) -> int:
        self.authenticated = outcome
        self._server = None
        self._move(GateState.OPEN)
        limits = []
        if outcome.expires_at_ms is not None:
            limits.append(max(0, outcome.expires_at_ms - now_ms))
        if self._max_session_ms > 0:
            limits.append(self._max_session_ms)
        self._expires_at = now + min(limits) / 1000 if limits else None
        return min(limits, default=0)
