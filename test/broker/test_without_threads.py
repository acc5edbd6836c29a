"""Clients whose thread cannot start: the error, and nothing else."""

from __future__ import annotations

import gc
import threading

import pytest

from kafka import KafkaConsumer, KafkaProducer


@pytest.mark.parametrize("kind", [KafkaProducer, KafkaConsumer])
def test_a_client_whose_thread_cannot_start_only_raises(
    kind: type[KafkaProducer | KafkaConsumer],
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(RuntimeError, match="new thread"):
        kind(bootstrap_servers="127.0.0.1:1")
    gc.collect()
    assert not recwarn.list
