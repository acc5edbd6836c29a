"""OAUTHBEARER, the client's side, beside the embedded broker's."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.secret import Secret
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.bearer import (
    BEARER_TRANSITIONS,
    BearerConversation,
    BearerState,
    extension_pairs,
)
from kafka.testing.broker.security.oauthbearer import (
    BearerToken,
    OAuthBearerServer,
    TokenRefusedError,
)


def conversation(token: str = "a.b.c", **extensions: str) -> BearerConversation:
    return BearerConversation(Secret(token), extensions)


def test_token_alone_is_said_as_the_rfc_has_it() -> None:
    assert conversation("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==").start() == (
        b"n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )


def test_extensions_follow_the_token() -> None:
    assert conversation("t", logicalCluster="lkc-1", identityPoolId="pool 2").start() == (
        b"n,,\x01auth=Bearer t\x01logicalCluster=lkc-1\x01identityPoolId=pool 2\x01\x01"
    )


def test_broker_gets_token_and_extensions() -> None:
    seen: list[object] = []

    def validate(token: str, now_ms: int, extensions: dict[str, str]) -> BearerToken:
        seen.append((token, extensions))
        return BearerToken("alice")

    client = conversation("t", one="1", two="2")
    client.step(OAuthBearerServer(validate).step(client.start(), 0).challenge)
    assert client.done
    assert seen == [("t", {"one": "1", "two": "2"})]


def test_refusal_is_answered_once_and_described() -> None:
    def validate(token: str, now_ms: int, extensions: dict[str, str]) -> BearerToken:
        raise TokenRefusedError("insufficient_scope", "kafka.read")

    broker = OAuthBearerServer(validate)
    client = conversation()
    assert client.step(broker.step(client.start(), 0).challenge) == b"\x01"
    assert client.describe() == (
        "OAUTHBEARER (the broker says status='insufficient_scope', scope='kafka.read')"
    )
    assert not client.done
    with pytest.raises(SaslAuthenticationFailedError):
        client.step(b"{}")


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        (b"no json", "'no json'"),
        (b"[1]", "'[1]'"),
        (b"{}", "'{}'"),
        (b'{"status": 7}', "status='7'"),
        (b"\xff\xfe", "'\ufffd\ufffd'"),
        (b"[" * 60_000, "more"),
        (b'{"status":"' + b"x" * 1000 + b'"}', "and more"),
        (
            b'{"status":"a","openid-configuration":"https://id"}',
            "openid-configuration='https://id'",
        ),
    ],
)
def test_refusal_in_other_words_is_quoted(challenge: bytes, said: str) -> None:
    client = conversation()
    client.start()
    assert client.step(challenge) == b"\x01"
    assert said in client.describe()
    assert len(client.describe()) < 1000


def test_challenge_without_end_is_refused() -> None:
    client = conversation()
    client.start()
    with pytest.raises(SaslAuthenticationFailedError, match="no attempt"):
        client.step(b"x" * 70_000)


@pytest.mark.parametrize("token", ["", "two words", "a\x01b", "tokén", "a=b", "line\n"])
def test_token_that_breaks_the_grammar_is_not_sent_and_not_shown(token: str) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match="sasl_oauth_token_provider") as caught:
        conversation(token).start()
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "extensions",
    [
        {"auth": "x"},
        {"": "x"},
        {"two words": "x"},
        {"key1": "x"},
        {"key": ""},
        {"key": "a\x01b"},
        {"key": "grün"},
        {"key": "a\0"},
        {"key": 7},
        {7: "x"},
    ],
    ids=str,
)
def test_extension_that_breaks_the_grammar_is_named(extensions: dict[str, str]) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match="extension"):
        extension_pairs(extensions)


EVENTS = {"consent": b"", "refusal": b'{"status":"invalid_token"}', "flood": b"x" * 70_000}
REACHES = {
    (BearerState.SENT, "consent"): BearerState.DONE,
    (BearerState.SENT, "refusal"): BearerState.REFUSED,
}


def in_state(state: BearerState) -> BearerConversation:
    """Return a conversation in *state*."""
    client = conversation()
    if state is BearerState.NEW:
        return client
    client.start()
    if state is BearerState.DONE:
        client.step(b"")
    if state in (BearerState.REFUSED, BearerState.FAILED):
        client.step(b"{}")
    if state is BearerState.FAILED:
        with pytest.raises(SaslAuthenticationFailedError):
            client.step(b"")
    return client


@pytest.mark.parametrize(("state", "event"), list(product(BearerState, EVENTS)))
def test_each_challenge_in_each_state_leads_on_or_ends_the_attempt(
    state: BearerState, event: str
) -> None:
    client = in_state(state)
    assert client.state is state
    expected = REACHES.get((state, event), BearerState.FAILED)
    if expected is BearerState.FAILED:
        with pytest.raises(SaslAuthenticationFailedError):
            client.step(EVENTS[event])
    else:
        client.step(EVENTS[event])
    assert client.state is expected
    assert BEARER_TRANSITIONS.allows(state, expected)


@given(st.binary(min_size=1, max_size=300))
def test_whatever_a_broker_says_instead_of_consent_is_a_refusal(challenge: bytes) -> None:
    client = conversation()
    client.start()
    assert client.step(challenge) == b"\x01"
    assert not client.done
    assert client.describe().isprintable()
