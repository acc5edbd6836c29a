"""What providers return."""

from __future__ import annotations

import base64
import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.net.sasl.token import Token, read_extensions, read_token


class Timed(NamedTuple):
    token: object
    expires_at_ms: object


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


def token(found: object) -> Token:
    read = read_token(found)
    assert isinstance(read, Token)
    return read


def test_text_that_is_no_jwt_is_a_token_that_ends_nobody_knows_when() -> None:
    read = token("opaque")
    assert read.secret.reveal() == "opaque"
    assert (read.issued_at, read.expires_at, read.extensions) == (None, None, {})


def test_jwt_says_when_it_ends() -> None:
    read = token(jwt({"iat": 1000, "exp": 2000.5, "sub": "alice"}))
    assert (read.issued_at, read.expires_at) == (1000.0, 2000.5)


@pytest.mark.parametrize(
    "claims",
    [{}, {"exp": "2000"}, {"exp": True}, {"exp": None}, {"exp": 10**400}, [1], 7, {"exp": [1]}],
    ids=str,
)
def test_jwt_without_a_time_ends_nobody_knows_when(claims: object) -> None:
    assert token(jwt(claims)).expires_at is None


@pytest.mark.parametrize(
    "text", ["a.b", "a.b.c.d", "..", "a.!!!.c", "a.e30.", "x." + "A" * 80_000 + ".y", "a.\xff.b"]
)
def test_text_with_dots_need_not_be_a_jwt(text: str) -> None:
    assert token(text).expires_at is None


def test_object_says_when_its_token_ends() -> None:
    read = token(Timed("opaque", 2_000_500))
    assert (read.secret.reveal(), read.expires_at) == ("opaque", 2000.5)


def test_object_without_a_time_leaves_it_to_the_token() -> None:
    assert token(Timed(jwt({"exp": 5}), None)).expires_at == 5.0


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (None, "NoneType"),
        (b"secret-token", "bytes"),
        (("secret-token", 5), "tuple"),
        (Timed(b"secret-token", 5), "Timed"),
        (Timed("secret-token", "soon"), "expires_at_ms of the token is str"),
        (Timed("secret-token", True), "expires_at_ms of the token is bool"),
    ],
    ids=["nothing", "bytes", "tuple", "bytes in an object", "text as time", "truth as time"],
)
def test_what_is_no_token_is_described_and_not_shown(found: object, problem: str) -> None:
    read = read_token(found)
    assert isinstance(read, str)
    assert problem in read
    assert "secret" not in read


def test_token_shows_no_secret() -> None:
    assert "opaque" not in repr(token("opaque"))


@pytest.mark.parametrize(("found", "read"), [(None, {}), ({"a": "b"}, {"a": "b"})])
def test_extensions_are_a_dict_or_nothing(found: object, read: object) -> None:
    assert read_extensions(found) == read


def test_other_extensions_are_described() -> None:
    assert read_extensions([("a", "b")]) == "extensions() returned list, not a dict"


@given(st.text() | st.text(alphabet="aZ0.=_-").filter(lambda text: "." in text))
def test_every_text_is_a_token(text: str) -> None:
    assert token(text).secret.reveal() == text
