"""What is asked and changed of client quotas, and what is refused before the wire."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from kafka.admin.client_quotas import (
    ClientQuotaAlteration,
    ClientQuotaEntity,
    QuotaMatch,
    checked_alterations,
    checked_filter,
    entity_of,
)

ALICE = ClientQuotaEntity({"user": "alice"})


def test_an_entity_is_the_same_whatever_the_order_of_its_names() -> None:
    one = ClientQuotaEntity({"user": "alice", "client-id": None})
    other = ClientQuotaEntity([("client-id", None), ("user", "alice")])
    assert one == other
    assert hash(one) == hash(other)
    assert dict(one) == {"user": "alice", "client-id": None}
    assert str(one) == "client-id=<default>, user=alice"
    assert repr(one) == "ClientQuotaEntity({'client-id': None, 'user': 'alice'})"


def test_an_entity_can_be_copied_and_pickled() -> None:
    for twin in (copy.copy(ALICE), copy.deepcopy(ALICE), pickle.loads(pickle.dumps(ALICE))):
        assert twin == ALICE
        assert isinstance(twin, ClientQuotaEntity)


@pytest.mark.parametrize(
    ("names", "error", "text"),
    [
        ({}, ValueError, "entity must name at least one of user, client-id, ip"),
        ("alice", TypeError, "entity must be a dict"),
        (7, TypeError, "entity must be a dict"),
        ({"group": "alice"}, ValueError, "a type must be one of"),
        ({1: "alice"}, TypeError, "a type must be a str"),
        ({"user": ""}, ValueError, "the name of a user must not be empty"),
        ({"user": b"alice"}, TypeError, "the name of a user must be a str or None"),
    ],
    ids=repr,
)
def test_an_entity_that_cannot_be_is_refused(names: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        ClientQuotaEntity(names)


@pytest.mark.parametrize(
    ("components", "error"),
    [("user", TypeError), ([("user", "alice")], TypeError), ({"group": "x"}, ValueError)],
    ids=repr,
)
def test_a_filter_that_cannot_be_is_refused(components: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="components"):
        checked_filter(components)


@pytest.mark.parametrize(
    "given",
    [
        [ClientQuotaAlteration({"user": "alice"}, {"producer_byte_rate": 1024})],
        ClientQuotaAlteration(ALICE, {"producer_byte_rate": 1024}),
        {ALICE: {"producer_byte_rate": 1024}},
        [({"user": "alice"}, {"producer_byte_rate": 1024})],
    ],
    ids=lambda given: type(given).__name__,
)
def test_alterations_are_taken_in_every_form(given: Any) -> None:
    assert checked_alterations(given) == {ALICE: {"producer_byte_rate": 1024.0}}


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ([], ValueError, "alterations must not be empty"),
        ("user", TypeError, "alterations must be a list"),
        (None, TypeError, "alterations must be a list"),
        ([7], TypeError, "alterations must hold ClientQuotaAlteration each, not 7"),
        ([(ALICE, {"a": 1.0}), (ALICE, {"b": 1.0})], ValueError, "names user=alice twice"),
        ([(ALICE, {})], ValueError, "ops of user=alice must not be empty"),
        ([(ALICE, 5)], TypeError, "ops of user=alice must be a dict"),
        ([(ALICE, {1: 1.0})], TypeError, "the name of a quota must be a str"),
        ([(ALICE, {"a": "5"})], TypeError, "a must be a number or None"),
        ([(ALICE, {"a": True})], TypeError, "a must be a number or None"),
        ([(ALICE, {"a": 0})], ValueError, "a must be greater than 0"),
        ([(ALICE, {"a": float("nan")})], ValueError, "a must be greater than 0"),
        ([(ALICE, {"a": float("inf")})], ValueError, "a must be greater than 0"),
        ([(ALICE, {"a": 10**400})], ValueError, "a must be greater than 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_alterations_that_cannot_be_are_refused(
    given: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        checked_alterations(given)


def test_a_filter_may_name_the_default_and_any_name() -> None:
    components = {"user": "alice", "client-id": None, "ip": QuotaMatch.ANY}
    assert checked_filter(components) == components
    assert checked_filter(None) == {}


def test_an_entity_of_a_type_that_only_the_broker_knows_can_be_told_and_copied() -> None:
    entity = entity_of([("tenant", "t")])
    assert dict(entity) == {"tenant": "t"}
    assert copy.copy(entity) == entity
