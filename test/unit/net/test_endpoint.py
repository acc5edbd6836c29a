"""Names of connections in messages."""

from __future__ import annotations

import pytest

from kafka.net.endpoint import MAIN, ConnectionKey, Endpoint, describe, main_key
from kafka.net.node_states import Address

NAMED = Endpoint("kafka", 9092, Address("10.0.0.1", 9092))
NUMERIC = Endpoint("10.0.0.1", 9092, Address("10.0.0.1", 9092))
SIX = Endpoint("::1", 9092, Address("::1", 9092))


@pytest.mark.parametrize(
    ("endpoint", "name", "text"),
    [
        (NAMED, "kafka:9092", "kafka:9092 (10.0.0.1:9092)"),
        (NUMERIC, "10.0.0.1:9092", "10.0.0.1:9092"),
        (SIX, "[::1]:9092", "[::1]:9092"),
    ],
)
def test_endpoint_shows_its_address_unless_that_is_its_name(
    endpoint: Endpoint, name: str, text: str
) -> None:
    assert (endpoint.name, str(endpoint)) == (name, text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (ConnectionKey(-1), "10.0.0.1:9092"),
        (ConnectionKey(3), "node 3 10.0.0.1:9092"),
        (ConnectionKey(3, "join"), "node 3 10.0.0.1:9092 [join]"),
    ],
)
def test_messages_name_the_node_and_a_channel_that_is_not_the_main_one(
    key: ConnectionKey, text: str
) -> None:
    assert describe(key, NUMERIC) == text


def test_main_key_is_the_default_channel() -> None:
    assert main_key(3) == ConnectionKey(3) == (3, MAIN)
