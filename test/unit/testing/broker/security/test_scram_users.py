"""SCRAM credentials: setting, deleting, describing."""

from __future__ import annotations

import hashlib

import pytest

from kafka.errors import (
    BrokerResponseError,
    DuplicateResourceError,
    ResourceNotFoundError,
    UnacceptableCredentialError,
    UnsupportedSaslMechanismError,
)
from kafka.testing.broker.security.scram import ScramCredential, ScramMechanism
from kafka.testing.broker.security.scram_users import Deletion, ScramUsers, Upsertion

SALT = b"salt"


def upsertion(user: str = "alice", mechanism: int = 1, iterations: int = 4096) -> Upsertion:
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", SALT, 4096)
    return Upsertion(user, mechanism, iterations, SALT, salted)


def outcome(users: ScramUsers, *changes: Deletion | Upsertion) -> dict[str, str | None]:
    return {
        user: None if error is None else type(error).message
        for user, error in users.alter(changes).items()
    }


def test_a_salted_password_is_as_good_as_the_password() -> None:
    users = ScramUsers()
    assert outcome(users, upsertion()) == {"alice": None}
    expected = ScramCredential.from_password(ScramMechanism.SHA_256, "pencil", salt=SALT)
    assert users.find("alice", ScramMechanism.SHA_256) == expected


def test_mechanisms_are_kept_apart() -> None:
    users = ScramUsers()
    outcome(users, upsertion(mechanism=2, iterations=8192), upsertion(mechanism=1))
    assert users.described("alice") == {1: 4096, 2: 8192}
    outcome(users, Deletion("alice", 1))
    assert users.described("alice") == {2: 8192}


def test_a_user_without_credentials_is_forgotten() -> None:
    users = ScramUsers()
    outcome(users, upsertion())
    outcome(users, Deletion("alice", 1))
    assert users.names() == []
    with pytest.raises(ResourceNotFoundError, match="alice"):
        users.described("alice")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (upsertion(user=""), UnacceptableCredentialError),
        (upsertion(iterations=4095), UnacceptableCredentialError),
        (upsertion(iterations=16385), UnacceptableCredentialError),
        (upsertion(mechanism=0), UnsupportedSaslMechanismError),
        (upsertion(mechanism=3), UnsupportedSaslMechanismError),
        (Deletion("alice", 3), UnsupportedSaslMechanismError),
        (Deletion("alice", 1), ResourceNotFoundError),
    ],
)
def test_a_bad_change_is_refused(
    change: Deletion | Upsertion, error: type[BrokerResponseError]
) -> None:
    assert outcome(ScramUsers(), change) == {change.user: error.message}


def test_an_error_spares_the_whole_user_and_nobody_else() -> None:
    users = ScramUsers()
    results = outcome(users, upsertion(), upsertion(mechanism=9), upsertion("bob"))
    assert results == {"alice": UnsupportedSaslMechanismError.message, "bob": None}
    assert users.names() == ["bob"]


def test_one_credential_is_changed_once_in_a_request() -> None:
    users = ScramUsers()
    outcome(users, upsertion())
    results = outcome(users, Deletion("alice", 1), upsertion())
    assert results == {"alice": DuplicateResourceError.message}
    assert users.names() == ["alice"]
