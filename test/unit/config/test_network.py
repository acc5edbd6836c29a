"""Options of the network: slices, rules between options, features that are not there."""

from __future__ import annotations

import logging

import pytest

from kafka.config import ConsumerConfig, NetworkConfig, ProducerConfig
from kafka.errors import KafkaConfigurationError


def test_addresses_become_a_list() -> None:
    assert NetworkConfig(bootstrap_servers="a,b:1").bootstrap_servers == ["a:9092", "b:1"]


@pytest.mark.parametrize("kind", [ProducerConfig, ConsumerConfig])
def test_client_hands_out_its_network_options(kind: type[ProducerConfig]) -> None:
    part = kind(client_id="c", request_timeout_ms=900).network()
    assert (type(part), part.client_id, part.request_timeout) == (NetworkConfig, "c", 0.9)


def test_slice_has_no_options_of_the_client() -> None:
    assert "fetch_min_bytes" not in ConsumerConfig().network().as_dict()


@pytest.mark.parametrize(
    "configs",
    [
        {"sasl_mechanism": "GSSAPI"},
        {"sasl_mechanism": "AWS_MSK_IAM"},
        {"sasl_kerberos_domain_name": "example.org"},
        {"socks5_proxy": "socks5://proxy"},
        {"proxy_url": "http://proxy"},
    ],
    ids=" ".join,
)
def test_feature_that_is_not_there_is_refused(configs: dict[str, object]) -> None:
    with pytest.raises(KafkaConfigurationError, match=next(iter(configs))):
        NetworkConfig.from_kwargs(configs)


def test_longer_first_backoff_takes_its_maximum_along() -> None:
    config = NetworkConfig(retry_backoff_ms=2000)
    assert (config.retry_backoff, config.retry_backoff_max) == (2.0, 2.0)


def test_maximum_below_the_first_backoff_is_kept_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        config = NetworkConfig(retry_backoff_ms=2000, retry_backoff_max_ms=500)
    assert (config.retry_backoff_max_ms, len(caplog.records)) == (500, 1)


def test_idle_time_must_exceed_the_request_timeout() -> None:
    with pytest.raises(
        KafkaConfigurationError, match="connections_max_idle_ms=1000 must be larger"
    ):
        NetworkConfig(request_timeout_ms=1000, connections_max_idle_ms=1000)


@pytest.mark.parametrize(("text", "expected"), [("2.8", (2, 8)), ("auto", None)])
def test_version_as_text_is_understood_with_a_warning(text: str, expected: object) -> None:
    with pytest.warns(DeprecationWarning, match="api_version"):
        assert NetworkConfig.from_kwargs({"api_version": text}).api_version == expected


@pytest.mark.parametrize("version", [(), ("2",), (-1, 0), "2.x"])
def test_unreadable_version_is_refused(version: object) -> None:
    with pytest.raises(KafkaConfigurationError, match="api_version"):
        NetworkConfig.from_kwargs({"api_version": version})


def test_version_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="api_version"):
        NetworkConfig.from_kwargs({"api_version": 2.8})


@pytest.mark.parametrize("options", [[(1, 2)], [(1, 2, 3, 4)]])
def test_malformed_socket_option_is_refused(options: object) -> None:
    with pytest.raises(KafkaConfigurationError, match="socket_options"):
        NetworkConfig.from_kwargs({"socket_options": options})


def test_default_lists_are_not_shared_between_configurations() -> None:
    first = NetworkConfig.default_config()
    listed = first["socket_options"]
    assert isinstance(listed, list)
    listed.clear()
    assert NetworkConfig.default_config()["socket_options"] == [(6, 1, 1)]


def test_old_bootstrap_timeout_name_is_understood() -> None:
    with pytest.warns(DeprecationWarning, match="bootstrap_timeout_ms"):
        config = NetworkConfig.from_kwargs({"api_version_auto_timeout_ms": 2000})
    assert config.bootstrap_timeout == 2.0


def test_api_timeout_left_alone_follows_a_longer_request_timeout() -> None:
    assert ConsumerConfig(request_timeout_ms=120000).default_api_timeout == 120.0


def test_api_timeout_below_the_request_timeout_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="default_api_timeout_ms=1000"):
        ConsumerConfig(default_api_timeout_ms=1000)
