"""What is altered of SCRAM credentials, and what is refused before the wire."""

from __future__ import annotations

from typing import Any

import pytest

from kafka._base.secret import Secret
from kafka.admin.scram_credentials import (
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
    checked_alterations,
    in_waves,
    scram_mechanism,
)

SHA_256, SHA_512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512


@pytest.mark.parametrize(
    "given", [SHA_512, 2, "SCRAM-SHA-512", "SCRAM_SHA_512", "scram-sha-512"], ids=repr
)
def test_a_mechanism_is_named_in_every_way_that_people_write_it(given: Any) -> None:
    assert scram_mechanism(given) is SHA_512


@pytest.mark.parametrize("given", [0, 3, ScramMechanism.UNKNOWN, "PLAIN", ""], ids=repr)
def test_a_mechanism_that_is_none_is_refused_with_those_that_there_are(given: Any) -> None:
    with pytest.raises(ValueError, match=r"mechanism.*SCRAM.SHA.256.*SCRAM.SHA.512"):
        scram_mechanism(given)


@pytest.mark.parametrize("given", [None, True, 2.0, b"SCRAM-SHA-256"], ids=repr)
def test_a_mechanism_of_another_type_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="mechanism must be a ScramMechanism"):
        scram_mechanism(given)


def test_no_repr_shows_the_password() -> None:
    upsertion = UserScramCredentialUpsertion("alice", SHA_256, "wonderland", salt=b"pepper")
    shown = f"{upsertion!r} {upsertion.password!r} {[upsertion]}"
    assert "wonderland" not in shown
    assert "pepper" not in shown
    assert "<UserScramCredentialUpsertion alice SCRAM-SHA-256 iterations=4096 password=***>" in (
        shown
    )


def test_password_that_cannot_be_encoded_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="password holds a lone surrogate") as caught:
        UserScramCredentialUpsertion("alice", SHA_256, "secret\ud800word")
    assert caught.value.__context__ is None
    assert "secret" not in repr(caught.value)


def test_the_password_of_an_upsertion_may_be_hidden_already() -> None:
    upsertion = UserScramCredentialUpsertion("alice", SHA_256, Secret("wonderland"))
    assert upsertion.password.reveal() == b"wonderland"


@pytest.mark.parametrize("iterations", [4095, 16385, 0, -1])
def test_iterations_that_no_broker_takes_are_refused_here(iterations: int) -> None:
    with pytest.raises(ValueError, match=f"iterations must be 4096 to 16384, not {iterations}"):
        UserScramCredentialUpsertion("alice", SHA_256, "wonderland", iterations)


@pytest.mark.parametrize("iterations", [4096, 16384])
def test_the_bounds_of_iterations_are_taken(iterations: int) -> None:
    upsertion = UserScramCredentialUpsertion("alice", SHA_256, "wonderland", iterations)
    assert upsertion.iterations == iterations


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((b"alice", SHA_256, "pw"), TypeError, "user must be a str"),
        (("", SHA_256, "pw"), ValueError, "user must not be empty"),
        (("alice", SHA_256, None), TypeError, "password must be str or bytes, not <NoneType>"),
        (("alice", SHA_256, ""), ValueError, "password must not be empty"),
        (("alice", SHA_256, "pw", "4096"), TypeError, "iterations must be an int"),
        (("alice", SHA_256, "pw", True), TypeError, "iterations must be an int"),
        (("alice", SHA_256, "pw", 4096, "salt"), TypeError, "salt must be bytes"),
        (("alice", SHA_256, "pw", 4096, b""), ValueError, "salt must not be empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_parts_of_an_upsertion_are_named(
    arguments: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        UserScramCredentialUpsertion(*arguments)


def test_no_request_names_a_user_twice_and_each_users_alterations_keep_their_order() -> None:
    first, second, third = (
        UserScramCredentialDeletion("alice", SHA_256),
        UserScramCredentialUpsertion("alice", SHA_512, "wonderland"),
        UserScramCredentialDeletion("alice", SHA_512),
    )
    other = UserScramCredentialDeletion("bob", SHA_256)
    assert in_waves([first, second, other, third]) == [[first, other], [second], [third]]


def test_one_alteration_need_not_be_in_a_list() -> None:
    deletion = UserScramCredentialDeletion("alice", SHA_256)
    assert checked_alterations(deletion) == [deletion]


def test_alterations_that_are_none_are_refused_without_showing_what_they_hold() -> None:
    with pytest.raises(TypeError, match=r"alterations must hold .* not <tuple>"):
        checked_alterations([("alice", "wonderland")])
    with pytest.raises(TypeError, match=r"alterations must be a list of .* not <int>"):
        checked_alterations(7)
    with pytest.raises(ValueError, match="alterations must not be empty"):
        checked_alterations([])
