"""The client under both faces of a consumer, without a network."""

from __future__ import annotations

import pytest

from kafka.consumer.client import ConsumerClient, settings_of
from kafka.errors import IllegalStateError, KafkaConfigurationError


def client(*topics: str, **configs: object) -> ConsumerClient:
    settings = settings_of("SomeConsumer", topics, {"client_id": "c", **configs})
    return ConsumerClient("SomeConsumer", topics, settings)


def test_client_names_itself_after_its_face() -> None:
    assert repr(client("t")).startswith("<SomeConsumer 'c' new")


def test_topics_are_subscribed_to() -> None:
    assert client("t", "u").subscription.subscription == {"t", "u"}


def test_unknown_option_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError):
        client(no_such_option=1)


def test_nothing_is_measured_without_metrics() -> None:
    assert client(metrics_enabled=False).sensors is None


def test_poll_before_the_start_is_refused_and_takes_nothing() -> None:
    taken: list[int] = []
    with pytest.raises(IllegalStateError, match="SomeConsumer is not started: use 'async with'"):
        client().collect_now(lambda: taken.append(1))
    assert taken == []


def test_close_begins_once() -> None:
    closing = client()
    assert closing.begin_close()
    assert not closing.begin_close()
    assert closing.state == "CLOSED"


def test_poll_after_the_close_began_is_refused() -> None:
    closing = client()
    closing.begin_close()
    with pytest.raises(IllegalStateError, match="SomeConsumer is closed"):
        closing.collect_now(list)


async def test_close_before_the_start_closes_the_buffer() -> None:
    closing = client()
    closing.begin_close()
    await closing.finish_close(1.0)
    assert closing.buffer.closed


async def test_closed_client_cannot_be_started() -> None:
    closing = client()
    closing.begin_close()
    with pytest.raises(IllegalStateError, match="started once only"):
        await closing.start()


async def test_call_that_is_refused_does_not_begin() -> None:
    begun: list[int] = []

    async def call() -> None:
        begun.append(1)

    with pytest.raises(IllegalStateError, match="not started"):
        await client().run_call(call())
    assert begun == []


def test_wakeup_before_the_start_is_kept_for_the_next_poll() -> None:
    sleeping = client()
    sleeping.wakeup()
    assert sleeping.buffer.take_wakeup()
