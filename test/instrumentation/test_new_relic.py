"""New Relic's instrumentation of kafka-python, as released.

The agent runs in developer mode: it makes its traces and sends them nowhere.
"""

from __future__ import annotations

from pathlib import Path

import newrelic.agent

newrelic.agent.initialize(str(Path(__file__).with_name("newrelic.ini")))

import pytest  # noqa: E402 - the agent hooks imports that come after it

from kafka.serializer import Serializer  # noqa: E402


@pytest.fixture(scope="session")
def application():
    return newrelic.agent.register_application(timeout=10.0)


@pytest.fixture(autouse=True)
def _no_transaction_left_open():
    yield
    transaction = newrelic.agent.current_transaction(active_only=False)
    if transaction:
        transaction.__exit__(None, None, None)


def metrics(transaction) -> set[str]:
    """Return the names of the metrics that *transaction* has recorded so far."""
    return {name for name, _ in transaction._custom_metrics.metrics()}


def messages(transaction) -> list[tuple[str, str, str]]:
    """Return library, operation and destination of each message trace of *transaction*."""
    traces = transaction.root_span.children
    return [(trace.library, trace.operation, trace.destination_name) for trace in traces]


def node_metric(kafka, action, topic):
    return f"MessageBroker/Kafka/Nodes/{kafka.bootstrap_servers[0]}/{action}/{topic}"


def test_send_inside_a_transaction_is_traced_and_carries_the_trace_headers(
    application, kafka, producer, topic, open_consumer
):
    with newrelic.agent.BackgroundTask(application, "sender") as transaction:
        producer.send(topic, b"v", headers=[("mine", b"1")]).get(30)
        assert node_metric(kafka, "Produce", topic) in metrics(transaction)
        assert messages(transaction) == [("Kafka", "Produce", topic)]
    record = next(iter(open_consumer(topic)))
    headers = dict(record.headers)
    assert headers["mine"] == b"1"
    assert "traceparent" in headers


def test_iteration_makes_a_message_transaction_for_each_record(
    application, kafka, producer, topic, open_consumer
):
    producer.send(topic, b"v").get(30)
    consumer = open_consumer(topic)
    record = next(iter(consumer))
    assert record.value == b"v"
    transaction = newrelic.agent.current_transaction()
    assert transaction is consumer._nr_transaction
    assert transaction.name_for_metric == f"Message/Kafka/Topic/Named/{topic}"
    assert node_metric(kafka, "Consume", topic) in metrics(transaction)


class Upper(Serializer):
    """A serializer of the two-argument kind."""

    def serialize(self, topic, value):
        return value.upper().encode()


@pytest.mark.parametrize("serializer", [Upper(), lambda value: value.upper().encode()])
def test_wrapped_serializers_of_both_kinds_still_serialize(
    application, kafka, topic, open_consumer, serializer
):
    from kafka import KafkaProducer

    with (
        KafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers, value_serializer=serializer
        ) as producer,
        newrelic.agent.BackgroundTask(application, "sender"),
    ):
        producer.send(topic, "loud").get(30)
    assert next(iter(open_consumer(topic))).value == b"LOUD"
