"""PLAIN, the client's side."""

from __future__ import annotations

import pytest

from kafka._base.secret import Secret
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.plain import PlainConversation


def test_token_holds_name_and_password() -> None:
    client = PlainConversation("alice", Secret("wönder"))
    assert client.start() == b"\0alice\0" + "wönder".encode()
    assert not client.done
    client.step(b"")
    assert client.done
    assert client.describe() == client.mechanism == "PLAIN"


@pytest.mark.parametrize("challenge", [b"more?", b"\0"])
def test_broker_that_asks_for_more_is_refused(challenge: bytes) -> None:
    client = PlainConversation("alice", Secret("wonder"))
    client.start()
    with pytest.raises(SaslAuthenticationFailedError, match="asks on"):
        client.step(challenge)
    assert not client.done


def test_consent_twice_is_refused() -> None:
    client = PlainConversation("alice", Secret("wonder"))
    client.start()
    client.step(b"")
    with pytest.raises(SaslAuthenticationFailedError, match="asks on"):
        client.step(b"")


@pytest.mark.parametrize(
    ("name", "password", "option"),
    [
        ("", "wonder", "sasl_plain_username is empty"),
        ("alice", "", "sasl_plain_password is empty"),
        ("al\0ice", "wonder", "sasl_plain_username holds a NUL"),
        ("alice", "won\0der", "sasl_plain_password holds a NUL"),
        ("alice", "wonder\udc80", "sasl_plain_password holds .* surrogate"),
    ],
)
def test_credential_that_cannot_be_sent_is_named_and_not_shown(
    name: str, password: str, option: str
) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match=option) as caught:
        PlainConversation(name, Secret(password)).start()
    assert "wonder" not in repr(caught.value)


def test_status_line_shows_no_secret() -> None:
    assert repr(PlainConversation("alice", Secret("wonder"))) == "<PlainConversation OPEN>"
