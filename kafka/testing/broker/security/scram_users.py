"""The SCRAM credentials of a cluster's users (KIP-554).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    BrokerResponseError,
    DuplicateResourceError,
    ResourceNotFoundError,
    UnacceptableCredentialError,
    UnknownError,
    UnsupportedSaslMechanismError,
)
from kafka.testing.broker.security.scram import (
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    ScramCredential,
    ScramMechanism,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class Deletion(NamedTuple):
    """Forget the credential of a user for one mechanism."""

    user: str
    mechanism: int


class Upsertion(NamedTuple):
    """Set the credential of a user for one mechanism, from a password salted by the client."""

    user: str
    mechanism: int
    iterations: int
    salt: bytes
    salted_password: bytes


class ScramUsers:
    """The SCRAM credentials of users."""

    def __init__(self) -> None:
        self._credentials: dict[str, dict[ScramMechanism, ScramCredential]] = {}

    def find(self, user: str, mechanism: ScramMechanism) -> ScramCredential | None:
        """Return a credential, or ``None``."""
        return self._credentials.get(user, {}).get(mechanism)

    def set(self, user: str, mechanism: ScramMechanism, credential: ScramCredential) -> None:
        """Set a credential."""
        self._credentials.setdefault(user, {})[mechanism] = credential

    def names(self) -> list[str]:
        """Return the users that have a credential, in alphabetical order."""
        return sorted(self._credentials)

    def described(self, user: str) -> dict[ScramMechanism, int]:
        """Return the iterations of a user's credentials.

        Raises:
            ResourceNotFoundError: the user has none.
        """
        found = self._credentials.get(user)
        if not found:
            raise ResourceNotFoundError(
                f"Attempt to describe a user credential that does not exist: {user}"
            )
        return {mechanism: found[mechanism].iterations for mechanism in sorted(found)}

    def alter(
        self, changes: Iterable[Deletion | Upsertion]
    ) -> dict[str, BrokerResponseError | None]:
        """Apply changes and return the result for each user; an error leaves its user unchanged."""
        results: dict[str, BrokerResponseError | None] = {}
        wanted: dict[str, dict[int, Deletion | Upsertion]] = {}
        for change in changes:
            mine = wanted.setdefault(change.user, {})
            results.setdefault(change.user, None)
            try:
                if change.mechanism in mine:
                    raise DuplicateResourceError(
                        "A user credential cannot be altered twice in the same request"
                    )
                self._check(change)
            except BrokerResponseError as error:
                results[change.user] = results[change.user] or error
            mine[change.mechanism] = change
        for user, mine in wanted.items():
            if results[user] is None:
                for change in mine.values():
                    self._apply(change)
        return results

    def _check(self, change: Deletion | Upsertion) -> None:
        if not change.user:
            raise UnacceptableCredentialError("Username must not be empty")
        if change.mechanism not in set(ScramMechanism):
            raise UnsupportedSaslMechanismError("Unknown SCRAM mechanism")
        if isinstance(change, Deletion):
            if self.find(change.user, ScramMechanism(change.mechanism)) is None:
                raise ResourceNotFoundError(
                    "Attempt to delete a user credential that does not exist"
                )
        elif change.iterations < MIN_ITERATIONS:
            raise UnacceptableCredentialError("Too few iterations")
        elif change.iterations > MAX_ITERATIONS:
            raise UnacceptableCredentialError("Too many iterations")
        elif not change.salted_password:
            # The Java crypto API refuses an empty key, and Kafka does not catch the error.
            raise UnknownError

    def _apply(self, change: Deletion | Upsertion) -> None:
        mechanism = ScramMechanism(change.mechanism)
        if isinstance(change, Upsertion):
            credential = ScramCredential.from_salted(
                mechanism, change.salted_password, salt=change.salt, iterations=change.iterations
            )
            self.set(change.user, mechanism, credential)
            return
        mine = self._credentials[change.user]
        del mine[mechanism]
        if not mine:
            del self._credentials[change.user]
