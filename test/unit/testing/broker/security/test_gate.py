"""What may be sent when on a SASL listener: the product of states and inputs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.testing.broker.security.gate import Admission, SaslGate
from kafka.testing.broker.security.sasl import Authenticated, Step, user

HANDSHAKE, VERSIONS, AUTHENTICATE, METADATA = 17, 18, 36, 3
SERVE, REFUSE, CLOSE = Admission.SERVE, Admission.REFUSE, Admission.CLOSE


class OneStep:
    """Accepts any user name but ``wrong``; a number behind a colon is the expiry in ms."""

    def step(self, token: bytes, now_ms: int) -> Step:
        name, _, expiry = token.decode().partition(":")
        if name == "wrong":
            raise SaslAuthenticationFailedError("wrong")
        if name == "more":
            return Step(b"go on")
        return Step(b"ok", Authenticated(user(name), int(expiry) if expiry else None))


def gate(max_session_ms: int = 0) -> SaslGate:
    return SaslGate(["PLAIN", "OTHER"], lambda mechanism: OneStep(), max_session_ms=max_session_ms)


def start(made: SaslGate) -> None:
    """Do nothing."""


def versions(made: SaslGate) -> None:
    made.on_api_versions()


def tokens(made: SaslGate) -> None:
    made.handshake("PLAIN", framed=True, now=0.0)


def opened(made: SaslGate) -> None:
    tokens(made)
    made.token(b"alice", now=0.0, now_ms=0)


def failed(made: SaslGate) -> None:
    made.fail()


@pytest.mark.parametrize(
    ("reach", "answers"),
    [
        (start, {HANDSHAKE: SERVE, VERSIONS: SERVE, AUTHENTICATE: CLOSE, METADATA: CLOSE}),
        (versions, {HANDSHAKE: SERVE, VERSIONS: CLOSE, AUTHENTICATE: CLOSE, METADATA: CLOSE}),
        (tokens, {HANDSHAKE: REFUSE, VERSIONS: REFUSE, AUTHENTICATE: SERVE, METADATA: REFUSE}),
        (opened, {HANDSHAKE: SERVE, VERSIONS: SERVE, AUTHENTICATE: SERVE, METADATA: SERVE}),
        (failed, {HANDSHAKE: CLOSE, VERSIONS: CLOSE, AUTHENTICATE: CLOSE, METADATA: CLOSE}),
    ],
)
def test_each_request_in_each_state(
    reach: Callable[[SaslGate], None], answers: dict[int, Admission]
) -> None:
    for key, expected in answers.items():
        made = gate()
        reach(made)
        assert made.admit(key, 0.0) is expected, key


@pytest.mark.parametrize(("framed", "raw"), [(True, False), (False, True)])
def test_the_handshake_says_how_tokens_come(framed: bool, raw: bool) -> None:
    made = gate()
    made.handshake("PLAIN", framed=framed, now=0.0)
    assert made.takes_raw_tokens is raw


def test_an_unknown_mechanism_closes() -> None:
    made = gate()
    with pytest.raises(UnsupportedSaslMechanismError):
        made.handshake("GSSAPI", framed=True, now=0.0)
    assert made.admit(HANDSHAKE, 0.0) is CLOSE


def test_a_refused_token_closes() -> None:
    made = gate()
    tokens(made)
    with pytest.raises(SaslAuthenticationFailedError):
        made.token(b"wrong", now=0.0, now_ms=0)
    assert made.admit(AUTHENTICATE, 0.0) is CLOSE


def test_a_step_that_is_not_the_last_asks_for_more() -> None:
    made = gate()
    tokens(made)
    assert made.token(b"more", now=0.0, now_ms=0) == (Step(b"go on"), 0)
    assert made.admit(AUTHENTICATE, 0.0) is SERVE
    assert made.authenticated is None


def test_a_token_after_the_end_is_an_illegal_state_and_closes_nothing() -> None:
    made = gate()
    opened(made)
    with pytest.raises(IllegalSaslStateError):
        made.token(b"alice", now=0.0, now_ms=0)
    assert made.admit(METADATA, 0.0) is SERVE


@pytest.mark.parametrize(
    ("max_session_ms", "token", "lifetime_ms"),
    [
        (0, b"alice", 0),
        (60_000, b"alice", 60_000),
        (0, b"alice:31000", 30_000),
        (60_000, b"alice:31000", 30_000),
        (10_000, b"alice:31000", 10_000),
        (10_000, b"alice:500", 0),
    ],
)
def test_a_session_lasts_as_long_as_both_limits_allow(
    max_session_ms: int, token: bytes, lifetime_ms: int
) -> None:
    made = gate(max_session_ms)
    tokens(made)
    assert made.token(token, now=5.0, now_ms=1000)[1] == lifetime_ms


def test_an_expired_session_takes_a_handshake_only() -> None:
    made = gate(10_000)
    opened(made)
    assert made.admit(METADATA, 10.0) is SERVE
    assert made.admit(HANDSHAKE, 10.1) is SERVE
    assert made.admit(METADATA, 10.1) is CLOSE


def test_a_session_without_end_is_not_authenticated_again() -> None:
    made = gate()
    opened(made)
    with pytest.raises(IllegalSaslStateError):
        made.handshake("PLAIN", framed=True, now=5.0)
    assert made.admit(METADATA, 5.0) is SERVE


def test_requests_wait_until_reauthentication_is_over() -> None:
    made = gate(10_000)
    opened(made)
    made.handshake("PLAIN", framed=True, now=9.0)
    assert made.admit(METADATA, 9.0) is REFUSE


def test_a_session_that_was_renewed_goes_on() -> None:
    made = gate(10_000)
    opened(made)
    made.handshake("PLAIN", framed=True, now=9.0)
    made.token(b"alice", now=9.0, now_ms=9000)
    assert made.admit(METADATA, 18.9) is SERVE
    assert made.admit(METADATA, 19.1) is CLOSE


def test_reauthentication_is_refused_twice_in_a_second() -> None:
    made = gate(10_000)
    opened(made)
    made.handshake("PLAIN", framed=True, now=1.0)
    made.token(b"alice", now=1.0, now_ms=1000)
    with pytest.raises(IllegalSaslStateError):
        made.handshake("PLAIN", framed=True, now=1.9)
    made.handshake("PLAIN", framed=True, now=2.0)
    assert made.admit(AUTHENTICATE, 2.0) is SERVE


def test_the_principal_stays_the_same() -> None:
    made = gate(10_000)
    opened(made)
    made.handshake("PLAIN", framed=True, now=5.0)
    with pytest.raises(SaslAuthenticationFailedError, match=r"from User\.alice: User\.bob"):
        made.token(b"bob", now=5.0, now_ms=5000)
    assert made.admit(METADATA, 5.0) is CLOSE


def test_another_mechanism_is_a_dead_end() -> None:
    made = gate(10_000)
    opened(made)
    made.handshake("OTHER", framed=True, now=5.0)
    assert made.admit(AUTHENTICATE, 5.0) is CLOSE
