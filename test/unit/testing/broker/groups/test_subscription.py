"""Patterns of topics, as RE2 would read them."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import InvalidRegularExpressionError
from kafka.testing.broker.groups.subscription import TopicInfo, resolve, subscribed

TOPICS = {"orders": TopicInfo(UUID(int=1), 1), "orders-2": TopicInfo(UUID(int=2), 1)}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("orders", {"orders"}),
        ("orders.*", {"orders", "orders-2"}),
        ("(?i)ORDERS", {"orders"}),
        (r"[a-z]+-\d\z", {"orders-2"}),
        ("rders", set()),
        (r"orders\+\+", set()),
    ],
)
def test_a_pattern_is_for_the_whole_name(pattern: str, found: set[str]) -> None:
    assert resolve(pattern, TOPICS, lambda _: True) == found


@pytest.mark.parametrize(
    "pattern",
    ["(", "a{2,1}", "(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "(?P=a)", "a*+", "(?>a)", "[[a]"],
)
def test_what_re2_does_not_have_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidRegularExpressionError):
        resolve(pattern, TOPICS, lambda _: True)


def test_topics_that_the_client_may_not_see_are_not_found() -> None:
    assert resolve(".*", TOPICS, lambda name: name == "orders") == {"orders"}


def test_topics_that_do_not_exist_yet_are_left_out() -> None:
    assert subscribed(["orders", "later"], TOPICS) == {"orders": TOPICS["orders"]}
