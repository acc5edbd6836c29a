"""A producer's client before it is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.config.producer import ProducerConfig
from kafka.errors import IllegalStateError, NoBrokersAvailable
from kafka.metrics import DictReporter
from kafka.producer.client import ProducerClient
from test.unit.producer.support import LaterRunner

if TYPE_CHECKING:
    from collections.abc import Callable


def make(**options: object) -> ProducerClient:
    return ProducerClient(ProducerConfig.from_kwargs({"bootstrap_servers": "a:1", **options}))


def test_a_client_that_is_not_started_has_no_core_and_no_cluster() -> None:
    client = make()
    reads: list[Callable[[], object]] = [lambda: client.core, lambda: client.cluster]
    for read in reads:
        with pytest.raises(IllegalStateError, match="not started: use `async with`"):
            read()
    assert client.bootstrap_connected() is False


def test_what_is_measured_can_be_read_before_the_start() -> None:
    assert make().metrics() is not None
    assert make(metrics_enabled=False).metrics() is None


async def test_a_client_closed_before_its_start_cannot_be_started() -> None:
    client = make()
    await client.close()
    await client.close()
    with pytest.raises(IllegalStateError, match="make a new one"):
        await client.start(LaterRunner())
    with pytest.raises(IllegalStateError, match="the producer is closed"):
        _ = client.core


async def test_a_start_that_fails_closes_the_reporters() -> None:
    calls: list[str] = []

    class Reporter(DictReporter):
        def close(self) -> None:
            calls.append("close")

    client = make(
        bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=200, metric_reporters=[Reporter]
    )
    with pytest.raises(NoBrokersAvailable):
        await client.start(LaterRunner())
    assert calls == ["close"]
    await client.close()
    assert calls == ["close"]


@pytest.mark.parametrize(("timeout", "error"), [("x", TypeError), (float("nan"), ValueError)])
def test_a_time_that_is_none_is_refused(timeout: object, error: type[Exception]) -> None:
    assert make().close_timeout(None) == 0.0
    with pytest.raises(error, match="close: timeout"):
        make().close_timeout(timeout)  # type: ignore[arg-type]
