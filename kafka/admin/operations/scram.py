"""SCRAM credentials: AlterUserScramCredentials, DescribeUserScramCredentials (KIP-554).

Pure: salts are passed in. The password stays here: brokers get it hashed with a salt, as RFC 5802
says.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from kafka.admin.lookups import to_any, to_controller
from kafka.admin.operation import Every
from kafka.admin.scram_credentials import ScramMechanism, UserScramCredentialDeletion
from kafka.protocol.messages.alter_user_scram_credentials import AlterUserScramCredentialsRequest
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kafka.admin.operation import Answer, Verdicts
    from kafka.admin.scram_credentials import Alteration
    from kafka.errors import KafkaError
    from kafka.protocol.messages.alter_user_scram_credentials import (
        AlterUserScramCredentialsResponse,
    )

Deletion = AlterUserScramCredentialsRequest.ScramCredentialDeletion
Upsertion = AlterUserScramCredentialsRequest.ScramCredentialUpsertion
Changes = dict[str, Deletion | Upsertion]
Described = DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult

_HASHES: Final = {ScramMechanism.SCRAM_SHA_256: "sha256", ScramMechanism.SCRAM_SHA_512: "sha512"}


def hashed(
    alterations: Iterable[Alteration],
    make_salt: Callable[[], bytes],
    is_wanted: Callable[[], bool] = lambda: True,
) -> Changes:
    """Return what brokers are told of *alterations*, which name no user twice.

    It takes some milliseconds for each password: run it where nobody waits for the thread.

    Args:
        alterations: what to do.
        make_salt: returns random bytes, for passwords that came without a salt.
        is_wanted: returns whether to go on; asked before each password.
    """
    changes: Changes = {}
    for alteration in alterations:
        if not is_wanted():
            break
        changes[alteration.user] = _hashed(alteration, make_salt)
    return changes


def _hashed(alteration: Alteration, make_salt: Callable[[], bytes]) -> Deletion | Upsertion:
    if isinstance(alteration, UserScramCredentialDeletion):
        return Deletion(name=alteration.user, mechanism=alteration.mechanism)
    salt = make_salt() if alteration.salt is None else alteration.salt
    return Upsertion(
        name=alteration.user,
        mechanism=alteration.mechanism,
        iterations=alteration.iterations,
        salt=salt,
        salted_password=hashlib.pbkdf2_hmac(
            _HASHES[alteration.mechanism], alteration.password.reveal(), salt, alteration.iterations
        ),
    )


class AlterScram:
    """Have the controller change credentials.

    Args:
        changes: what to change, by user.
    """

    noun: Final = "SCRAM credentials of user"
    lookup: Final = to_controller()
    verdicts: Final[Verdicts] = {}

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def build(self, keys: Sequence[str], timeout_ms: int) -> AlterUserScramCredentialsRequest:
        """Return the request for the users *keys*."""
        del timeout_ms
        changes = [self._changes[user] for user in keys]
        return AlterUserScramCredentialsRequest(
            deletions=[change for change in changes if isinstance(change, Deletion)],
            upsertions=[change for change in changes if isinstance(change, Upsertion)],
        )

    def read(
        self, answer: Answer[AlterUserScramCredentialsResponse], keys: Sequence[str]
    ) -> dict[str, KafkaError | None]:
        """Return, by user, why the credential was not changed; ``None`` if it was."""
        del keys
        return {
            result.user: answer.error(
                result.error_code, result.error_message, f"{self.noun} {result.user}"
            )
            if result.error_code
            else None
            for result in answer.response.results
        }


class DescribeScram:
    """Ask any broker who has which credentials.

    The keys are names of users, or `Every.USERS` alone.
    """

    noun: Final = "SCRAM credentials of"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def build(
        self, keys: Sequence[str | Every], timeout_ms: int
    ) -> DescribeUserScramCredentialsRequest:
        """Return the request about some users, or about all."""
        del timeout_ms
        if Every.USERS in keys:
            return DescribeUserScramCredentialsRequest(users=None)
        name = DescribeUserScramCredentialsRequest.UserName
        users = [name(name=str(user)) for user in keys]
        return DescribeUserScramCredentialsRequest(users=users)

    def read(
        self, answer: Answer[DescribeUserScramCredentialsResponse], keys: Sequence[str | Every]
    ) -> dict[str | Every, dict[str, Described] | KafkaError]:
        """Return what the broker says, by user."""
        response = answer.response
        if response.error_code:
            text = response.error_message
            return {
                key: answer.error(response.error_code, text, f"{self.noun} {key}") for key in keys
            }
        found = {result.user: result for result in response.results}
        if Every.USERS in keys:
            return {Every.USERS: found}
        return {user: {user: result} for user, result in found.items()}
