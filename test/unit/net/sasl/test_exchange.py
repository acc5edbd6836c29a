"""The exchange over a connection, with peers that keep to the protocol and with some that lie."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from kafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    NetworkExceptionError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
)
from kafka.net.connection_state import ConnectionState
from kafka.net.diagnosis import StageError
from kafka.protocol.messages.sasl_handshake import SaslHandshakeResponse
from kafka.testing.broker.security.sasl import user
from kafka.testing.broker.security.scram import (
    Account,
    ScramCredential,
    ScramMechanism,
    ScramServer,
)
from test.support.connections import frame_of
from test.support.sasl_peer import (
    HANG_UP,
    SILENCE,
    Answer,
    Bytes,
    Consent,
    Refusal,
    SaslPeer,
    Script,
    authenticated,
)

SCRAM = {"sasl_mechanism": "SCRAM-SHA-256"}


class Provider:
    def token(self) -> str:
        return "opaque"


BEARER = {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Provider()}


def scram_server() -> ScramServer:
    credential = ScramCredential.from_password(ScramMechanism.SHA_256, "pencil", salt=b"salt")
    account = Account(user("user"), credential)
    return ScramServer(ScramMechanism.SHA_256, lambda name, _: account, nonce="broker")


def honest_scram(*last: Answer) -> Script:
    """Return a script that is honest until the proof of the password, and ends with *last*."""
    server = scram_server()
    steps = [lambda token: server.step(token, 0).challenge] * (1 if last else 2)
    return [*steps, *last]


@pytest.mark.parametrize("raw", [False, True], ids=["in requests", "without headers"])
@pytest.mark.parametrize("options", [{}, BEARER], ids=["PLAIN", "OAUTHBEARER"])
async def test_empty_answer_to_the_only_token_is_consent(
    raw: bool, options: dict[str, object]
) -> None:
    peer = SaslPeer([Consent()], raw=raw)
    connection = await authenticated(peer, **options)
    assert connection.state is ConnectionState.READY
    assert connection.session is None
    assert peer.asked == ([18, 17, -1] if raw else [18, 17, 36])
    assert peer.tokens[0] in (b"\0user\0pencil", b"n,,\x01auth=Bearer opaque\x01\x01")


@pytest.mark.parametrize("raw", [False, True], ids=["in requests", "without headers"])
async def test_scram_takes_two_tokens(raw: bool) -> None:
    peer = SaslPeer(honest_scram(), raw=raw)
    connection = await authenticated(peer, **SCRAM)
    assert connection.state is ConnectionState.READY
    assert len(peer.tokens) == 2


async def test_session_of_the_broker_is_kept_with_the_connection() -> None:
    connection = await authenticated(SaslPeer([Consent(lifetime_ms=60_000)]))
    assert connection.session is not None
    assert connection.session.ends_at == pytest.approx(60.0)
    connection.close()


@pytest.mark.parametrize("name", ["plain", "PLAIN"])
async def test_credentials_may_be_functions_that_are_called_for_each_connection(name: str) -> None:
    passwords = iter(["first", "second"])
    peer = SaslPeer([Consent()])
    for _ in range(2):
        await authenticated(
            peer,
            sasl_mechanism=name,
            sasl_plain_username=lambda: "alice",
            sasl_plain_password=lambda: next(passwords),
        )
    # Each of both clients has its functions called once.
    assert peer.tokens == [b"\0alice\0first", b"\0alice\0second"]


async def test_function_that_fails_is_named_and_its_error_is_the_cause() -> None:
    failure = RuntimeError("vault is sealed")

    def password() -> str:
        raise failure

    peer = SaslPeer([Consent()])
    with pytest.raises(
        StageError, match=r"node 1 kafka.*SASL PLAIN.*sasl_plain_password.*vault is sealed"
    ) as caught:
        await authenticated(peer, sasl_plain_password=password)
    assert caught.value.__cause__ is failure
    assert peer.tokens == []


async def test_function_that_returns_something_else_is_named() -> None:
    with pytest.raises(
        SaslAuthenticationFailedError, match="sasl_plain_password: bytes is not a string"
    ):
        await authenticated(SaslPeer([Consent()]), sasl_plain_password=lambda: b"pencil")


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [33, 0], ids=["with the error", "without an error"])
async def test_mechanism_that_is_not_offered_is_told_with_those_that_are(code: int) -> None:
    answer = SaslHandshakeResponse(error_code=code, mechanisms=["PLAIN", "GSSAPI"])
    peer = SaslPeer([Consent()], handshake=answer)
    with pytest.raises(
        UnsupportedSaslMechanismError, match=r"node 1 kafka.*SCRAM-SHA-256.*offers PLAIN, GSSAPI"
    ):
        await authenticated(peer, **SCRAM)
    assert peer.asked == [18, 17]


async def test_listener_without_sasl_is_told() -> None:
    peer = SaslPeer([Consent()], handshake=SaslHandshakeResponse(error_code=34))
    with pytest.raises(IllegalSaslStateError, match=r"node 1 kafka.*no SASL.*security_protocol"):
        await authenticated(peer)
    assert peer.asked == [18, 17]


async def test_other_error_of_the_handshake_keeps_its_class() -> None:
    peer = SaslPeer([Consent()], handshake=SaslHandshakeResponse(error_code=13))
    with pytest.raises(NetworkExceptionError, match=r"node 1 kafka.*SaslHandshake for PLAIN"):
        await authenticated(peer)


async def test_text_of_the_broker_is_in_the_error() -> None:
    peer = SaslPeer([Refusal(58, "Invalid username or password")])
    with pytest.raises(
        SaslAuthenticationFailedError,
        match=r"node 1 kafka.*SASL PLAIN: the broker refuses: 'Invalid username or password'",
    ):
        await authenticated(peer)


async def test_refusal_without_a_text_says_so() -> None:
    with pytest.raises(SaslAuthenticationFailedError, match="no reason given"):
        await authenticated(SaslPeer([Refusal(58)]))


async def test_other_error_of_a_token_keeps_its_class() -> None:
    with pytest.raises(IllegalSaslStateError, match=r"node 1 kafka.*SASL PLAIN.*too late"):
        await authenticated(SaslPeer([Refusal(34, "too late")]))


async def test_refused_token_is_told_with_the_status_of_the_broker() -> None:
    peer = SaslPeer([b'{"status":"invalid_token","scope":"kafka"}', Refusal(58, "no")])
    with pytest.raises(
        SaslAuthenticationFailedError, match=r"status='invalid_token', scope='kafka'.*'no'"
    ):
        await authenticated(peer, **BEARER)
    assert peer.tokens[1:] == [b"\x01"]


async def test_broker_that_is_too_old_for_sasl_is_told() -> None:
    with pytest.raises(UnsupportedVersionError, match=r"node 1 kafka.*SaslHandshake"):
        await authenticated(SaslPeer([Consent()]), api_version=(0, 9))


async def test_broker_before_1_0_refuses_by_hanging_up() -> None:
    peer = SaslPeer([HANG_UP], raw=True)
    with pytest.raises(StageError, match=r"node 1 kafka.*hung up.*PLAIN.*wrong credentials"):
        await authenticated(peer)


async def test_provider_that_is_silent_is_told() -> None:
    class Silent:
        async def token(self) -> str:
            await asyncio.get_running_loop().create_future()
            return ""

    more = {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Silent()}
    with pytest.raises(StageError, match=r"node 1 kafka.*in time: sasl_oauth_token_provider"):
        await authenticated(SaslPeer([Consent()]), seconds=5.0, **more)
    assert asyncio.get_running_loop().time() == pytest.approx(5.0)


# -- lies ---------------------------------------------------------------------------------------

NONCE_SO_FAR = len(b"n,,n=user,r=")


def first(text: str) -> list[object]:
    """Return a script whose first message goes on from the client's nonce."""
    return [lambda token: text.replace("NONCE", token[NONCE_SO_FAR:].decode()).encode()]


# Encoded here, so that only the client's work is measured.
_NAMES = frame_of(SaslHandshakeResponse(error_code=33, mechanisms=["LIE"] * 24_000), 1, 1)
MANY = Bytes(len(_NAMES).to_bytes(4, "big") + _NAMES)
LIES: dict[str, tuple[dict[str, object], SaslPeer]] = {
    "2^31-1 iterations": (SCRAM, SaslPeer(first(f"r=NONCEx,s=c2FsdA==,i={2**31 - 1}"))),
    "1 iteration": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA==,i=1"))),
    "-5 iterations": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA==,i=-5"))),
    "4095 iterations": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA==,i=4095"))),
    "1,000,001 iterations": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA==,i=1000001"))),
    "iterations of 100,000 digits": (
        SCRAM,
        SaslPeer(first(f"r=NONCEx,s=c2FsdA==,i={'9' * 60_000}")),
    ),
    "no iterations": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA=="))),
    "foreign nonce": (SCRAM, SaslPeer(first("r=foreign,s=c2FsdA==,i=4096"))),
    "client's nonce alone": (SCRAM, SaslPeer(first("r=NONCE,s=c2FsdA==,i=4096"))),
    "salt that is no base64": (SCRAM, SaslPeer(first("r=NONCEx,s=!,i=4096"))),
    "no salt": (SCRAM, SaslPeer(first("r=NONCEx,s=,i=4096"))),
    "mandatory extension": (SCRAM, SaslPeer(first("m=1,r=NONCEx,s=c2FsdA==,i=4096"))),
    "empty first message": (SCRAM, SaslPeer([b""])),
    "first message of 100 KB": (SCRAM, SaslPeer([b"r" * 100_000])),
    "first message that is no text": (SCRAM, SaslPeer([b"\xff" * 100])),
    "client's own message": (SCRAM, SaslPeer([lambda token: token])),
    "no server signature": (SCRAM, SaslPeer(honest_scram(b""))),
    "wrong server signature": (SCRAM, SaslPeer(honest_scram(b"v=" + b"A" * 43 + b"="))),
    "signature that is no base64": (SCRAM, SaslPeer(honest_scram(b"v=?"))),
    "error for a signature": (SCRAM, SaslPeer(honest_scram(b"e=other-error"))),
    "proof sent back": (SCRAM, SaslPeer([*honest_scram(b""), lambda token: token])),
    "consent to the first message": (SCRAM, SaslPeer([Consent(lifetime_ms=1000)])),
    "endless challenges": (SCRAM, SaslPeer(first("r=NONCEx,s=c2FsdA==,i=4096") * 5)),
    "challenge after PLAIN": ({}, SaslPeer([b"more"])),
    "consent after a refusal": (BEARER, SaslPeer([b'{"status":"x"}', Consent()])),
    "refusals without end": (BEARER, SaslPeer([b'{"status":"x"}'])),
    "refusal of 100 KB": (BEARER, SaslPeer([b"[" * 100_000])),
    "refusal nested 60,000 deep": (BEARER, SaslPeer([b"[" * 60_000])),
    "PLAIN only": (SCRAM, SaslPeer([Consent()], mechanisms=["PLAIN"])),
    "120 KB of mechanisms": (SCRAM, SaslPeer([Consent()], handshake=MANY)),
    "mechanism with a name of 32 KB": (SCRAM, SaslPeer([Consent()], mechanisms=["L" * 32_000])),
    "frame of 1 GB in the handshake": ({}, SaslPeer([Consent()], handshake=Bytes(b"\x40\0\0\0"))),
    "frame of 1 GB for a token": ({}, SaslPeer([Bytes(b"\x40\0\0\0")])),
    "frame of 600 KB for a token": ({}, SaslPeer([Bytes(b"\0\x09\x27\xc0")])),
    "frame of negative size": ({}, SaslPeer([Bytes(b"\xff\xff\xff\xff")])),
    "foreign correlation id": ({}, SaslPeer([Bytes(b"\0\0\0\x08\0\0\x7f\x7f\0\0\0\0")])),
    "response cut short": ({}, SaslPeer([Bytes(b"\0\0\0\x05\0\0\0\x02\0")])),
    "HTTP": ({}, SaslPeer([Consent()], handshake=Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
    "two answers to a token": (
        SCRAM,
        SaslPeer([Bytes(b"\0\0\0\x05\0\0\0\x02\0" * 2)]),
    ),
    "hang-up in the handshake": ({}, SaslPeer([Consent()], handshake=HANG_UP)),
    "hang-up after the token": ({}, SaslPeer([HANG_UP])),
    "hang-up instead of the signature": (SCRAM, SaslPeer(honest_scram(HANG_UP))),
    "raw challenge after PLAIN": ({}, SaslPeer([b"more"], raw=True)),
    "raw frame of 1 GB": ({}, SaslPeer([Bytes(b"\x40\0\0\0")], raw=True)),
    "two raw answers": (SCRAM, SaslPeer([Bytes(bytes(8))], raw=True)),
    "raw wrong server signature": (
        SCRAM,
        SaslPeer(honest_scram(b"v=" + b"A" * 43 + b"="), raw=True),
    ),
}
SILENT = {
    "silence in the handshake": ({}, SaslPeer([Consent()], handshake=SILENCE)),
    "silence after PLAIN": ({}, SaslPeer([SILENCE])),
    "silence after the first message": (SCRAM, SaslPeer([SILENCE])),
    "silence instead of the signature": (SCRAM, SaslPeer(honest_scram(SILENCE))),
    "raw silence": ({}, SaslPeer([SILENCE], raw=True)),
    "token that trickles": ({}, SaslPeer([Bytes(b"\0\0\0\x10\0\0")])),
}
# The step after which nothing may be sent, counted in tokens.
MOST_TOKENS = {
    **dict.fromkeys(LIES, 1),
    **dict.fromkeys(
        ("PLAIN only", "120 KB of mechanisms", "mechanism with a name of 32 KB", "HTTP"), 0
    ),
    **dict.fromkeys(("frame of 1 GB in the handshake", "hang-up in the handshake"), 0),
    **dict.fromkeys(("no server signature", "wrong server signature", "endless challenges"), 2),
    **dict.fromkeys(("signature that is no base64", "error for a signature"), 2),
    **dict.fromkeys(("proof sent back", "hang-up instead of the signature"), 2),
    **dict.fromkeys(("consent after a refusal", "refusals without end"), 2),
    **dict.fromkeys(("refusal nested 60,000 deep", "raw wrong server signature"), 2),
}


class Meter:
    """What a piece of work costs."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        tracemalloc.start()

    @property
    def cpu(self) -> float:
        """Seconds of all threads."""
        return time.process_time() - self._cpu

    @property
    def peak(self) -> int:
        """Bytes at the worst moment."""
        return tracemalloc.get_traced_memory()[1]


@pytest.fixture
def meter() -> Iterator[Meter]:
    yield Meter()
    tracemalloc.stop()


@pytest.mark.parametrize("lie", LIES)
async def test_lie_is_a_typed_error_soon_and_nothing_follows_it(lie: str, meter: Meter) -> None:
    options, peer = LIES[lie]
    with pytest.raises(KafkaError) as caught:
        await authenticated(peer, **options)
    asked = list(peer.asked)
    await asyncio.sleep(60)
    assert peer.asked == asked
    assert len(peer.tokens) <= MOST_TOKENS[lie]
    assert isinstance(
        caught.value,
        SaslAuthenticationFailedError | UnsupportedSaslMechanismError | StageError,
    )
    assert "node 1 kafka" in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert "pencil" not in str(caught.value)
    assert meter.cpu < 0.5
    assert meter.peak < 20_000_000


@pytest.mark.parametrize("kind", SILENT)
async def test_silence_ends_with_the_time_for_it(kind: str) -> None:
    options, peer = SILENT[kind]
    with pytest.raises(StageError, match="node 1 kafka"):
        await authenticated(peer, seconds=5.0, **options)
    assert asyncio.get_running_loop().time() == pytest.approx(5.0)


async def test_the_most_iterations_that_are_allowed_are_computed() -> None:
    peer = SaslPeer([*first("r=NONCEx,s=c2FsdA==,i=5000"), HANG_UP])
    with pytest.raises(KafkaConnectionError):
        await authenticated(peer, sasl_scram_max_iterations=5000, **SCRAM)
    assert len(peer.tokens) == 2
