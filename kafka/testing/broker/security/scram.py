"""SCRAM-SHA-256 and SCRAM-SHA-512 on the broker's side (RFC 5802, RFC 7677, KIP-84).  Pure.

Channel binding is not offered: a client that asks for it is refused. Passwords are taken as UTF-8
without SASLprep, as Kafka takes them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.transitions import Transitions
from kafka.errors import SaslAuthenticationFailedError
from kafka.testing.broker.security.sasl import Authenticated, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing.broker.authorizer import Principal

MIN_ITERATIONS = 4096
MAX_ITERATIONS = 16384

_CLIENT_FIRST = re.compile(
    r"(?P<gs2>n,(?:a=(?P<authzid>[^,\0]*))?,)"
    r"(?P<bare>n=(?P<name>[^,\0]+),r=(?P<nonce>[\x21-\x2b\x2d-\x7e]+)(?P<extensions>(?:,[^\0]*)?))\Z"
)
_CLIENT_FINAL = re.compile(
    r"(?P<without_proof>c=(?P<binding>[^,]+),r=(?P<nonce>[^,]+)(?:,[a-zA-Z]=[^,]*)*)"
    r",p=(?P<proof>[A-Za-z0-9+/=]+)\Z"
)


class ScramMechanism(IntEnum):
    """The mechanisms, by the number in DescribeUserScramCredentials (KIP-554)."""

    SHA_256 = 1
    SHA_512 = 2

    @property
    def sasl_name(self) -> str:
        """The name SaslHandshake carries."""
        return f"SCRAM-{self.name.replace('_', '-')}"

    @property
    def hash_name(self) -> str:
        """The name `hashlib` has for its hash."""
        return self.name.replace("_", "").lower()


class ScramCredential(NamedTuple):
    """The credential that a broker stores instead of a password."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    @classmethod
    def from_salted(
        cls, mechanism: ScramMechanism, salted: bytes, *, salt: bytes, iterations: int
    ) -> ScramCredential:
        """Return the credential of a password that is salted already."""
        client_key = _hmac(mechanism, salted, b"Client Key")
        stored_key = hashlib.new(mechanism.hash_name, client_key).digest()
        return cls(salt, iterations, stored_key, _hmac(mechanism, salted, b"Server Key"))

    @classmethod
    def from_password(
        cls,
        mechanism: ScramMechanism,
        password: str,
        *,
        salt: bytes,
        iterations: int = MIN_ITERATIONS,
    ) -> ScramCredential:
        """Return the credential of *password*.

        Raises:
            ValueError: *iterations* lies outside 4096 to 16384.
        """
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise ValueError(
                f"{iterations} iterations: SCRAM takes {MIN_ITERATIONS} to {MAX_ITERATIONS}"
            )
        salted = hashlib.pbkdf2_hmac(mechanism.hash_name, password.encode(), salt, iterations)
        return cls.from_salted(mechanism, salted, salt=salt, iterations=iterations)


class Account(NamedTuple):
    """The account of a SCRAM name: a user, or the owner of a delegation token."""

    principal: Principal
    credential: ScramCredential
    expires_at_ms: int | None = None
    by_token: bool = False


class _State(Enum):
    FIRST = "waits for the client's first message"
    FINAL = "waits for the client's proof"
    ENDED = "has ended"


_MOVES = Transitions(
    {_State.FIRST: {_State.FINAL, _State.ENDED}, _State.FINAL: {_State.ENDED}, _State.ENDED: ()}
)


class ScramServer:
    """One attempt.

    Args:
        mechanism: which hash.
        account_of: the account of a name; the flag says that the name is a delegation token's
            id. ``None`` if there is none.
        nonce: the broker's half of the nonce: printable ASCII without a comma.
    """

    def __init__(
        self,
        mechanism: ScramMechanism,
        account_of: Callable[[str, bool], Account | None],
        *,
        nonce: str,
    ) -> None:
        self._mechanism = mechanism
        self._account_of = account_of
        self._server_nonce = nonce
        self._state = _State.FIRST
        self._account: Account | None = None
        self._binding = b""
        self._nonce = ""
        self._messages = ""

    def step(self, token: bytes, now_ms: int) -> Step:
        """Take the client's first message, or its proof."""
        del now_ms
        try:
            message = token.decode()
        except UnicodeDecodeError:
            raise self._failed() from None
        state = self._state
        self._state = _MOVES.step(state, _State.FINAL if state is _State.FIRST else _State.ENDED)
        return self._first(message) if state is _State.FIRST else self._final(message)

    def _failed(self) -> SaslAuthenticationFailedError:
        # The same text for every reason: the client must not learn which users there are.
        self._state = _State.ENDED
        return SaslAuthenticationFailedError(
            f"Authentication failed: invalid credentials with SASL mechanism "
            f"{self._mechanism.sasl_name}"
        )

    def _first(self, message: str) -> Step:
        parts = _CLIENT_FIRST.match(message)
        if parts is None:
            raise self._failed()
        name = _unescaped(parts["name"])
        authorization_id = _unescaped(parts["authzid"] or "")
        if name is None or authorization_id not in {"", name}:
            raise self._failed()
        extensions = parts["extensions"].split(",")
        account = self._account_of(name, "tokenauth=true" in extensions)
        if account is None or account.credential.iterations < MIN_ITERATIONS:
            raise self._failed()
        self._account = account
        self._binding = base64.b64encode(parts["gs2"].encode())
        self._nonce = parts["nonce"] + self._server_nonce
        salt = base64.b64encode(account.credential.salt).decode()
        answer = f"r={self._nonce},s={salt},i={account.credential.iterations}"
        self._messages = f"{parts['bare']},{answer}"
        return Step(answer.encode())

    def _final(self, message: str) -> Step:
        parts = _CLIENT_FINAL.match(message)
        account = self._account
        if parts is None or account is None:
            raise self._failed()
        try:
            proof = base64.b64decode(parts["proof"], validate=True)
        except binascii.Error:
            raise self._failed() from None
        credential = account.credential
        everything = f"{self._messages},{parts['without_proof']}".encode()
        signature = _hmac(self._mechanism, credential.stored_key, everything)
        if (
            not hmac.compare_digest(parts["binding"].encode(), self._binding)
            or not hmac.compare_digest(parts["nonce"].encode(), self._nonce.encode())
            or len(proof) != len(signature)
        ):
            raise self._failed()
        client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        stored_key = hashlib.new(self._mechanism.hash_name, client_key).digest()
        if not hmac.compare_digest(stored_key, credential.stored_key):
            raise self._failed()
        verifier = base64.b64encode(_hmac(self._mechanism, credential.server_key, everything))
        outcome = Authenticated(account.principal, account.expires_at_ms, account.by_token)
        return Step(b"v=" + verifier, outcome)


def _unescaped(name: str) -> str | None:
    """Return a saslname with ``=2C`` and ``=3D`` resolved, or ``None`` if it has another ``=``."""
    if re.search(r"=(?!2C|3D)", name):
        return None
    return name.replace("=2C", ",").replace("=3D", "=")


def _hmac(mechanism: ScramMechanism, key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, mechanism.hash_name)
