"""SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677, KIP-84).  Pure: the nonce is passed in.

Names and passwords are UTF-8 without SASLprep, as Java's client has them. There is no channel
binding. The broker proves that it knows the password, too: an attempt without that proof fails.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.lazy import lazy_names
from kafka._base.transitions import Transitions
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.conversation import check_length, encoded, quoted, refuse
from kafka.net.sasl.plain import check_credential

if TYPE_CHECKING:
    from kafka._base.secret import Secret

# RFC 7677: no broker may ask for less.
MIN_ITERATIONS: Final = 4096
HASHES: Final = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
# A client whose credentials change, or that talks to several clusters, needs a few.
_MOST_KEYS: Final = 16
_LONGEST_ITERATIONS: Final = 10

_NO_BINDING: Final = "n,,"
_NONCE: Final = r"[\x21-\x2b\x2d-\x7e]+"
# Any attribute may follow, but for "m": it says that the client must understand the rest.
_EXTENSIONS: Final = r"(?:,(?!m)[A-Za-z]=[^,\0]+)*"
_SERVER_FIRST: Final = re.compile(
    rf"r=(?P<nonce>{_NONCE}),s=(?P<salt>[A-Za-z0-9+/=]+),i=(?P<iterations>-?[0-9]+){_EXTENSIONS}"
)
_SERVER_FINAL: Final = re.compile(
    rf"(?:v=(?P<verifier>[A-Za-z0-9+/=]+)|e=(?P<error>[^,\0]+)){_EXTENSIONS}"
)


class ScramKeys(NamedTuple):
    """What is made of a password with a salt: it stands for the password and is as secret."""

    client: bytes
    server: bytes

    def __repr__(self) -> str:
        """Return no key."""
        return "<ScramKeys ***>"


class SaltedKeys:
    """The keys of passwords that were hashed already, so that reconnecting costs no hash.

    They are found by salt, iterations and a digest of the password. Threads may share it: two that
    miss at once hash twice.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, bytes, int, bytes], ScramKeys] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SaltedKeys {len(self._keys)}>"

    def of(self, algorithm: str, password: Secret[str], salt: bytes, iterations: int) -> ScramKeys:
        """Return the keys of *password*, hashed at most once.

        Args:
            algorithm: the hash, by its name in `hashlib`.
            password: the password; it can be encoded.
            salt: the broker's.
            iterations: how often to hash; the caller has checked it.
        """
        digest = hashlib.sha256(password.reveal().encode()).digest()
        place = (algorithm, salt, iterations, digest)
        known = self._keys.get(place)
        if known is not None:
            return known
        salted = hashlib.pbkdf2_hmac(algorithm, password.reveal().encode(), salt, iterations)
        keys = ScramKeys(
            hmac.digest(salted, b"Client Key", algorithm),
            hmac.digest(salted, b"Server Key", algorithm),
        )
        while len(self._keys) >= _MOST_KEYS:
            self._keys.pop(next(iter(self._keys)), None)
        self._keys[place] = keys
        return keys


@unique
class ScramState(Enum):
    """What comes next."""

    NEW = "the client's first message"
    FIRST = "the broker's first message"
    FINAL = "the broker's proof"
    DONE = "nothing: the broker is believed"
    FAILED = "nothing: the attempt is over"


_S = ScramState
SCRAM_TRANSITIONS: Final = Transitions(
    {
        _S.NEW: {_S.FIRST, _S.FAILED},
        _S.FIRST: {_S.FINAL, _S.FAILED},
        _S.FINAL: {_S.DONE, _S.FAILED},
        # A broker that goes on after its proof has not ended the attempt as agreed.
        _S.DONE: {_S.FAILED},
        _S.FAILED: {_S.FAILED},
    }
)


class ScramConversation:
    """One attempt.

    Args:
        mechanism: ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``.
        username: the user's name.
        password: the user's password.
        nonce: this side's: random, printable ASCII without a comma.
        max_iterations: the most that a broker may ask for.
        keys: shared by all attempts of a client.

    Attributes:
        state: what comes next.
    """

    blocks: Final = True

    def __init__(
        self,
        mechanism: str,
        username: str,
        password: Secret[str],
        *,
        nonce: str,
        max_iterations: int,
        keys: SaltedKeys,
    ) -> None:
        self.mechanism = mechanism
        self.state = ScramState.NEW
        self._algorithm = HASHES[mechanism]
        self._username = username
        self._password = password
        self._nonce = nonce
        self._max_iterations = max_iterations
        self._keys = keys
        self._first_bare = ""
        self._verifier = b""
        self._complaint = ""

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ScramConversation {self.mechanism} {self.state.name}>"

    @property
    def done(self) -> bool:
        """Whether the broker has proved that it knows the password."""
        return self.state is _S.DONE

    def start(self) -> bytes:
        """Return the client's first message.

        Raises:
            SaslAuthenticationFailedError: SCRAM cannot carry the name or the password.
        """
        check_credential("sasl_plain_username", encoded(self._username))
        check_credential("sasl_plain_password", encoded(self._password.reveal()))
        self._move(_S.FIRST)
        # RFC 5802: a comma ends an attribute, so names spell it otherwise.
        name = self._username.replace("=", "=3D").replace(",", "=2C")
        self._first_bare = f"n={name},r={self._nonce}"
        return f"{_NO_BINDING}{self._first_bare}".encode()

    def step(self, challenge: bytes) -> bytes | None:
        """Answer the broker's first message with the proof, or check the broker's.

        Raises:
            SaslAuthenticationFailedError: the broker is not believed, or asks for too much.
        """
        try:
            return self._step(_decoded(challenge))
        except SaslAuthenticationFailedError:
            self._move(_S.FAILED)
            raise

    def _step(self, text: str) -> bytes | None:
        if self.state is _S.FIRST:
            answer = self._prove(text)
            self._move(_S.FINAL)
            return answer
        if self.state is not _S.FINAL:
            raise refuse(f"the broker goes on after the end: {quoted(text)}")
        self._check_proof(text)
        self._move(_S.DONE)
        return None

    def describe(self) -> str:
        """Return the mechanism, and the error that the broker has named."""
        if not self._complaint:
            return self.mechanism
        return f"{self.mechanism} (the broker says {self._complaint})"

    def _move(self, state: ScramState) -> None:
        self.state = SCRAM_TRANSITIONS.step(self.state, state)

    def _prove(self, server_first: str) -> bytes:
        salt, iterations, nonce = self._read_first(server_first)
        keys = self._keys.of(self._algorithm, self._password, salt, iterations)
        without_proof = f"c={b64encode(_NO_BINDING.encode()).decode()},r={nonce}"
        everything = f"{self._first_bare},{server_first},{without_proof}".encode()
        stored_key = hashlib.new(self._algorithm, keys.client).digest()
        signature = hmac.digest(stored_key, everything, self._algorithm)
        proof = bytes(a ^ b for a, b in zip(keys.client, signature, strict=True))
        self._verifier = hmac.digest(keys.server, everything, self._algorithm)
        return f"{without_proof},p={b64encode(proof).decode()}".encode()

    def _read_first(self, text: str) -> tuple[bytes, int, str]:
        """Return salt, iterations and nonce; hash nothing before all are known to be good."""
        if text.startswith("m="):
            raise refuse("the broker asks for an extension of SCRAM (m=) that nobody has")
        found = _SERVER_FIRST.fullmatch(text)
        if found is None:
            raise refuse(f"the broker's first message is not one of SCRAM: {quoted(text)}")
        nonce: str = found["nonce"]
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise refuse("the broker's nonce does not go on from the client's: a replayed answer?")
        salt = _from_base64(found["salt"])
        if not salt:
            raise refuse(f"the broker's salt is not base64: {quoted(found['salt'])}")
        return salt, self._checked_iterations(found["iterations"]), nonce

    def _checked_iterations(self, digits: str) -> int:
        iterations = int(digits) if len(digits) <= _LONGEST_ITERATIONS else self._max_iterations + 1
        if iterations < MIN_ITERATIONS:
            raise refuse(
                f"the broker asks for {digits} iterations, which would lay the password open; "
                f"RFC 7677 wants {MIN_ITERATIONS} at least"
            )
        if iterations > self._max_iterations:
            raise refuse(
                f"the broker asks for {quoted(digits)} iterations; the client computes up to "
                f"{self._max_iterations} (sasl_scram_max_iterations)"
            )
        return iterations

    def _check_proof(self, text: str) -> None:
        found = _SERVER_FINAL.fullmatch(text)
        if found is None:
            what = f"sent {quoted(text)} in its place" if text else "left it out"
            raise refuse(f"the broker did not prove that it knows the password: it {what}")
        if found["error"] is not None:
            self._complaint = quoted(found["error"])
            raise refuse(f"the broker refuses the proof of the password: {self._complaint}")
        verifier = _from_base64(found["verifier"])
        if verifier is None or not hmac.compare_digest(verifier, self._verifier):
            raise refuse(
                "the broker's signature is wrong: whoever answers there does not know the password"
            )


def _decoded(challenge: bytes) -> str:
    check_length(challenge)
    try:
        return bytes(challenge).decode()
    except UnicodeDecodeError:
        raise refuse(f"the broker's message is not UTF-8: {quoted(bytes(challenge))}") from None


def _from_base64(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


# kafka-python 3.x has the class here. An import that mypy sees would close a circle.
__getattr__ = lazy_names(__name__, {"SaslMechanismScram": "kafka.net.sasl.mechanisms"})
