"""OpenTelemetry's instrumentation of kafka-python, as released."""

from __future__ import annotations

import json

import pytest
from opentelemetry.instrumentation.kafka import KafkaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = KafkaInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    assert instrumentor.is_instrumented_by_opentelemetry
    yield exporter
    instrumentor.uninstrument()


def test_send_makes_a_producer_span_with_topic_partition_and_servers(spans, producer, topic, kafka):
    producer.send(topic, b"v").get(30)
    (span,) = spans.get_finished_spans()
    assert (span.name, span.kind) == (f"{topic} send", SpanKind.PRODUCER)
    assert span.attributes["messaging.destination"] == topic
    assert span.attributes["messaging.kafka.partition"] == 0
    assert json.loads(span.attributes["messaging.url"]) == kafka.bootstrap_servers


def test_iteration_makes_a_consumer_span_in_the_trace_of_the_sender(
    spans, producer, topic, open_consumer
):
    producer.send(topic, b"v", headers=[("mine", b"1")]).get(30)
    record = next(iter(open_consumer(topic)))
    sent, received = spans.get_finished_spans()
    assert (received.name, received.kind) == (f"{topic} receive", SpanKind.CONSUMER)
    assert received.context.trace_id == sent.context.trace_id
    assert received.parent.span_id == sent.context.span_id
    assert [key for key, _ in record.headers] == ["mine", "traceparent"]


def test_a_for_loop_makes_a_span_for_each_record(spans, producer, topic, open_consumer):
    for number in range(3):
        producer.send(topic, str(number).encode())
    producer.flush()
    spans.clear()
    seen = []
    for record in open_consumer(topic):
        seen.append(record.value)
        if len(seen) == 3:
            break
    assert seen == [b"0", b"1", b"2"]
    assert [span.name for span in spans.get_finished_spans()] == [f"{topic} receive"] * 3


def test_headers_given_by_position_are_extended_and_sent(spans, producer, topic, open_consumer):
    producer.send(topic, b"v", b"k", [("mine", b"1")]).get(30)
    record = next(iter(open_consumer(topic)))
    assert dict(record.headers)["mine"] == b"1"
    assert "traceparent" in dict(record.headers)
