"""SASL over TLS on brokers from 0.10.2 on; below 1.0 the tokens are frames without a header."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kafka import KafkaProducer
from kafka.errors import SaslAuthenticationFailedError
from test.support.apache_kafka.secured import SecuredKafka
from test.support.pki import SCRAMS
from test.support.secured_story import go_and_come
from test.support.security_options import sasl, sasl_tls

pytestmark = pytest.mark.ladder

#: The newest is in `test_security`.
RELEASES = ["0.10.2.2", "0.11.0.3", "1.1.1", "2.8.2", "3.9.2"]


@pytest.fixture(scope="module", params=RELEASES)
def secured(request: pytest.FixtureRequest) -> Iterator[SecuredKafka]:
    with SecuredKafka(request.param, "SASL", "SASLTLS") as kafka:
        yield kafka


@pytest.mark.parametrize("mechanism", ["PLAIN", *SCRAMS])
def test_records_go_and_come_by_password_over_tls(
    secured: SecuredKafka, topic_name: str, mechanism: str
) -> None:
    secured.cluster.create_topic(topic_name)
    options = sasl_tls(secured.pki, sasl(mechanism))
    options["bootstrap_servers"] = secured.address("SASLTLS")
    go_and_come(options, topic_name)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_named(secured: SecuredKafka, mechanism: str) -> None:
    """Brokers before 1.0 say nothing: they hang up."""
    address = secured.address("SASLTLS")
    options = sasl_tls(secured.pki, sasl(mechanism, sasl_plain_password="wrong"))
    with pytest.raises(SaslAuthenticationFailedError) as caught:
        KafkaProducer(bootstrap_servers=address, **options)
    text = str(caught.value)
    assert address in text
    assert mechanism in text
