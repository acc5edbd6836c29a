"""PLAIN, on the broker's side."""

from __future__ import annotations

import pytest

from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.authorizer import Principal
from kafka.testing.broker.security.sasl import Authenticated, PlainServer, Step

USERS = {"alice": "wonder", "bob": "", "käthe": "straße"}


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (b"\0alice\0wonder", "alice"),
        (b"alice\0alice\0wonder", "alice"),
        ("\0käthe\0straße".encode(), "käthe"),
    ],
)
def test_the_right_password_lets_in(token: bytes, name: str) -> None:
    step = PlainServer(USERS.get).step(token, 0)
    assert step == Step(b"", Authenticated(Principal("User", name)))


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (b"\0alice\0wrong", "Invalid username or password"),
        (b"\0nobody\0wonder", "Invalid username or password"),
        (b"\0bob\0anything", "Invalid username or password"),
        (b"bob\0alice\0wonder", "authorization id"),
        (b"\0\0wonder", "username not specified"),
        (b"\0alice\0", "password not specified"),
        (b"alice\0wonder", "expected 3 tokens, got 2"),
        (b"\0alice\0wonder\0", "expected 3 tokens, got 4"),
        (b"", "expected 3 tokens, got 1"),
        (b"\0alice\0\xff", "not UTF-8"),
    ],
)
def test_anything_else_is_refused_with_its_reason(token: bytes, text: str) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match=text):
        PlainServer(USERS.get).step(token, 0)
