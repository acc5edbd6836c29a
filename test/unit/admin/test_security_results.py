"""What is told of ACLs and SCRAM credentials."""

from __future__ import annotations

from kafka.admin.acl_resource import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)
from kafka.admin.operation import Outcome
from kafka.admin.operations.acls import Match
from kafka.admin.operations.scram import Described
from kafka.admin.scram_credentials import ScramMechanism
from kafka.admin.security_results import (
    AlterScramResult,
    CreateAclsResult,
    delete_acls_result,
    scram_view,
)
from kafka.errors import (
    InvalidRequestError,
    NoError,
    SecurityDisabledError,
    UnacceptableCredentialError,
    UnknownError,
)
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsResponse,
)

NONE: frozenset[ACL] = frozenset()


def acl(principal: str) -> ACL:
    """Return an ACL of *principal*."""
    pattern = ResourcePattern(ResourceType.TOPIC, "t")
    return ACL(principal, "*", ACLOperation.READ, ACLPermissionType.ALLOW, pattern)


A, B, C = acl("User:a"), acl("User:b"), acl("User:c")


def test_created_acls_are_told_in_the_order_given_and_errors_by_acl() -> None:
    error = InvalidRequestError("no")
    found = CreateAclsResult(Outcome({C: None, A: None}, {B: error}, NONE), [A, B, C])
    assert found == {"succeeded": [A, C], "failed": [InvalidRequestError]}
    assert found.errors == {B: error}


def test_deleted_acls_are_told_by_filter() -> None:
    matches = [Match(A, None), Match(B, UnknownError("no"))]
    outcome: Outcome[ACL, list[Match]] = Outcome(
        {A: matches, B: []}, {C: SecurityDisabledError("no")}, NONE
    )
    assert delete_acls_result(outcome, [C, A, B]) == [  # type: ignore[arg-type]  # ACLs as filters
        (C, [], SecurityDisabledError),
        (A, [A], UnknownError),
        (B, [], NoError),
    ]


def test_altered_users_have_none_or_the_error_in_words() -> None:
    error = UnacceptableCredentialError("too weak")
    found = AlterScramResult(Outcome({"a": None}, {"b": error}, frozenset()), ["b", "a", "b"])
    assert found == {"a": None, "b": "too weak"}
    assert found.errors == {"b": error}


def test_credentials_have_the_mechanism_that_users_name() -> None:
    info = DescribeUserScramCredentialsResponse.CredentialInfo
    found = scram_view(Described(user="a", credential_infos=[info(mechanism=2, iterations=8192)]))
    assert found == {
        "error": None,
        "credential_infos": [{"mechanism": ScramMechanism.SCRAM_SHA_512, "iterations": 8192}],
    }


def test_a_user_without_credentials_has_an_error_in_words() -> None:
    assert scram_view(Described(error_code=91, error_message="none"))["error"] == "none"
    assert scram_view(Described(error_code=91, error_message=None))["error"] == (
        "ResourceNotFoundError"
    )
