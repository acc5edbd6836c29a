"""What the calls about ACLs and SCRAM credentials return: the shape of kafka-python 3.x.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kafka.admin.scram_credentials import ScramMechanism
from kafka.errors import NoError, for_code
from kafka.net.diagnosis import message_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.admin.acl_resource import ACL, ACLFilter
    from kafka.admin.operation import Outcome
    from kafka.admin.operations.acls import Match
    from kafka.admin.operations.scram import Described
    from kafka.errors import KafkaError

    DeletedAcls = tuple[ACLFilter, list[ACL], type[KafkaError]]


class CreateAclsResult(dict[str, list[object]]):
    """``{'succeeded': [ACL, ...], 'failed': [error class, ...]}``.

    Attributes:
        errors: the errors by ACL.
    """

    def __init__(self, outcome: Outcome[ACL, None], acls: Iterable[ACL]) -> None:
        self.errors: dict[ACL, KafkaError] = dict(outcome.errors)
        super().__init__(
            succeeded=[acl for acl in acls if acl in outcome.results],
            failed=[type(outcome.errors[acl]) for acl in acls if acl in outcome.errors],
        )


def delete_acls_result(
    outcome: Outcome[ACLFilter, list[Match]], filters: Iterable[ACLFilter]
) -> list[DeletedAcls]:
    """Return filter, ACLs deleted, and class of the error, of each filter.

    Where an ACL that matches was not deleted, its error is that of the filter.
    """
    found: list[DeletedAcls] = []
    for wanted in filters:
        matches = outcome.results.get(wanted, [])
        deleted = [match.acl for match in matches if match.error is None]
        errors = [outcome.errors.get(wanted), *(match.error for match in matches)]
        first = next((error for error in errors if error is not None), None)
        found.append((wanted, deleted, NoError if first is None else type(first)))
    return found


class AlterScramResult(dict[str, "str | None"]):
    """By user ``None``, or the error in words.

    Attributes:
        errors: the errors by user.
    """

    def __init__(self, outcome: Outcome[str, None], users: Iterable[str]) -> None:
        self.errors: dict[str, KafkaError] = dict(outcome.errors)
        super().__init__(
            (user, message_of(self.errors[user]) if user in self.errors else None) for user in users
        )


class CredentialView(TypedDict):
    """A credential of a user."""

    mechanism: ScramMechanism
    iterations: int


class UserScramView(TypedDict):
    """What `describe_user_scram_credentials` says of a user."""

    error: str | None
    credential_infos: list[CredentialView]


def scram_view(found: Described) -> UserScramView:
    """Return what a broker says of a user."""
    error = None
    if found.error_code:
        error = found.error_message or for_code(found.error_code).__name__
    return UserScramView(
        error=error,
        credential_infos=[
            CredentialView(
                mechanism=ScramMechanism(credential.mechanism), iterations=credential.iterations
            )
            for credential in found.credential_infos
        ],
    )
