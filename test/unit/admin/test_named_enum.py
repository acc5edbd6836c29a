"""Enums by their members, names and values."""

from __future__ import annotations

import pytest

from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.named_enum import member_of


@pytest.mark.parametrize(
    "given", [ConfigResourceType.BROKER_LOGGER, 8, "broker_logger", "broker-logger"]
)
def test_member_has_a_name_and_a_value(given: object) -> None:
    assert member_of(ConfigResourceType, given, "kind") is ConfigResourceType.BROKER_LOGGER


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("brokers", ValueError, "kind='brokers' is none of UNKNOWN, TOPIC"),
        (7, ValueError, "kind=7 is none of"),
        (True, TypeError, "kind must be a ConfigResourceType, not bool"),
        (None, TypeError, "not NoneType"),
    ],
)
def test_what_is_no_member_is_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        member_of(ConfigResourceType, given, "kind")


def test_number_that_this_release_does_not_know_is_unknown() -> None:
    assert ConfigResourceType(99) is ConfigResourceType.UNKNOWN
