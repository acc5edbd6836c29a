"""A regular expression that the brokers match."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

import kafka
from kafka.errors import IllegalStateError
from kafka.subscription import SubscriptionPattern, SubscriptionState, SubscriptionType


def test_patterns_compare_by_their_text() -> None:
    assert SubscriptionPattern("a") == SubscriptionPattern("a")
    assert len({SubscriptionPattern("a"), SubscriptionPattern("a"), SubscriptionPattern("b")}) == 2
    assert SubscriptionPattern("a") != "a"
    assert repr(SubscriptionPattern("a.*")) == "SubscriptionPattern('a.*')"


@pytest.mark.parametrize(
    ("pattern", "error"), [("", ValueError), (b"a", TypeError), (re.compile("a"), TypeError)]
)
def test_pattern_is_a_string(pattern: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="SubscriptionPattern takes a regular expression"):
        SubscriptionPattern(pattern)  # type: ignore[arg-type]


def test_pattern_is_public() -> None:
    assert kafka.SubscriptionPattern is SubscriptionPattern


def test_pattern_is_subscribed_to() -> None:
    state = SubscriptionState()
    state.subscribe(pattern=SubscriptionPattern("a(?!b)"))
    assert (state.type, state.subscription) == (SubscriptionType.AUTO_PATTERN, frozenset())
    assert (state.pattern, state.remote_pattern) == (None, "a(?!b)")


def test_patterns_of_both_kinds_replace_each_other() -> None:
    state = SubscriptionState()
    state.subscribe(pattern=SubscriptionPattern("a"))
    state.subscribe(pattern="b")
    assert (state.pattern, state.remote_pattern) == (re.compile("b"), None)
    state.subscribe(pattern=SubscriptionPattern("c"))
    assert (state.pattern, state.remote_pattern) == (None, "c")


def test_pattern_is_forgotten_with_the_subscription() -> None:
    state = SubscriptionState()
    state.subscribe(pattern=SubscriptionPattern("a"))
    state.unsubscribe()
    assert state.remote_pattern is None


def test_pattern_is_no_list_of_topics() -> None:
    state = SubscriptionState()
    with pytest.raises(TypeError, match="topics must be a list"):
        state.subscribe(SubscriptionPattern("a"))  # type: ignore[arg-type]
    state.subscribe(["a"])
    with pytest.raises(IllegalStateError):
        state.subscribe(pattern=SubscriptionPattern("a"))


def test_pattern_survives_pickle_and_copy() -> None:
    pattern = SubscriptionPattern("a.*")
    assert copy.deepcopy(pattern) == pickle.loads(pickle.dumps(pattern)) == pattern
