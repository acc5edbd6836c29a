"""Signatures of the clients: `help`, IPython and editors see every option with its default."""

from __future__ import annotations

import inspect
from unittest import mock

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaAdminClient, AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.config import AdminConfig, ConsumerConfig, ProducerConfig
from kafka.config.base import Config
from kafka.testing import AsyncMockConsumer, AsyncMockProducer, MockConsumer, MockProducer

CLIENTS = [
    (KafkaConsumer, ConsumerConfig),
    (AsyncKafkaConsumer, ConsumerConfig),
    (MockConsumer, ConsumerConfig),
    (AsyncMockConsumer, ConsumerConfig),
    (KafkaProducer, ProducerConfig),
    (AsyncKafkaProducer, ProducerConfig),
    (MockProducer, ProducerConfig),
    (AsyncMockProducer, ProducerConfig),
    (KafkaAdminClient, AdminConfig),
    (AsyncKafkaAdminClient, AdminConfig),
]


@pytest.mark.parametrize(("client", "config"), CLIENTS)
def test_a_client_shows_every_option_with_its_default(
    client: type[object], config: type[Config]
) -> None:
    parameters = inspect.signature(client).parameters
    expected = {
        name: option.default for name, option in config.OPTIONS.items() if not option.ignored
    }
    assert {name: parameters[name].default for name in expected} == expected


def test_what_is_no_option_stands_in_front() -> None:
    assert next(iter(inspect.signature(KafkaConsumer).parameters)) == "topics"
    assert list(inspect.signature(MockProducer).parameters)[:2] == ["auto_complete", "partitions"]


def test_a_subclass_with_a_constructor_of_its_own_has_the_signature_of_that() -> None:
    class Reader(KafkaConsumer):
        def __init__(self, servers: str) -> None:
            super().__init__(bootstrap_servers=servers)

    assert list(inspect.signature(Reader).parameters) == ["servers"]


def test_a_subclass_without_one_shows_the_options() -> None:
    class Reader(KafkaConsumer):
        pass

    assert "group_id" in inspect.signature(Reader).parameters


def test_an_earlier_name_passes_a_double_that_checks_signatures() -> None:
    made = mock.create_autospec(KafkaConsumer)
    made("orders", bootstrap_servers="localhost", api_version_auto_timeout_ms=5)
    made.assert_called_once()


@pytest.mark.parametrize(
    ("client", "module"),
    [
        (KafkaConsumer, "kafka"),
        (KafkaProducer, "kafka"),
        (KafkaAdminClient, "kafka"),
        (AsyncKafkaConsumer, "kafka.aio"),
        (AsyncKafkaProducer, "kafka.aio"),
        (MockConsumer, "kafka.testing"),
    ],
)
def test_a_client_lives_where_programs_import_it_from(client: type[object], module: str) -> None:
    assert client.__module__ == module


def test_what_everybody_sets_comes_first_and_security_last() -> None:
    names = [name for name in inspect.signature(KafkaConsumer).parameters if name != "configs"]
    assert names[:3] == ["topics", "bootstrap_servers", "client_id"]
    assert names.index("group_id") < names.index("request_timeout_ms") < names.index("ssl_cafile")
