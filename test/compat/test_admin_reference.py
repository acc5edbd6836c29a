"""The admin client as the reference of kafka-python 1.4 describes it, which people still read."""

from __future__ import annotations

import selectors
import socket
import warnings

import pytest

from kafka import KafkaAdminClient
from kafka.errors import KafkaConfigurationError
from kafka.testing import EmbeddedCluster
from test.compat.test_signatures import parameters

#: Methods and their arguments, in order; those in the second text have the default None or False.
METHODS = {
    "alter_configs": ("config_resources", ""),
    "close": ("", ""),
    "create_partitions": ("topic_partitions", "timeout_ms validate_only"),
    "create_topics": ("new_topics", "timeout_ms validate_only"),
    "delete_topics": ("topics", "timeout_ms"),
    "describe_configs": ("config_resources", "include_synonyms"),
    "describe_consumer_groups": ("group_ids", "group_coordinator_id"),
    "list_consumer_group_offsets": ("group_id", "group_coordinator_id partitions"),
    "list_consumer_groups": ("", "broker_ids"),
}
#: Every option, with its default there, or one like it.
OPTIONS = {
    "client_id": "kafka-python-1.4.4",
    "reconnect_backoff_ms": 50,
    "reconnect_backoff_max_ms": 1000,
    "request_timeout_ms": 30000,
    "connections_max_idle_ms": 540000,
    "retry_backoff_ms": 100,
    "max_in_flight_requests_per_connection": 5,
    "receive_buffer_bytes": None,
    "send_buffer_bytes": None,
    "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    "sock_chunk_bytes": 4096,
    "sock_chunk_buffer_count": 1000,
    "metadata_max_age_ms": 300000,
    "security_protocol": "PLAINTEXT",
    "ssl_context": None,
    "ssl_check_hostname": True,
    "ssl_cafile": None,
    "ssl_certfile": None,
    "ssl_keyfile": None,
    "ssl_password": None,
    "ssl_crlfile": None,
    "api_version": None,
    "api_version_auto_timeout_ms": 2000,
    "selector": selectors.DefaultSelector,
    "metrics": None,
    "metric_group_prefix": "",
    "sasl_mechanism": None,
    "sasl_plain_username": None,
    "sasl_plain_password": None,
    "sasl_kerberos_service_name": "kafka",
}


@pytest.mark.parametrize("name", METHODS)
def test_method_takes_the_arguments_of_the_reference(name: str) -> None:
    needed, optional = (words.split() for words in METHODS[name])
    ours = parameters(getattr(KafkaAdminClient, name))
    expected = [[word] for word in needed]
    assert ours[: len(needed)] == expected
    shown = ours[len(needed) : len(needed) + len(optional)]
    assert [row[0] for row in shown] == optional
    assert {row[1] for row in shown} <= {"None", "False"}


def test_a_client_with_every_option_of_the_reference_works() -> None:
    with EmbeddedCluster(topics={"t": 1}) as cluster, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **OPTIONS)
        assert admin.list_topics() == ["t"]
        admin.close()


def test_an_option_that_nobody_has_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match=r"Unrecognized configs.*no_such_option"):
        KafkaAdminClient(no_such_option=1)
