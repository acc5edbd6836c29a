"""Challenges that nobody would think of: the mechanisms refuse them, and do nothing else.

With ``--hypothesis-profile=fuzz`` a million of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from kafka._base.secret import Secret
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.bearer import BearerConversation
from kafka.net.sasl.conversation import Conversation
from kafka.net.sasl.plain import PlainConversation
from kafka.net.sasl.scram import SaltedKeys, ScramConversation, ScramKeys

CHALLENGES = 50
NONCE = "clientnonce"
FIRST = f"r={NONCE}server,s=c2FsdA==,i=4096".encode()
SPARE = b'rsviempcxn=,=,\0\x01{}[]":-0123456789\xff\n'


class Cheap(SaltedKeys):
    """Hashes nothing: what is tried here is what comes before."""

    def of(self, algorithm: str, password: Secret[str], salt: bytes, iterations: int) -> ScramKeys:
        assert 4096 <= iterations <= 10_000
        assert salt
        return ScramKeys(bytes(32), bytes(32))


def scram() -> ScramConversation:
    return ScramConversation(
        "SCRAM-SHA-256", "user", Secret("pencil"), nonce=NONCE, max_iterations=10_000, keys=Cheap()
    )


def after_first() -> ScramConversation:
    client = scram()
    client.start()
    client.step(FIRST)
    return client


def started(make: Callable[[], Conversation]) -> Callable[[], Conversation]:
    def make_started() -> Conversation:
        client = make()
        client.start()
        return client

    return make_started


def refused() -> BearerConversation:
    client = BearerConversation(Secret("t"), {})
    client.start()
    client.step(b"{}")
    return client


MAKERS: list[tuple[Callable[[], Conversation], bytes]] = [
    (scram, FIRST),
    (started(scram), FIRST),
    (after_first, b"v=" + b"A" * 43 + b"="),
    (after_first, b"e=other-error"),
    (started(lambda: PlainConversation("user", Secret("pencil"))), b""),
    (started(lambda: BearerConversation(Secret("t"), {})), b'{"status":"invalid_token"}'),
    (refused, b""),
]


def mutated(message: bytes, extra: bytes, dice: random.Random) -> bytes:
    """Return *message* with some bytes changed, left out, doubled or added."""
    data = bytearray(message)
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0:
                data[at:at] = bytes([dice.choice(SPARE)])
            case 1:
                del data[at : at + dice.randrange(4)]
            case 2:
                data[at:at] = data[at : at + dice.randrange(12)]
            case 3:
                data[at:at] = extra
            case _:
                data[at : at + 1] = bytes([dice.randrange(256)])
    return bytes(data)


@given(st.integers(0, 2**63), st.binary(max_size=60))
def test_challenge_is_refused_or_answered_and_no_lie_is_believed(seed: int, extra: bytes) -> None:
    dice = random.Random(seed)
    for _ in range(CHALLENGES):
        make, message = MAKERS[dice.randrange(len(MAKERS))]
        client = make()
        challenge = mutated(message, extra, dice)
        refusal, answer = "", None
        try:
            answer = client.step(challenge)
        except SaslAuthenticationFailedError as error:
            refusal = str(error)
        assert len(refusal) < 1000
        assert "pencil" not in refusal
        assert answer is None or answer == b"\x01" or answer.startswith(b"c=biws,r=")
        # Only an empty challenge is consent, and the signature is never guessed.
        assert not client.done or challenge == b""
        assert len(client.describe()) < 1000
