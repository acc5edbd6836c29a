"""Options that a client refuses: one error, of a public module, raised by the user's own call."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import kafka.errors
from kafka import KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.serializer import JsonSerializer

PRODUCERS = [KafkaProducer, AsyncKafkaProducer]
CONSUMERS = [KafkaConsumer, AsyncKafkaConsumer]
CLIENTS = [*PRODUCERS, *CONSUMERS]

BAD: list[dict[str, object]] = [
    {"no_such_option": 1},
    {"request_timeout_ms": -1},
    {"request_timeout_ms": "1"},
    {"request_timeout_ms": 600_000, "connections_max_idle_ms": 1},
    {"bootstrap_servers": "localhost:port"},
    {"api_version": "some"},
    {"socket_options": [1]},
]
BAD_FOR_PRODUCERS: list[dict[str, object]] = [
    {"acks": 7},
    {"partitioner": "no.such.module"},
    {"key_serializer": 5},
    {"value_serializer": JsonSerializer},
]
BAD_FOR_CONSUMERS: list[dict[str, object]] = [
    {"auto_offset_reset": "by_duration:x"},
    {"value_deserializer": 5},
]


def refusal(client: type, *args: object, **configs: object) -> BaseException:
    with pytest.raises((kafka.errors.KafkaConfigurationError, TypeError)) as caught:
        client(*args, **configs)
    return caught.value


@pytest.mark.parametrize(
    ("client", "configs"),
    [
        *((client, configs) for client in CLIENTS for configs in BAD),
        *((client, configs) for client in PRODUCERS for configs in BAD_FOR_PRODUCERS),
        *((client, configs) for client in CONSUMERS for configs in BAD_FOR_CONSUMERS),
    ],
)
def test_one_error_is_shown_and_it_ends_at_the_users_call(
    client: Any,  # Any: the constructors differ
    configs: dict[str, object],
) -> None:
    error = refusal(client, **configs)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    # pytest, this file, the constructor.
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names == ["refusal", "__init__"]
    assert type(error).__module__ in ("kafka.errors", "builtins")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_dict_of_options_is_refused_by_every_client(client: Any) -> None:  # Any: the same
    error = refusal(client, {"bootstrap.servers": "localhost:9092"})
    assert str(error) == (
        f"{client.__name__} takes no dict of options: use keywords; "
        "bootstrap.servers is bootstrap_servers"
    )


@pytest.mark.parametrize("client", PRODUCERS)
def test_a_positional_address_is_refused_by_producers(client: Any) -> None:  # Any: the same
    assert "bootstrap_servers='localhost:9092'" in str(refusal(client, "localhost:9092"))


def test_every_public_error_says_that_it_is_public() -> None:
    named = {name: getattr(kafka.errors, name) for name in kafka.errors.__all__}
    modules = {item.__module__ for item in named.values() if isinstance(item, type)}
    assert modules == {"kafka.errors"}
