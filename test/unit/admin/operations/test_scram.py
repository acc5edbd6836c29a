"""What brokers are told of SCRAM credentials, and what they answer."""

from __future__ import annotations

import hashlib

from kafka.admin.operation import Answer, Every
from kafka.admin.operations.scram import AlterScram, DescribeScram, hashed
from kafka.admin.scram_credentials import (
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import (
    ClusterAuthorizationFailedError,
    DuplicateResourceError,
    UnacceptableCredentialError,
)
from kafka.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsResponse,
)
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsResponse,
)

SHA_256, SHA_512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512
TIMEOUT_MS = 1000


def test_the_broker_gets_the_hash_that_rfc_5802_makes_of_the_password() -> None:
    upsertion = UserScramCredentialUpsertion("alice", SHA_512, "wonderland", 8192)
    changes = hashed([upsertion], lambda: b"fresh salt")
    (sent,) = AlterScram(changes).build(["alice"], TIMEOUT_MS).upsertions
    assert (sent.name, sent.mechanism, sent.iterations) == ("alice", 2, 8192)
    assert sent.salt == b"fresh salt"
    assert sent.salted_password == hashlib.pbkdf2_hmac("sha512", b"wonderland", b"fresh salt", 8192)


def test_a_salt_that_was_given_is_used() -> None:
    upsertion = UserScramCredentialUpsertion("alice", SHA_256, "wonderland", salt=b"given")
    changes = hashed([upsertion], lambda: b"fresh")
    assert AlterScram(changes).build(["alice"], TIMEOUT_MS).upsertions[0].salt == b"given"


def test_deletions_and_upsertions_share_a_request() -> None:
    changes = hashed(
        [
            UserScramCredentialDeletion("bob", "SCRAM-SHA-256"),
            UserScramCredentialUpsertion("alice", SHA_256, "wonderland"),
        ],
        lambda: b"salt",
    )
    request = AlterScram(changes).build(["alice", "bob"], TIMEOUT_MS)
    assert [(each.name, each.mechanism) for each in request.deletions] == [("bob", 1)]
    assert [each.name for each in request.upsertions] == ["alice"]


def test_a_request_is_about_the_users_asked_for_alone() -> None:
    changes = hashed(
        [UserScramCredentialDeletion(user, SHA_256) for user in ("alice", "bob")], lambda: b""
    )
    request = AlterScram(changes).build(["bob"], TIMEOUT_MS)
    assert [each.name for each in request.deletions] == ["bob"]


def test_a_refused_alteration_keeps_the_brokers_text() -> None:
    result = AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult
    response = AlterUserScramCredentialsResponse(
        results=[
            result(user="alice", error_message=None),
            result(user="bob", error_code=93, error_message="Too few iterations"),
            result(user="carol", error_code=92, error_message=None),
        ]
    )
    found = AlterScram({}).read(Answer(response, 1), ["alice", "bob", "carol"])
    assert found["alice"] is None
    assert isinstance(found["bob"], UnacceptableCredentialError)
    assert "SCRAM credentials of user bob: Too few iterations" in str(found["bob"])
    assert isinstance(found["carol"], DuplicateResourceError)


def test_all_users_are_asked_for_with_null() -> None:
    assert DescribeScram().build([Every.USERS], TIMEOUT_MS).users is None


def test_users_are_asked_for_by_name() -> None:
    users = DescribeScram().build(["alice", "bob"], TIMEOUT_MS).users or []
    assert [user.name for user in users] == ["alice", "bob"]


def test_described_credentials_are_found_by_user() -> None:
    result = DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult
    response = DescribeUserScramCredentialsResponse(results=[result(user="alice")])
    for key in (Every.USERS, "alice"):
        found = DescribeScram().read(Answer(response, 1), [key])
        assert found == {key: {"alice": response.results[0]}}


def test_whoever_may_not_ask_is_told_so() -> None:
    response = DescribeUserScramCredentialsResponse(error_code=31, error_message=None)
    error = DescribeScram().read(Answer(response, 1), ["alice"])["alice"]
    assert isinstance(error, ClusterAuthorizationFailedError)
    assert "(DescribeUserScramCredentials, node 1)" in str(error)


def test_hashing_ends_when_nobody_wants_it_any_more() -> None:
    wanted = iter([True, False])
    users = [UserScramCredentialUpsertion(user, 1, "w") for user in ("a", "b", "c")]
    assert list(hashed(users, lambda: b"salt", lambda: next(wanted))) == ["a"]
