"""What a collector keeps of a response."""

from __future__ import annotations

from kafka._base.observer import Observer
from kafka.consumer.completed_fetch import CompletedFetch
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.fetch_collector import FetchCollector
from kafka.consumer.record_decoder import RecordDecoder
from test.unit.consumer.consumer_data import TP, batch, started


def test_response_is_let_go_before_the_loop_may_receive_the_next_one() -> None:
    """Or its memory would not be used again."""
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    response, lengths = bytearray(batch(0, bytes(600_000))), []
    buffer.put(CompletedFetch(TP, 1, 0, memoryview(response).toreadonly()))
    collector = FetchCollector(buffer, RecordDecoder(), Observer())

    def receive() -> None:
        response.append(0)  # refused while somebody has a view of it
        lengths.append(len(response))

    collector.yield_to_loop = receive
    collector.collect_batches(500, views=False)
    assert len(lengths) == 1
