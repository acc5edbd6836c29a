"""Options of consumers."""

from __future__ import annotations

import math

import pytest

from kafka.config import ConsumerConfig
from kafka.errors import KafkaConfigurationError
from kafka.structs import IsolationLevel


@pytest.mark.parametrize("reset", ["earliest", "latest", "none", "by_duration:PT30M"])
def test_reset_policy_of_kafka_is_accepted(reset: str) -> None:
    assert ConsumerConfig(auto_offset_reset=reset).auto_offset_reset == reset


@pytest.mark.parametrize(("old", "new"), [("smallest", "earliest"), ("largest", "latest")])
def test_reset_policy_of_kafka_python_1_is_translated(old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=new):
        assert ConsumerConfig(auto_offset_reset=old).auto_offset_reset == new


@pytest.mark.parametrize("reset", ["newest", "by_duration:", "by_duration:-PT1S"])
def test_unknown_reset_policy_is_refused(reset: str) -> None:
    with pytest.raises(KafkaConfigurationError, match="auto_offset_reset"):
        ConsumerConfig(auto_offset_reset=reset)


@pytest.mark.parametrize(("reset", "expected"), [("by_duration:PT30M", 1800.0), ("earliest", None)])
def test_duration_of_the_reset_is_there_in_seconds(reset: str, expected: float | None) -> None:
    assert ConsumerConfig(auto_offset_reset=reset).reset_duration == expected


@pytest.mark.parametrize("given", ["READ_COMMITTED", "read_committed", IsolationLevel(1)])
def test_isolation_level_is_understood_in_every_form(given: object) -> None:
    config = ConsumerConfig.from_kwargs({"isolation_level": given})
    assert (config.isolation_level, config.isolation) == ("read_committed", 1)


@pytest.mark.parametrize(
    ("given", "error"), [("serializable", KafkaConfigurationError), (1.5, TypeError)]
)
def test_unknown_isolation_level_is_refused(given: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="isolation_level"):
        ConsumerConfig.from_kwargs({"isolation_level": given})


@pytest.mark.parametrize("name", ["group_id", "group_instance_id", "group_remote_assignor"])
def test_empty_name_is_refused(name: str) -> None:
    with pytest.raises(KafkaConfigurationError, match=f"{name}=''"):
        ConsumerConfig.from_kwargs({name: ""})


@pytest.mark.parametrize("name", [".", "..", "a b", "x" * 250])
def test_instance_that_brokers_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(KafkaConfigurationError, match="group_instance_id="):
        ConsumerConfig(group_instance_id=name)


def test_protocol_of_a_group_is_classic_unless_told_otherwise() -> None:
    assert ConsumerConfig().group_protocol == "classic"
    assert ConsumerConfig(group_protocol="AUTO").group_protocol == "auto"
    with pytest.raises(KafkaConfigurationError, match="group_protocol='streams'"):
        ConsumerConfig(group_protocol="streams")


@pytest.mark.parametrize(
    ("protocol", "name", "value"),
    [
        ("consumer", "heartbeat_interval_ms", 5000),
        ("consumer", "session_timeout_ms", 50_000),
        ("consumer", "partition_assignment_strategy", ["range"]),
        ("classic", "group_remote_assignor", "uniform"),
    ],
)
def test_option_that_the_protocol_has_no_use_for_warns(
    protocol: str, name: str, value: object
) -> None:
    with pytest.warns(UserWarning, match=f"{name} has no effect with group_protocol='{protocol}'"):
        ConsumerConfig.from_kwargs({"group_protocol": protocol, name: value})


def test_option_that_may_have_no_effect_does_not_warn_before_the_protocol_is_known() -> None:
    config = ConsumerConfig(
        group_protocol="auto", session_timeout_ms=50_000, group_remote_assignor="uniform"
    )
    assert config.without_effect("consumer") == ["session_timeout_ms"]
    assert config.without_effect("classic") == ["group_remote_assignor"]


def test_options_that_the_user_has_set_are_known() -> None:
    assert ConsumerConfig(session_timeout_ms=45_000).chosen == {"session_timeout_ms"}


@pytest.mark.parametrize("given", ["raise", "skip", "raw", repr])
def test_policy_for_deserializers_is_a_word_or_a_callable(given: object) -> None:
    config = ConsumerConfig.from_kwargs({"on_deserialize_error": given})
    assert config.on_deserialize_error == given


async def _coroutine(_: object) -> object:
    return None


@pytest.mark.parametrize(
    ("given", "error", "why"),
    [
        ("ignore", KafkaConfigurationError, "must be raise, skip, raw or a callable"),
        (None, TypeError, "must be raise, skip, raw or a callable"),
        (_coroutine, TypeError, "nothing can be awaited"),
    ],
)
def test_other_policies_for_deserializers_are_refused(
    given: object, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=f"on_deserialize_error.*{why}"):
        ConsumerConfig.from_kwargs({"on_deserialize_error": given})


def test_fetch_must_not_wait_as_long_as_the_request() -> None:
    with pytest.raises(KafkaConfigurationError, match="fetch_max_wait_ms=30000"):
        ConsumerConfig(fetch_max_wait_ms=30000)


def test_heartbeats_must_come_within_the_session() -> None:
    with pytest.raises(KafkaConfigurationError, match="heartbeat_interval_ms=45000"):
        ConsumerConfig(heartbeat_interval_ms=45000)


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("partitions", "bytes_ahead"),
    [(0, 8 * MIB), (6, 8 * MIB), (9, 12 * MIB), (1000, 50 * MIB + 50 * MIB // 3)],
)
def test_read_ahead_is_somewhat_more_than_one_answer(partitions: int, bytes_ahead: int) -> None:
    assert ConsumerConfig().read_ahead(partitions) == bytes_ahead


def test_read_ahead_is_what_the_option_says() -> None:
    assert ConsumerConfig(max_buffered_bytes=7).read_ahead(1000) == 7


def test_frame_limit_follows_the_fetch_limits() -> None:
    config = ConsumerConfig(
        fetch_max_bytes=2000, max_partition_fetch_bytes=500, receive_message_max_bytes=10
    )
    assert config.receive_message_max_bytes == 2500


def test_iterator_waits_for_ever_unless_told_otherwise() -> None:
    assert ConsumerConfig().consumer_timeout == math.inf


@pytest.mark.parametrize(
    ("value", "error"), [("range", TypeError), ([], KafkaConfigurationError), (object, TypeError)]
)
def test_unusable_assignors_are_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="partition_assignment_strategy"):
        ConsumerConfig.from_kwargs({"partition_assignment_strategy": value})


def test_default_commit_callback_does_nothing() -> None:
    assert ConsumerConfig().default_offset_commit_callback({}, None) is True


def test_iterator_option_of_version_2_warns() -> None:
    with pytest.warns(DeprecationWarning, match="legacy_iterator has no effect"):
        ConsumerConfig.from_kwargs({"legacy_iterator": True})


@pytest.mark.parametrize(
    "name",
    [
        "fetch_min_bytes",
        "fetch_max_bytes",
        "max_partition_fetch_bytes",
        "receive_buffer_bytes",
        "send_buffer_bytes",
    ],
)
def test_size_beyond_what_protocol_and_sockets_take_is_refused(name: str) -> None:
    with pytest.raises(KafkaConfigurationError, match=f"{name}=2147483648: "):
        ConsumerConfig.from_kwargs({name: 2**31})


@pytest.mark.parametrize("value", ["x", b"x", [None], ["a.Reporter"]])
def test_reporters_that_cannot_be_made_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="metric_reporters="):
        ConsumerConfig.from_kwargs({"metric_reporters": value})
