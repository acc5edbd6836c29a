"""Delegation tokens (KIP-48, KIP-373): made, renewed, expired, found.  Pure.

The HMAC of a token is HMAC-SHA-512 of its id with the brokers' secret; in Base64 it is the password
of the SCRAM user that has the token's id as name. ``now_ms`` is Unix time.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from kafka.errors import (
    DelegationTokenExpiredError,
    DelegationTokenNotFoundError,
    DelegationTokenOwnerMismatchError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.testing.broker.authorizer import Principal


class DelegationToken:
    """One token; only its expiry changes."""

    __slots__ = (
        "expires_at_ms",
        "hmac",
        "issued_at_ms",
        "max_ms",
        "owner",
        "renewers",
        "requester",
        "token_id",
    )

    def __init__(
        self,
        token_id: str,
        digest: bytes,
        *,
        owner: Principal,
        requester: Principal,
        renewers: Sequence[Principal],
        issued_at_ms: int,
        max_ms: int,
        expires_at_ms: int,
    ) -> None:
        self.token_id = token_id
        self.hmac = digest
        self.owner = owner
        self.requester = requester
        self.renewers = tuple(renewers)
        self.issued_at_ms = issued_at_ms
        self.max_ms = max_ms
        self.expires_at_ms = expires_at_ms

    def __repr__(self) -> str:
        return f"<DelegationToken {self.token_id} of {self.owner.name} until {self.expires_at_ms}>"

    @property
    def password(self) -> str:
        """What a client authenticates with."""
        return base64.b64encode(self.hmac).decode()

    def belongs_to(self, who: Principal) -> bool:
        """Return whether *who* owns it, asked for it or may renew it."""
        return who in {self.owner, self.requester, *self.renewers}


class DelegationTokens:
    """The tokens of a cluster.

    Args:
        secret: the brokers' secret.
        max_lifetime_ms: of a token, however often it is renewed.
        renewal_ms: how long a token lasts without being renewed.
        random_bytes: makes token ids.
    """

    def __init__(
        self,
        secret: bytes,
        *,
        max_lifetime_ms: int,
        renewal_ms: int,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._secret = secret
        self._max_lifetime_ms = max_lifetime_ms
        self._renewal_ms = renewal_ms
        self._random_bytes = random_bytes
        self._tokens: dict[str, DelegationToken] = {}

    def create(
        self,
        *,
        owner: Principal,
        requester: Principal,
        renewers: Sequence[Principal],
        max_lifetime_ms: int,
        now_ms: int,
    ) -> DelegationToken:
        """Make a token; a lifetime below 0 asks for the longest there is."""
        lifetime = self._max_lifetime_ms
        if max_lifetime_ms >= 0:
            lifetime = min(lifetime, max_lifetime_ms)
        token_id = base64.urlsafe_b64encode(self._random_bytes(16)).decode().rstrip("=")
        token = DelegationToken(
            token_id,
            hmac.digest(self._secret, token_id.encode(), "sha512"),
            owner=owner,
            requester=requester,
            renewers=renewers,
            issued_at_ms=now_ms,
            max_ms=now_ms + lifetime,
            expires_at_ms=now_ms + min(lifetime, self._renewal_ms),
        )
        self._tokens[token_id] = token
        return token

    def renew(self, digest: bytes, who: Principal, period_ms: int, now_ms: int) -> int:
        """Renew a token for *period_ms* from now (below 0: the default) and return its expiry.

        Raises:
            DelegationTokenNotFoundError: there is no such token.
            DelegationTokenOwnerMismatchError: *who* may not renew it.
            DelegationTokenExpiredError: it is too late.
        """
        token = self._changeable(digest, who)
        self._check_alive(token, now_ms)
        period = self._renewal_ms if period_ms < 0 else period_ms
        token.expires_at_ms = min(token.max_ms, now_ms + period)
        return token.expires_at_ms

    def expire(self, digest: bytes, who: Principal, period_ms: int, now_ms: int) -> int:
        """Make a token expire *period_ms* from now (below 0: at once) and return its expiry.

        Raises:
            DelegationTokenNotFoundError: there is no such token.
            DelegationTokenOwnerMismatchError: *who* may not do that.
            DelegationTokenExpiredError: it has ended already.
        """
        token = self._changeable(digest, who)
        if period_ms < 0:
            del self._tokens[token.token_id]
            return now_ms
        self._check_alive(token, now_ms)
        token.expires_at_ms = min(token.max_ms, now_ms + period_ms)
        return token.expires_at_ms

    def find(self, token_id: str, now_ms: int) -> DelegationToken | None:
        """Return a token that has not expired, or ``None``."""
        token = self._tokens.get(token_id)
        return token if token is not None and now_ms < token.expires_at_ms else None

    def all(self, now_ms: int) -> list[DelegationToken]:
        """Return the tokens that have not expired, oldest first; forget the others."""
        self._tokens = {
            token_id: token
            for token_id, token in self._tokens.items()
            if now_ms < token.expires_at_ms
        }
        return list(self._tokens.values())

    def _changeable(self, digest: bytes, who: Principal) -> DelegationToken:
        for token in self._tokens.values():
            if hmac.compare_digest(token.hmac, digest):
                if not token.belongs_to(who):
                    raise DelegationTokenOwnerMismatchError
                return token
        raise DelegationTokenNotFoundError

    @staticmethod
    def _check_alive(token: DelegationToken, now_ms: int) -> None:
        if now_ms >= token.expires_at_ms:
            raise DelegationTokenExpiredError
