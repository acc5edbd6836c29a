"""The client's side of SCRAM, beside the vectors of the RFCs and the embedded broker's side."""

from __future__ import annotations

import base64
import hashlib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.secret import Secret
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.scram import (
    MIN_ITERATIONS,
    SCRAM_TRANSITIONS,
    SaltedKeys,
    ScramConversation,
    ScramState,
)
from kafka.testing.broker.security.sasl import user
from kafka.testing.broker.security.scram import (
    Account,
    ScramCredential,
    ScramMechanism,
    ScramServer,
)

NONCE = "rOprNGfwEbeRWgbNEkqO"
SALT = base64.b64encode(b"a salt of bytes").decode()


def conversation(
    mechanism: str = "SCRAM-SHA-256",
    *,
    username: str = "user",
    password: str = "pencil",
    keys: SaltedKeys | None = None,
    max_iterations: int = 1_000_000,
) -> ScramConversation:
    return ScramConversation(
        mechanism,
        username,
        Secret(password),
        nonce=NONCE,
        max_iterations=max_iterations,
        keys=SaltedKeys() if keys is None else keys,
    )


def server(
    name: str, password: str, mechanism: ScramMechanism = ScramMechanism.SHA_256
) -> ScramServer:
    credential = ScramCredential.from_password(mechanism, password, salt=b"salt")
    account = Account(user(name), credential)
    return ScramServer(
        mechanism, lambda found, _: account if found == name else None, nonce="broker"
    )


def proven(**options: object) -> tuple[ScramConversation, bytes]:
    """Return a conversation that waits for the broker's proof, and the right one."""
    client, broker = conversation(**options), server("user", "pencil")  # type: ignore[arg-type]
    first = client.step(broker.step(client.start(), 0).challenge)
    assert first is not None
    return client, broker.step(first, 0).challenge


NONCE_256 = f"{NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
NONCE_512 = f"{NONCE}02431b08-2f89-4bad-a4e6-80c0564ec865"
PROOF_256 = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
PROOF_512 = (
    "Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5/Wr6qm9xmaHt4A=="
)
SIGNATURE_512 = (
    "BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw=="
)
VECTORS = {
    # RFC 7677, section 3.
    "SCRAM-SHA-256": (
        f"r={NONCE_256},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        f"c=biws,r={NONCE_256},p={PROOF_256}",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
    # No RFC has one; other implementations agree on this.
    "SCRAM-SHA-512": (
        f"r={NONCE_512},s=Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=,i=4096",
        f"c=biws,r={NONCE_512},p={PROOF_512}",
        f"v={SIGNATURE_512}",
    ),
}


@pytest.mark.parametrize("mechanism", VECTORS)
def test_conversation_says_what_the_vectors_say(mechanism: str) -> None:
    client = conversation(mechanism)
    server_first, client_final, server_final = VECTORS[mechanism]
    assert client.start() == f"n,,n=user,r={NONCE}".encode()
    assert client.step(server_first.encode()) == client_final.encode()
    assert not client.done
    assert client.step(server_final.encode()) is None
    assert client.done
    assert client.describe() == mechanism


@pytest.mark.parametrize("mechanism", ScramMechanism)
@pytest.mark.parametrize(
    ("name", "password"),
    [("user", "pencil"), ("a=b,c", "x,=y"), ("Grüße", "пароль"), ("u", "\u212b\u00ad soft")],
)
def test_broker_and_client_believe_each_other(
    mechanism: ScramMechanism, name: str, password: str
) -> None:
    client = conversation(mechanism.sasl_name, username=name, password=password)
    broker = server(name, password, mechanism)
    proof = client.step(broker.step(client.start(), 0).challenge)
    assert proof is not None
    last = broker.step(proof, 0)
    assert last.outcome is not None
    client.step(last.challenge)
    assert client.done


def test_comma_and_equals_sign_in_a_name_are_spelt_otherwise() -> None:
    assert conversation(username="a=b,c").start().startswith(b"n,,n=a=3Db=2Cc,r=")


FIRSTS = {
    "no nonce": f"s={SALT},i=4096",
    "a foreign nonce": f"r=foreign,s={SALT},i=4096",
    "the client's nonce alone": f"r={NONCE},s={SALT},i=4096",
    "a nonce with a space": f"r={NONCE} x,s={SALT},i=4096",
    "no salt": f"r={NONCE}x,i=4096",
    "an empty salt": f"r={NONCE}x,s=,i=4096",
    "a salt that is no base64": f"r={NONCE}x,s=abc,i=4096",
    "padding alone as salt": f"r={NONCE}x,s====,i=4096",
    "no iterations": f"r={NONCE}x,s={SALT}",
    "one iteration": f"r={NONCE}x,s={SALT},i=1",
    "no iteration": f"r={NONCE}x,s={SALT},i=0",
    "negative iterations": f"r={NONCE}x,s={SALT},i=-5",
    "4095 iterations": f"r={NONCE}x,s={SALT},i=4095",
    "2^31-1 iterations": f"r={NONCE}x,s={SALT},i={2**31 - 1}",
    "as many iterations as there are digits": f"r={NONCE}x,s={SALT},i={'9' * 5000}",
    "iterations in words": f"r={NONCE}x,s={SALT},i=many",
    "an extension to be understood": f"m=x,r={NONCE}x,s={SALT},i=4096",
    "an extension to be understood, at the end": f"r={NONCE}x,s={SALT},i=4096,m=x",
    "the parts in another order": f"s={SALT},r={NONCE}x,i=4096",
    "an error": "e=unknown-user",
    "nothing": "",
    "the final message": "v=AAAA",
    "a NUL character": f"r={NONCE}x,s={SALT},i=4096,x=\0",
    "a line more": f"r={NONCE}x,s={SALT},i=4096\n",
}


@pytest.mark.parametrize("first", FIRSTS.values(), ids=FIRSTS)
def test_first_message_that_lies_is_refused_before_anything_is_hashed(first: str) -> None:
    client = conversation()
    client.start()
    with pytest.raises(SaslAuthenticationFailedError):
        client.step(first.encode())
    assert client.state is ScramState.FAILED
    with pytest.raises(SaslAuthenticationFailedError, match="after the end"):
        client.step(f"r={NONCE}x,s={SALT},i=4096".encode())


@pytest.mark.parametrize("first", [b"\xff\xfe", b"r" * 100_000])
def test_first_message_that_is_no_text_is_refused(first: bytes) -> None:
    client = conversation()
    client.start()
    with pytest.raises(SaslAuthenticationFailedError):
        client.step(first)


def test_extension_that_need_not_be_understood_is_passed_over() -> None:
    client = conversation()
    client.start()
    assert client.step(f"r={NONCE}x,s={SALT},i=4096,x=1,Y=two".encode())


def test_as_many_iterations_as_are_allowed_are_computed() -> None:
    client = conversation(max_iterations=5000)
    client.start()
    assert client.step(f"r={NONCE}x,s={SALT},i=5000".encode())


def test_refusal_of_iterations_names_the_option() -> None:
    client = conversation(max_iterations=5000)
    client.start()
    with pytest.raises(SaslAuthenticationFailedError, match=r"5001.*sasl_scram_max_iterations"):
        client.step(f"r={NONCE}x,s={SALT},i=5001".encode())


FINALS = {
    "nothing": b"",
    "another signature": b"v=" + base64.b64encode(bytes(32)),
    "a signature cut short": b"v=AAAA",
    "no base64": b"v=!!!!",
    "an empty signature": b"v=",
    "an error": b"e=invalid-proof",
    "the first message once more": f"r={NONCE}x,s={SALT},i=4096".encode(),
    "no text": b"v=\xff",
}


@pytest.mark.parametrize("final", FINALS.values(), ids=FINALS)
def test_final_message_that_proves_nothing_is_a_failure(final: bytes) -> None:
    client, _ = proven()
    with pytest.raises(SaslAuthenticationFailedError):
        client.step(final)
    assert not client.done


def test_error_in_the_final_message_is_described() -> None:
    client, _ = proven()
    with pytest.raises(SaslAuthenticationFailedError, match="invalid-proof"):
        client.step(b"e=invalid-proof,x=y")
    assert client.describe() == "SCRAM-SHA-256 (the broker says 'invalid-proof')"


def test_final_message_twice_is_a_failure() -> None:
    client, final = proven()
    client.step(final)
    with pytest.raises(SaslAuthenticationFailedError, match="after the end"):
        client.step(final)
    assert not client.done


def test_wrong_password_shows_in_the_brokers_signature() -> None:
    client = conversation(password="wrong")
    client.start()
    client.step(VECTORS["SCRAM-SHA-256"][0].encode())
    with pytest.raises(SaslAuthenticationFailedError, match="does not know the password"):
        client.step(VECTORS["SCRAM-SHA-256"][2].encode())


@pytest.mark.parametrize(
    ("option", "credentials"),
    [
        ("sasl_plain_username", {"username": ""}),
        ("sasl_plain_username", {"username": "a\0b"}),
        ("sasl_plain_password", {"password": ""}),
        ("sasl_plain_password", {"password": "\ud800"}),
    ],
)
def test_credential_that_cannot_be_sent_is_named_and_not_shown(
    option: str, credentials: dict[str, str]
) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match=option) as caught:
        conversation(**credentials).start()  # type: ignore[arg-type] # names of options
    for value in credentials.values():
        assert not value or value not in str(caught.value)


# -- keys ---------------------------------------------------------------------------------------


def test_password_that_was_hashed_is_not_hashed_again() -> None:
    keys = SaltedKeys()
    first, again = [keys.of("sha256", Secret("pencil"), b"salt", MIN_ITERATIONS) for _ in range(2)]
    assert first is again


@pytest.mark.parametrize(
    "place",
    [
        ("sha512", Secret("pencil"), b"salt", 4096),
        ("sha256", Secret("pencils"), b"salt", 4096),
        ("sha256", Secret("pencil"), b"pepper", 4096),
        ("sha256", Secret("pencil"), b"salt", 4097),
    ],
    ids=["hash", "password", "salt", "iterations"],
)
def test_keys_belong_to_all_that_they_were_made_of(
    place: tuple[str, Secret[str], bytes, int],
) -> None:
    keys = SaltedKeys()
    assert keys.of(*place) != keys.of("sha256", Secret("pencil"), b"salt", 4096)
    assert repr(keys) == "<SaltedKeys 2>"


def test_few_keys_are_remembered() -> None:
    keys = SaltedKeys()
    for salt in range(40):
        keys.of("sha256", Secret("pencil"), bytes([salt]), MIN_ITERATIONS)
    assert repr(keys) == "<SaltedKeys 16>"


def test_keys_show_nothing() -> None:
    found = SaltedKeys().of("sha256", Secret("pencil"), b"salt", MIN_ITERATIONS)
    assert repr(found) == "<ScramKeys ***>"
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", b"salt", MIN_ITERATIONS)
    assert found.client != salted


# -- the table ----------------------------------------------------------------------------------

EVENTS = {
    "first": f"r={NONCE}x,s={SALT},i=4096".encode(),
    "final": VECTORS["SCRAM-SHA-256"][2].encode(),
    "nothing": b"",
}


def in_state(state: ScramState) -> ScramConversation:
    """Return a conversation in *state*."""
    client = conversation()
    first, _, final = VECTORS["SCRAM-SHA-256"]
    if state is ScramState.NEW:
        return client
    client.start()
    if state is ScramState.FAILED:
        with pytest.raises(SaslAuthenticationFailedError):
            client.step(b"")
    if state in (ScramState.FINAL, ScramState.DONE):
        client.step(first.encode())
    if state is ScramState.DONE:
        client.step(final.encode())
    return client


REACHES = {
    (ScramState.FIRST, "first"): ScramState.FINAL,
    (ScramState.FINAL, "final"): ScramState.DONE,
}


@pytest.mark.parametrize(("state", "event"), list(product(ScramState, EVENTS)))
def test_each_challenge_in_each_state_leads_on_or_ends_the_attempt(
    state: ScramState, event: str
) -> None:
    client = in_state(state)
    assert client.state is state
    expected = REACHES.get((state, event), ScramState.FAILED)
    if expected is ScramState.FAILED:
        with pytest.raises(SaslAuthenticationFailedError):
            client.step(EVENTS[event])
    else:
        client.step(EVENTS[event])
    assert client.state is expected
    assert SCRAM_TRANSITIONS.allows(state, expected)


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_random_bytes_are_only_ever_refused(challenges: list[bytes]) -> None:
    client = conversation(max_iterations=4096)
    client.start()
    for challenge in challenges:
        with pytest.raises(SaslAuthenticationFailedError):
            client.step(challenge)
    assert not client.done
