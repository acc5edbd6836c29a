"""What has configurations."""

from __future__ import annotations

import pytest

from kafka.admin.config_resource import ConfigResource, ConfigResourceType


@pytest.mark.parametrize("kind", [ConfigResourceType.TOPIC, "topic", "TOPIC", 2])
def test_kind_has_a_name_and_a_number(kind: object) -> None:
    assert ConfigResource(kind, "a").resource_type is ConfigResourceType.TOPIC


def test_broker_may_be_given_by_its_number() -> None:
    assert ConfigResource("broker", 1).name == "1"


def test_resources_compare_and_hash_by_value() -> None:
    assert ConfigResource("topic", "a") == ConfigResource(2, "a")
    assert ConfigResource("topic", "a") != ConfigResource("topic", "a", ["x"])
    assert len({ConfigResource("topic", "a"), ConfigResource(2, "a")}) == 1


def test_values_are_not_shown() -> None:
    resource = ConfigResource("topic", "a", {"ssl.key.password": "secret"})
    assert "secret" not in repr(resource)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("table", "a"), ValueError, "resource_type='table' is none of"),
        ((None, "a"), TypeError, "resource_type must be a ConfigResourceType"),
        (("topic", None), TypeError, "name must be the name of a resource"),
        (("topic", True), TypeError, "name must be the name of a resource"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        ConfigResource(*arguments)
