"""The settings of members, by the options and the brokers."""

from __future__ import annotations

from typing import Any

import pytest

from kafka._base.observer import Observer
from kafka.config import ConsumerConfig
from kafka.consumer.choose_membership import (
    check_assignors,
    classic_settings,
    consumer_settings,
)
from kafka.errors import KafkaConfigurationError
from kafka.protocol.api_versions import ApiVersions


# Any: options of every type.
def config(**options: Any) -> ConsumerConfig:
    return ConsumerConfig(group_id="g", **options)


@pytest.mark.parametrize(
    ("broker", "options", "seconds"),
    [
        ((0, 9), {}, 30.0),
        ((2, 8), {}, 30.0),
        ((3, 0), {}, 45.0),
        ((4, 0), {}, 45.0),
        ((2, 8), {"session_timeout_ms": 45_000}, 45.0),
        ((3, 0), {"session_timeout_ms": 10_000}, 10.0),
    ],
)
def test_session_that_was_not_chosen_is_one_that_old_brokers_take(
    broker: tuple[int, ...], options: dict[str, Any], seconds: float
) -> None:
    versions = ApiVersions.for_broker_version(broker)
    assert classic_settings(config(**options), versions, Observer()).session_timeout == seconds


def test_assignors_are_range_and_roundrobin_by_default() -> None:
    settings = classic_settings(config(), ApiVersions.for_broker_version((4, 0)), Observer())
    assert [strategy.name for strategy in settings.strategies] == ["range", "roundrobin"]


def test_options_of_a_classic_member_arrive() -> None:
    settings = classic_settings(
        config(
            group_instance_id="me",
            max_poll_interval_ms=60_000,
            heartbeat_interval_ms=1000,
            client_rack="r",
            exclude_internal_topics=False,
        ),
        ApiVersions.for_broker_version((4, 0)),
        Observer(),
    )
    assert settings.instance_id == "me"
    assert settings.rebalance_timeout == 60.0
    assert settings.heartbeat_interval == 1.0
    assert settings.rack == "r"
    assert not settings.exclude_internal


def test_options_of_a_member_of_a_new_group_arrive() -> None:
    options = config(
        group_protocol="consumer",
        group_instance_id="me",
        group_remote_assignor="uniform",
        max_poll_interval_ms=60_000,
        client_rack="r",
    )
    settings = consumer_settings(options, ApiVersions.for_broker_version((4, 0)), Observer())
    assert (settings.group_id, settings.instance_id, settings.rack_id) == ("g", "me", "r")
    assert (settings.remote_assignor, settings.max_poll_interval) == ("uniform", 60.0)
    assert settings.member_id


@pytest.mark.parametrize("assignors", [["no.such.assignor"], [object()], [int], ["range"] * 2])
def test_assignors_that_cannot_work_are_refused(assignors: list[object]) -> None:
    with pytest.raises(KafkaConfigurationError, match="partition_assignment_strategy"):
        check_assignors(config(partition_assignment_strategy=assignors))
