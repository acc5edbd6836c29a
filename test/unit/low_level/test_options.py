"""The options of the low-level classes."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaConfigurationError
from kafka.low_level.options import options_of


def test_what_nobody_knows_is_dropped_with_one_warning() -> None:
    with pytest.warns(UserWarning, match="KafkaClient does not know .*: acks, group_id") as warned:
        options = options_of("KafkaClient", {"acks": 1, "client_id": "me", "group_id": "g"})
    assert options.client_id == "me"
    assert len(warned) == 1


def test_a_value_that_cannot_work_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="request_timeout_ms=0"):
        options_of("KafkaClient", {"request_timeout_ms": 0})


def test_the_time_to_find_a_broker_has_the_default_and_the_name_of_2() -> None:
    assert options_of("KafkaClient", {}).bootstrap_timeout == 2
    with pytest.warns(DeprecationWarning, match="bootstrap_timeout_ms"):
        options = options_of("KafkaClient", {"api_version_auto_timeout_ms": 500})
    assert options.bootstrap_timeout == 0.5


def test_the_version_is_asked_for_whatever_is_assumed() -> None:
    options = options_of("KafkaClient", {"api_version": (2, 0), "client_id": "me"})
    assert options.without_version().api_version is None
    assert options.without_version().client_id == "me"
    assert options.api_version == (2, 0)
