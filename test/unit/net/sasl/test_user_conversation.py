"""Mechanisms that users have written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import pytest

from kafka.errors import KafkaConfigurationError, SaslAuthenticationFailedError
from kafka.net.sasl import SASL_MECHANISMS, register_sasl_mechanism
from kafka.net.sasl.abc import SaslMechanism
from kafka.net.sasl.registry import user_mechanism
from kafka.net.sasl.user_conversation import UserConversation
from test.support.sasl_peer import Consent, SaslPeer, authenticated


class Mine(SaslMechanism):
    """Says its name and, when it is asked, the password."""

    threads: ClassVar[set[str]] = set()

    def __init__(self, **config: object) -> None:
        self.config = config
        self.threads.add(threading.current_thread().name)
        self._next = b"hello"
        self._done = False

    def auth_bytes(self) -> bytes:
        return self._next

    def receive(self, auth_bytes: bytes) -> None:
        self.threads.add(threading.current_thread().name)
        if auth_bytes == b"who?":
            self._next = f"{self.config['host']} {self.config['sasl_plain_password']}".encode()
        else:
            self._done = True
            self._accepted = auth_bytes == b"welcome"

    def is_done(self) -> bool:
        return self._done

    def is_authenticated(self) -> bool:
        return self._done and self._accepted


@pytest.fixture
def registered() -> Iterator[None]:
    register_sasl_mechanism("Mine", Mine)
    yield
    del SASL_MECHANISMS["Mine"]


async def test_mechanism_of_the_user_is_asked_step_by_step(registered: None) -> None:
    peer = SaslPeer([b"who?", Consent(b"welcome")], mechanisms=["Mine"])
    Mine.threads.clear()
    await authenticated(peer, sasl_mechanism="mine", client_id="own")
    assert peer.tokens == [b"hello", b"kafka pencil"]
    assert Mine.threads == {"kafka-own-auth"}


async def test_mechanism_that_is_not_authenticated_in_the_end_fails(registered: None) -> None:
    peer = SaslPeer([Consent(b"go away")], mechanisms=["Mine"])
    with pytest.raises(SaslAuthenticationFailedError, match="SASL Mine: Mine says"):
        await authenticated(peer, sasl_mechanism="MINE")


async def test_endless_mechanism_is_ended(registered: None) -> None:
    peer = SaslPeer([b"who?"], mechanisms=["Mine"])
    with pytest.raises(SaslAuthenticationFailedError, match="do not end"):
        await authenticated(peer, sasl_mechanism="MINE")
    assert len(peer.tokens) == 64


def test_mechanism_is_registered_once_unless_it_is_to_be_replaced(registered: None) -> None:
    with pytest.raises(ValueError, match="overwrite=True"):
        register_sasl_mechanism("Mine", Mine)
    register_sasl_mechanism("Mine", Mine, overwrite=True)


def test_mechanism_of_a_user_may_replace_one_that_is_built_in() -> None:
    before = SASL_MECHANISMS["PLAIN"]
    assert user_mechanism("plain") is None
    register_sasl_mechanism("PLAIN", Mine, overwrite=True)
    try:
        assert user_mechanism("plain") == ("PLAIN", Mine)
    finally:
        register_sasl_mechanism("PLAIN", before, overwrite=True)
    assert user_mechanism("PLAIN") is None


async def test_mechanism_that_nobody_has_registered_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="no such mechanism"):
        await authenticated(SaslPeer([Consent()]), sasl_mechanism="UNHEARD-OF")


class Failing(Mine):
    def __init__(self, error: BaseException, **config: object) -> None:
        super().__init__(**config)
        self._error = error
        if config["where"] == "start":
            raise error

    def receive(self, auth_bytes: bytes) -> None:
        raise self._error


@pytest.mark.parametrize("where", ["start", "step"])
@pytest.mark.parametrize(
    "error", [LookupError("no key"), asyncio.CancelledError("no key"), SystemExit("no key")]
)
def test_error_of_the_users_code_is_the_cause(error: BaseException, where: str) -> None:
    conversation = UserConversation("Mine", lambda: Failing(error, where=where))
    fails = conversation.start
    if where == "step":
        conversation.start()
        fails = partial(conversation.step, b"")
    kind = type(error).__name__
    with pytest.raises(SaslAuthenticationFailedError, match=f"{kind}: no key") as caught:
        fails()
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("token", ["\0user\0pencil", 7], ids=["str", "int"])
@pytest.mark.parametrize("at_once", [True, False], ids=["first", "later"])
async def test_token_that_is_no_bytes_is_refused_and_not_shown(
    registered: None, at_once: bool, token: object
) -> None:
    class Careless(Mine):
        def auth_bytes(self) -> bytes:
            # What a program that is not type-checked returns.
            return token if at_once or self._next != b"hello" else b"hello"  # type: ignore[return-value]

    register_sasl_mechanism("Mine", Careless, overwrite=True)
    peer = SaslPeer([b"who?"], mechanisms=["Mine"])
    kind = type(token).__name__
    with pytest.raises(
        SaslAuthenticationFailedError,
        match=rf"SASL Mine: Careless\.auth_bytes\(\) returned {kind}; it must return bytes",
    ) as caught:
        await authenticated(peer, sasl_mechanism="MINE")
    assert "pencil" not in str(caught.value)
    assert peer.tokens == ([] if at_once else [b"hello"])


@pytest.mark.parametrize(
    ("given", "token"),
    [(bytearray(b"hello"), b"hello"), (memoryview(b"hello"), b"hello"), (None, b"")],
    ids=["bytearray", "memoryview", "nothing"],
)
def test_token_may_be_any_buffer_or_nothing(given: object, token: bytes) -> None:
    class Other(Mine):
        def auth_bytes(self) -> bytes:
            return given  # type: ignore[return-value] # as a program that is not type-checked

    found = UserConversation("Mine", Other).start()
    assert found == token
    assert isinstance(found, bytes)


def test_challenge_after_the_end_is_refused() -> None:
    conversation = UserConversation("Mine", Mine)
    with pytest.raises(SaslAuthenticationFailedError, match="after the end"):
        conversation.step(b"welcome")
    conversation.start()
    conversation.step(b"welcome")
    assert conversation.done
    with pytest.raises(SaslAuthenticationFailedError, match="after the end"):
        conversation.step(b"welcome")
    assert repr(conversation) == "<UserConversation Mine DONE>"
