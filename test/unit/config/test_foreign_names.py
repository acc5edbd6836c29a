"""Options under the names of librdkafka and Java: the error says what they are called here."""

from __future__ import annotations

import re

import pytest

from kafka.config import Config, ConsumerConfig, ProducerConfig
from kafka.config.foreign_names import name_here, refuse_positional
from kafka.errors import KafkaConfigurationError

ALL = frozenset(ProducerConfig.OPTIONS) | frozenset(ConsumerConfig.OPTIONS)
COMMON = [
    ("bootstrap.servers", "bootstrap_servers"),
    ("metadata.broker.list", "bootstrap_servers"),
    ("client.id", "client_id"),
    ("group.id", "group_id"),
    ("auto.offset.reset", "auto_offset_reset"),
    ("enable.auto.commit", "enable_auto_commit"),
    ("session.timeout.ms", "session_timeout_ms"),
    ("queue.buffering.max.ms", "linger_ms"),
    ("linger.ms", "linger_ms"),
    ("queue.buffering.max.kbytes", "buffer_memory"),
    ("message.timeout.ms", "delivery_timeout_ms"),
    ("compression.codec", "compression_type"),
    ("compression.type", "compression_type"),
    ("message.max.bytes", "max_request_size"),
    ("fetch.message.max.bytes", "max_partition_fetch_bytes"),
    ("socket.timeout.ms", "request_timeout_ms"),
    ("security.protocol", "security_protocol"),
    ("sasl.mechanisms", "sasl_mechanism"),
    ("sasl.username", "sasl_plain_username"),
    ("ssl.ca.location", "ssl_cafile"),
    ("max.in.flight", "max_in_flight_requests_per_connection"),
]


@pytest.mark.parametrize(("foreign", "here"), COMMON)
def test_common_name_leads_to_an_option_that_there_is(foreign: str, here: str) -> None:
    found = name_here(foreign, ALL)
    assert found is not None
    assert re.match(r"\w+", found)[0] == here  # type: ignore[index]
    assert here in ALL


@pytest.mark.parametrize("name", ["bootstrap_servers", "no.such.option", "linger"])
def test_other_names_lead_nowhere(name: str) -> None:
    assert name_here(name, ALL) is None


@pytest.mark.parametrize("config", [ProducerConfig, ConsumerConfig])
def test_foreign_keyword_is_refused_with_the_name_it_has_here(config: type[Config]) -> None:
    with pytest.raises(KafkaConfigurationError, match="is bootstrap_servers here"):
        config.from_kwargs({"metadata.broker.list": "localhost"})


def test_dict_is_refused_with_the_names_here_and_without_values() -> None:
    given = {"bootstrap.servers": "b:9", "sasl.password": "secret", "debug": "all"}
    with pytest.raises(TypeError) as caught:
        refuse_positional("KafkaProducer", [given], ALL)
    assert str(caught.value) == (
        "KafkaProducer takes no dict of options: use keywords; "
        "bootstrap.servers is bootstrap_servers, sasl.password is sasl_plain_password"
    )


def test_dict_of_names_that_are_right_may_be_passed_on() -> None:
    with pytest.raises(TypeError, match=r"use keywords; KafkaProducer\(\*\*options\)"):
        refuse_positional("KafkaProducer", [{"bootstrap_servers": "b:9"}], ALL)


def test_other_positional_arguments_are_refused_by_type() -> None:
    with pytest.raises(TypeError, match=r"options as keywords, such as .* not str as a"):
        refuse_positional("KafkaProducer", ["localhost:9092"], ALL)


def test_nothing_given_is_right() -> None:
    refuse_positional("KafkaProducer", (), ALL)
