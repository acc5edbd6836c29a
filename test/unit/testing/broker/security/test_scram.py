"""SCRAM on the broker's side, against the examples of the RFCs and a client written here."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.security.sasl import Step, user
from kafka.testing.broker.security.scram import (
    Account,
    ScramCredential,
    ScramMechanism,
    ScramServer,
)

SALT = b"0123456789abcdef"
# RFC 7677 section 3.
RFC_SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
RFC_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
RFC_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
RFC_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)


def server(
    password: str = "pencil",
    *,
    name: str = "user",
    mechanism: ScramMechanism = ScramMechanism.SHA_256,
    salt: bytes = RFC_SALT,
    is_token: bool = False,
) -> ScramServer:
    credential = ScramCredential.from_password(mechanism, password, salt=salt)

    def account_of(asked: str, asked_for_token: bool) -> Account | None:
        if (asked, asked_for_token) != (name, is_token):
            return None
        return Account(user("owner" if is_token else name), credential, by_token=is_token)

    return ScramServer(mechanism, account_of, nonce=RFC_NONCE)


def proof(mechanism: ScramMechanism, password: str, messages: str, salt: bytes) -> bytes:
    """Compute a client's proof the way RFC 5802 section 3 writes it."""
    name = mechanism.hash_name
    salted = hashlib.pbkdf2_hmac(name, password.encode(), salt, 4096)
    client_key = hmac.digest(salted, b"Client Key", name)
    stored_key = hashlib.new(name, client_key).digest()
    signature = hmac.digest(stored_key, messages.encode(), name)
    return base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True)))


def test_the_exchange_of_rfc_7677() -> None:
    attempt = server()
    first = attempt.step(RFC_FIRST, 0)
    assert first == Step(
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    last = attempt.step(RFC_FINAL, 0)
    assert last.challenge == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert last.outcome is not None
    assert last.outcome.principal == user("user")


@pytest.mark.parametrize("mechanism", ScramMechanism)
@pytest.mark.parametrize(
    ("header", "name"),
    [("n,,", "user"), ("n,a=user,", "user"), ("n,,", "a=2Cb=3Dc"), ("n,a=a=2Cb=3Dc,", "a=2Cb=3Dc")],
)
def test_a_client_with_the_password_is_let_in(
    mechanism: ScramMechanism, header: str, name: str
) -> None:
    real_name = name.replace("=2C", ",").replace("=3D", "=")
    attempt = server("pässword", name=real_name, mechanism=mechanism, salt=SALT)
    bare = f"n={name},r=abc"
    first = attempt.step(f"{header}{bare}".encode(), 0).challenge.decode()
    binding = base64.b64encode(header.encode()).decode()
    final = f"c={binding},r=abc{RFC_NONCE}"
    signed = proof(mechanism, "pässword", f"{bare},{first},{final}", SALT)
    outcome = attempt.step(f"{final},p=".encode() + signed, 0).outcome
    assert outcome is not None
    assert outcome.principal == user(real_name)


def test_a_token_id_stands_for_its_owner() -> None:
    attempt = server("hmac", name="id", is_token=True, salt=SALT)
    bare = "n=id,r=abc,tokenauth=true"
    first = attempt.step(f"n,,{bare}".encode(), 0).challenge.decode()
    final = f"c=biws,r=abc{RFC_NONCE}"
    signed = proof(ScramMechanism.SHA_256, "hmac", f"{bare},{first},{final}", SALT)
    outcome = attempt.step(f"{final},p=".encode() + signed, 0).outcome
    assert outcome is not None
    assert (outcome.principal, outcome.by_token) == (user("owner"), True)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"n,,n=nobody,r=abc",
        b"n,,n=user,r=abc,tokenauth=true",
        b"n,a=other,n=user,r=abc",
        b"y,,n=user,r=abc",
        b"p=tls-unique,,n=user,r=abc",
        b"n,,m=must,n=user,r=abc",
        b"n,,n=user",
        b"n,,n=user,r=",
        b"n,,n=us=er,r=abc",
        b"n,,n=,r=abc",
    ],
)
def test_a_first_message_that_will_not_do_is_refused(message: bytes) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match="SCRAM-SHA-256"):
        server().step(message, 0)


@pytest.mark.parametrize(
    "final",
    [
        RFC_FINAL.replace(b"p=dHzb", b"p=dHzc"),
        RFC_FINAL.replace(b"c=biws", b"c=eSws"),
        RFC_FINAL.replace(b"k0,", b"k1,"),
        RFC_FINAL.replace(b"rOpr", b"rOps"),
        RFC_FINAL[:-5],
        RFC_FINAL[:-44] + b"AAAA",
        RFC_FINAL[:-44] + b"A",
        b"",
        b"\xff",
    ],
)
def test_a_wrong_proof_is_refused(final: bytes) -> None:
    attempt = server()
    attempt.step(RFC_FIRST, 0)
    with pytest.raises(SaslAuthenticationFailedError, match="SCRAM-SHA-256"):
        attempt.step(final, 0)


def test_a_wrong_password_and_an_unknown_user_get_the_same_text() -> None:
    texts = []
    for attempt, messages in (
        (server("eraser"), [RFC_FIRST, RFC_FINAL]),
        (server(name="nobody"), [RFC_FIRST]),
    ):
        with pytest.raises(SaslAuthenticationFailedError) as caught:  # noqa: PT012 - the last step
            for message in messages:
                attempt.step(message, 0)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


@given(first=st.binary(max_size=64))
def test_bytes_of_any_kind_are_refused_cleanly(first: bytes) -> None:
    attempt = ScramServer(ScramMechanism.SHA_512, lambda name, is_token: None, nonce="n")
    with pytest.raises(SaslAuthenticationFailedError):
        attempt.step(b"n,,n=" + first, 0)


@pytest.mark.parametrize("iterations", [0, 4095, 16385, 1 << 40])
def test_iterations_are_bounded(iterations: int) -> None:
    with pytest.raises(ValueError, match="4096 to 16384"):
        ScramCredential.from_password(
            ScramMechanism.SHA_256, "pencil", salt=SALT, iterations=iterations
        )
