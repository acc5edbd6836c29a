"""OAUTHBEARER on the broker's side."""

from __future__ import annotations

import base64
import json

import pytest

from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.security.oauthbearer import (
    BearerToken,
    OAuthBearerServer,
    TokenRefusedError,
    unsecured_token,
)
from kafka.testing.broker.security.sasl import Authenticated, Step, user

NOW_MS = 1_600_000_000_000


def jwt(header: object, claims: object, signature: str = "") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (header, claims)
    ]
    return ".".join([*parts, signature])


def good(token: str, now_ms: int, extensions: dict[str, str]) -> BearerToken:
    if token != "t0ken":
        raise TokenRefusedError("invalid_token", scope="kafka")
    return BearerToken(extensions.get("who", "alice"), now_ms + 5)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (b"n,,\x01auth=Bearer t0ken\x01\x01", "alice"),
        (b"n,a=alice,\x01auth=bearer t0ken\x01\x01", "alice"),
        (b"n,,\x01auth=Bearer t0ken\x01who=bob\x01\x01", "bob"),
        (b"n,,\x01host=h\x01port=9092\x01auth=Bearer t0ken\x01\x01", "alice"),
    ],
)
def test_a_good_token_lets_in_until_it_expires(message: bytes, name: str) -> None:
    step = OAuthBearerServer(good).step(message, NOW_MS)
    assert step == Step(b"", Authenticated(user(name), NOW_MS + 5))


def test_a_refused_token_is_a_challenge_and_then_a_failure() -> None:
    attempt = OAuthBearerServer(good)
    challenge = b'{"status":"invalid_token","scope":"kafka"}'
    assert attempt.step(b"n,,\x01auth=Bearer other\x01\x01", 0) == Step(challenge)
    with pytest.raises(SaslAuthenticationFailedError, match='"status":"invalid_token"'):
        attempt.step(b"\x01", 0)


def test_a_second_token_after_a_refused_one_is_a_failure() -> None:
    attempt = OAuthBearerServer(good)
    attempt.step(b"n,,\x01auth=Bearer other\x01\x01", 0)
    with pytest.raises(SaslAuthenticationFailedError, match="0x01"):
        attempt.step(b"n,,\x01auth=Bearer t0ken\x01\x01", 0)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01",
        b"\xff",
        b"n,,\x01auth=Bearer t0ken\x01",
        b"n,,\x01auth=Basic t0ken\x01\x01",
        b"n,,\x01auth=Bearer \x01\x01",
        b"n,,\x01who=bob\x01\x01",
        b"p=x,,\x01auth=Bearer t0ken\x01\x01",
        b"n,a=mallory,\x01auth=Bearer t0ken\x01\x01",
    ],
)
def test_a_malformed_message_is_refused(message: bytes) -> None:
    with pytest.raises(SaslAuthenticationFailedError):
        OAuthBearerServer(good).step(message, NOW_MS)


def test_an_unsecured_token_tells_who_and_until_when() -> None:
    token = jwt({"alg": "none"}, {"sub": "alice", "exp": NOW_MS // 1000 + 60})
    assert unsecured_token(token, NOW_MS, {}) == BearerToken("alice", NOW_MS + 60_000)


@pytest.mark.parametrize(
    "token",
    [
        jwt({"alg": "none"}, {"sub": "alice", "exp": NOW_MS // 1000}),
        jwt({"alg": "none"}, {"sub": "alice"}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": "soon"}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": True}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": 1e300}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": float("inf")}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": float("nan")}),
        jwt({"alg": "none"}, {"sub": "", "exp": 1e10}),
        jwt({"alg": "none"}, {"sub": 7, "exp": 1e10}),
        jwt({"alg": "HS256"}, {"sub": "alice", "exp": 1e10}),
        jwt({"alg": "none"}, {"sub": "alice", "exp": 1e10}, "c2lnbmF0dXJl"),
        jwt({"alg": "none"}, []),
        "a.b.",
        "....",
        "opaque",
        "W" * 9 + "." + "[" * 100_000 + ".",
    ],
)
def test_any_other_unsecured_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefusedError, match="invalid_token"):
        unsecured_token(token, NOW_MS, {})
