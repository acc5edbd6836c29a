"""Tokens for OAUTHBEARER that are signed, and the key set by which a broker checks them."""

from __future__ import annotations

import base64
import json
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER: Final = "https://issuer.test"
AUDIENCE: Final = "kafka.test"
_KEY_ID: Final = "test"


class TokenIssuer:
    """Signs tokens with a key of its own (RS256)."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    def key_set(self) -> str:
        """Return its public key as JSON Web Key Set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "kid": _KEY_ID,
            "use": "sig",
            "alg": "RS256",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
        return json.dumps({"keys": [key]})

    def token(self, name: str, now: float, lifetime: float = 3600.0) -> str:
        """Return a token.

        Args:
            name: of the user.
            now: Unix time.
            lifetime: in seconds, from now on.
        """
        header = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
        claims = {
            "sub": name,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now),
            "exp": int(now + lifetime),
        }
        message = f"{_json(header)}.{_json(claims)}"
        signature = self._key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{message}.{_base64(signature)}"


def _json(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
