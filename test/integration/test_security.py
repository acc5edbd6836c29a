"""TLS and SASL on real Apache Kafka: every way in, and why others do not get in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kafka import KafkaProducer
from test.support.apache_kafka.secured import SecuredKafka
from test.support.attempts import Attempts, check
from test.support.pki import SCRAMS, USER
from test.support.refusals import REFUSALS, Refusal
from test.support.sasl import unsecured_jwt
from test.support.secured_clients import CLIENTS
from test.support.secured_story import (
    go_and_come,
    go_and_come_in_transactions,
    make_and_delete,
)
from test.support.security_options import Options, bearer, sasl
from test.support.steady_load import work
from test.support.ways import WAYS


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredKafka]:
    with SecuredKafka() as kafka:
        yield kafka


@pytest.mark.parametrize("name", WAYS)
def test_records_go_and_come_in_a_group_and_in_transactions(
    secured: SecuredKafka, topic_name: str, name: str
) -> None:
    way = WAYS[name]
    secured.cluster.create_topic(topic_name)
    options = {**way.options(secured.pki), "bootstrap_servers": secured.address(way.listener)}
    go_and_come(options, topic_name)
    go_and_come_in_transactions(options, topic_name)
    make_and_delete(options, f"{topic_name}-more")


class BriefTokens:
    """Returns tokens that expire after 4 s."""

    def token(self) -> str:
        return unsecured_jwt(USER, time.time() + 4)


def idle(options: Options, topic: str, seconds: float) -> None:
    """Send, be idle for so long, and send again."""
    with KafkaProducer(**options) as producer:
        producer.send(topic, b"before").get(100)
        threading.Event().wait(seconds)  # a real broker counts real time
        producer.send(topic, b"after").get(100)


@pytest.mark.ladder
def test_sessions_of_three_seconds_are_not_noticed(
    secured: SecuredKafka, topic_name: str, request: pytest.FixtureRequest
) -> None:
    """The broker ends them (KIP-368). All mechanisms work at the same time, and one is idle."""
    seconds = 60.0 if request.config.getoption("--all-releases") else 6.0
    tokens = bearer(BriefTokens())
    clients = [(work, sasl(name)) for name in ("PLAIN", *SCRAMS)]
    clients += [(work, tokens), (idle, tokens)]
    with ThreadPoolExecutor() as pool:
        running = []
        for number, (task, options) in enumerate(clients):
            topic = f"{topic_name}-{number}"
            secured.cluster.create_topic(topic)
            told = {**options, "bootstrap_servers": secured.address("BRIEF")}
            running.append(pool.submit(task, told, topic, seconds))
        for each in running:
            each.result()


@pytest.fixture(scope="module")
def attempts(request: pytest.FixtureRequest, secured: SecuredKafka) -> Iterator[Attempts]:
    """Run those that were chosen, all at once."""
    chosen = [
        (item.callspec.params["refusal"], item.callspec.params["client"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == REFUSED.__name__
    ]
    found = Attempts(secured, chosen)
    yield found
    found.close()


# What the embedded cluster shows too, all clients meet there: `test/broker/test_security_errors`.
CASES = [
    pytest.param(refusal, client, id=f"{refusal.name}-{client}")
    for refusal in REFUSALS
    for client in CLIENTS
    if client == "producer" or refusal.only_kafka or refusal.embedded
]


@pytest.mark.parametrize(("refusal", "client"), CASES)
def test_a_client_that_is_refused_says_why_and_where(
    attempts: Attempts, refusal: Refusal, client: str
) -> None:
    check(refusal, attempts.outcome(refusal, client))


REFUSED = test_a_client_that_is_refused_says_why_and_where
