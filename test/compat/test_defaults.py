"""The options of kafka-python and their defaults."""

from __future__ import annotations

import math

import pytest

from kafka import config
from kafka.errors import KafkaConfigurationError
from test.compat.facts import FACTS

CONFIGS = {
    "KafkaAdminClient": config.AdminConfig,
    "KafkaConsumer": config.ConsumerConfig,
    "KafkaProducer": config.ProducerConfig,
}

# Every row here is a row of docs/compat.rst.
DIFFERENT = {
    ("KafkaAdminClient", "client_id"),
    ("KafkaAdminClient", "selector"),
    ("KafkaAdminClient", "kafka_client"),
    ("KafkaConsumer", "client_id"),  # carries the version
    ("KafkaConsumer", "selector"),  # asyncio chooses
    ("KafkaConsumer", "kafka_client"),  # there is one
    ("KafkaConsumer", "default_offset_commit_callback"),  # a function with a name
    ("KafkaConsumer", "partition_assignment_strategy"),  # imported when a group is joined
    ("KafkaProducer", "partitioner"),  # imported when it is needed
    ("KafkaProducer", "selector"),
    ("KafkaProducer", "kafka_client"),
}

OPTIONS = [(client, name) for client in CONFIGS for name in FACTS["defaults"][client]]


def as_fact(value: object) -> object:
    """Return *value* as the facts write it."""
    if value == math.inf:
        return "inf"
    return [as_fact(entry) for entry in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(("client", "name"), OPTIONS)
def test_option_exists(client: str, name: str) -> None:
    assert name in CONFIGS[client].OPTIONS


@pytest.mark.parametrize(("client", "name"), [row for row in OPTIONS if row not in DIFFERENT])
def test_default_is_the_same(client: str, name: str) -> None:
    ours = as_fact(CONFIGS[client].default_config()[name])
    assert ours == FACTS["defaults"][client][name]


@pytest.mark.parametrize(("client", "name"), sorted(DIFFERENT))
def test_documented_difference_is_still_one(client: str, name: str) -> None:
    assert as_fact(CONFIGS[client].default_config()[name]) != FACTS["defaults"][client][name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("client", "name", "value"),
    [
        ("KafkaAdminClient", "api_version_auto_timeout_ms", 2000),
        ("KafkaAdminClient", "metrics", None),
        ("KafkaAdminClient", "metric_group_prefix", "admin"),
        ("KafkaAdminClient", "selector", object),
        ("KafkaAdminClient", "sock_chunk_bytes", 4096),
        ("KafkaAdminClient", "sock_chunk_buffer_count", 1000),
        ("KafkaConsumer", "api_version_auto_timeout_ms", 2000),
        ("KafkaConsumer", "legacy_iterator", False),
        ("KafkaConsumer", "skip_double_compressed_messages", True),
        ("KafkaConsumer", "sock_chunk_bytes", 4096),
        ("KafkaConsumer", "sock_chunk_buffer_count", 1000),
        ("KafkaConsumer", "bootstrap_topics_filter", set()),
        ("KafkaConsumer", "request_timeout_ms", 305000),
        ("KafkaConsumer", "auto_offset_reset", "smallest"),
        ("KafkaConsumer", "api_version", "0.10"),
        ("KafkaProducer", "buffer_memory", 33554432),
        ("KafkaProducer", "api_version_auto_timeout_ms", 2000),
        ("KafkaProducer", "retries", 0),
        ("KafkaProducer", "acks", "all"),
        ("KafkaProducer", "selector", object),
    ],
)
def test_option_of_version_2_is_accepted(client: str, name: str, value: object) -> None:
    assert CONFIGS[client].from_kwargs({name: value})


@pytest.mark.parametrize("client", CONFIGS)
def test_unknown_option_is_refused_in_the_words_of_kafka_python(client: str) -> None:
    with pytest.raises(KafkaConfigurationError, match="Unrecognized configs"):
        CONFIGS[client].from_kwargs({"no_such_option": 1})
