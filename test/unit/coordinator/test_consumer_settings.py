"""The settings of a member of a KIP-848 group."""

from __future__ import annotations

from test.unit.coordinator.member_bench import SETTINGS


def test_settings_are_a_value() -> None:
    assert SETTINGS._replace(group_id="h") != SETTINGS
    assert hash(SETTINGS._replace()) == hash(SETTINGS)
