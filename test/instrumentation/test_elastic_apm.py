"""Elastic APM's instrumentation of kafka-python, as released."""

from __future__ import annotations

import elasticapm
import pytest
from elasticapm.conf.constants import TRACEPARENT_BINARY_HEADER_NAME


@pytest.fixture
def agent():
    client = elasticapm.Client(
        service_name="test",
        transport_class="test.instrumentation.recording_transport.RecordingTransport",
        metrics_interval="0ms",
        central_config=False,
        cloud_provider=False,
        exit_span_min_duration="0ms",
        span_compression_enabled=False,
    )
    elasticapm.instrument()
    yield client
    elasticapm.uninstrument()
    client.close()


def events(agent, kind):
    return [data for event, data in agent._transport.events if event == kind]


def test_send_makes_a_span_that_names_topic_and_controller(agent, producer, topic, kafka):
    agent.begin_transaction("test")
    producer.send(topic, key=b"k", value=b"v").get(30)
    agent.end_transaction("work", "success")
    (span,) = events(agent, "span")
    assert span["name"] == f"Kafka SEND to {topic}"
    assert span["context"]["message"]["queue"]["name"] == topic
    destination = span["context"]["destination"]
    assert f"{destination['address']}:{destination['port']}" in kafka.bootstrap_servers


def test_poll_makes_a_span_that_names_the_subscription(agent, producer, topic, open_consumer):
    producer.send(topic, b"v").get(30)
    consumer = open_consumer(topic)
    agent.begin_transaction("test")
    found = {}
    while not found:
        found = consumer.poll(timeout_ms=1000)
    agent.end_transaction("work", "success")
    assert {span["name"] for span in events(agent, "span")} == {f"Kafka POLL from {topic}"}


def test_a_for_loop_makes_a_transaction_for_each_record_linked_to_the_sender(
    agent, producer, topic, open_consumer
):
    agent.begin_transaction("test")
    for number in range(3):
        producer.send(topic, value=str(number).encode(), headers=[("mine", b"1")]).get(30)
    agent.end_transaction("work", "success")
    (sender,) = events(agent, "transaction")
    headers = []
    for record in open_consumer(topic):
        headers.append([key for key, _ in record.headers])
        if len(headers) == 3:
            break
    agent.end_transaction()
    received = [data for data in events(agent, "transaction") if data is not sender]
    assert [data["name"] for data in received] == [f"Kafka RECEIVE from {topic}"] * 3
    assert {data["trace_id"] for data in received} == {sender["trace_id"]}
    assert headers == [["mine", TRACEPARENT_BINARY_HEADER_NAME]] * 3


def test_iteration_inside_a_transaction_makes_a_span_with_a_link(
    agent, producer, topic, open_consumer
):
    agent.begin_transaction("test")
    producer.send(topic, b"v").get(30)
    agent.end_transaction("send", "success")
    consumer = open_consumer(topic)
    agent.begin_transaction("test")
    next(iter(consumer))
    agent.end_transaction("receive", "success")
    receive = next(s for s in events(agent, "span") if s["name"].startswith("Kafka RECEIVE"))
    assert receive["name"] == f"Kafka RECEIVE from {topic}"
    assert len(receive["links"]) == 1
