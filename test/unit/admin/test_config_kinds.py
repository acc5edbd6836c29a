"""Which configs count as modified."""

from __future__ import annotations

import pytest

from kafka.admin.config_kinds import ConfigSourceType, is_modified

OF_ALL_BROKERS = ConfigSourceType.DYNAMIC_DEFAULT_BROKER_CONFIG
GIVEN = {
    ConfigSourceType.DYNAMIC_TOPIC_CONFIG,
    ConfigSourceType.DYNAMIC_BROKER_CONFIG,
    ConfigSourceType.DYNAMIC_BROKER_LOGGER_CONFIG,
    ConfigSourceType.DYNAMIC_CLIENT_METRICS_CONFIG,
    ConfigSourceType.DYNAMIC_GROUP_CONFIG,
}


@pytest.mark.parametrize("source", ConfigSourceType)
def test_what_a_resource_was_given_is_modified(source: ConfigSourceType) -> None:
    assert is_modified(source, is_of_all_brokers=False) is (source in GIVEN)


@pytest.mark.parametrize("source", ConfigSourceType)
def test_what_all_brokers_were_given_is_modified_in_all_brokers_alone(
    source: ConfigSourceType,
) -> None:
    expected = source in {*GIVEN, OF_ALL_BROKERS}
    assert is_modified(source, is_of_all_brokers=True) is expected


def test_a_source_that_is_newer_than_this_release_has_no_name() -> None:
    assert ConfigSourceType(99) is ConfigSourceType.UNKNOWN
