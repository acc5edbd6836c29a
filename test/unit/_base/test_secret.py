"""Values that must not be seen."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from pathlib import Path

import pytest

from kafka._base.secret import (
    Secret,
    hidden,
    hides_something,
    may_be_secret,
    revealed,
    shown,
    type_shown,
)

PEM = "-----BEGIN PRIVATE KEY-----\nMIIE"


def test_secret_is_shown_as_a_mask() -> None:
    assert [f"{Secret('pw')}", repr(Secret(b"pw")), repr([Secret("pw")])] == ["***", "***", "[***]"]


def test_secret_is_revealed_on_demand() -> None:
    assert Secret("pw").reveal() == "pw"


@pytest.mark.parametrize("value", ["pw", b"pw", 7])
def test_secrets_are_equal_if_what_they_hide_is(value: object) -> None:
    assert Secret(value) == Secret(value)


@pytest.mark.parametrize("other", [Secret("px"), Secret(b"pw"), Secret("pw "), "pw", None])
def test_secret_differs_from_all_else(other: object) -> None:
    assert Secret("pw") != other


def test_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="reveal"):
        pickle.dumps(Secret("pw"))


def test_secret_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret("pw"))


def test_copy_of_a_secret_is_the_secret() -> None:
    secret = Secret("pw")
    assert copy.copy(secret) is copy.deepcopy([secret])[0] is secret


def test_nothing_and_what_is_hidden_already_are_not_hidden() -> None:
    secret = Secret("pw")
    assert hidden(None) is None
    assert hidden(secret) is secret


def test_secrets_in_a_list_are_revealed_in_a_copy_of_it() -> None:
    kept = ["ca.pem", Secret(PEM)]
    assert revealed(kept) == ["ca.pem", PEM]
    assert repr(kept) == "['ca.pem', ***]"


@pytest.mark.parametrize("value", [Secret("pw"), ["a", Secret("pw")]])
def test_secret_is_found(value: object) -> None:
    assert hides_something(value)


class Holder:
    def __repr__(self) -> str:
        return "pw"

    def method(self) -> None: ...


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Holder(), "<Holder>"),
        (Holder().method, "<method>"),
        (partial(print, "pw"), "<partial>"),
        ([1, Holder()], "[1, <Holder>]"),
        ((Holder(),), "(<Holder>,)"),
        ({"a": Holder()}, "{'a': <Holder>}"),
        ({Holder()}, "<set>"),
        (Secret("pw"), "***"),
    ],
)
def test_only_the_type_of_a_foreign_object_is_shown(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    "value",
    ["a", b"a", 1, 0.5, None, True, [], (), (1, "a"), {}, {1: [2]}, {3}, len, int, Path("a")],
)
def test_plain_values_are_shown_as_they_are(value: object) -> None:
    assert shown(value) == repr(value)


@pytest.mark.parametrize("value", ["pw", Secret("pw")])
def test_type_of_what_is_hidden_may_be_shown(value: object) -> None:
    assert type_shown(value) == "<str>"


@pytest.mark.parametrize("value", [None, "pw", ["pw"], 7])
def test_what_is_not_hidden_hides_nothing(value: object) -> None:
    assert not hides_something(value)
    assert revealed(value) == value


BASE64 = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"


@pytest.mark.parametrize(
    "value", [BASE64, BASE64.encode(), f'"{BASE64}"', f"{BASE64[:32]}\n{BASE64[32:]}\n"]
)
def test_key_in_base64_may_be_secret(value: object) -> None:
    assert may_be_secret(value)


@pytest.mark.parametrize("value", [PEM, PEM.encode(), ["ca.pem", PEM], f"\n{PEM}"])
def test_pem_text_may_be_secret(value: object) -> None:
    assert may_be_secret(value)


@pytest.mark.parametrize(
    "value",
    ["ca.pem", b"ca.pem", None, 7, ["ca.pem"], "MA", "/etc/" + BASE64, f"{BASE64}.pem", "M" * 10],
)
def test_paths_are_no_secret(value: object) -> None:
    assert not may_be_secret(value)
