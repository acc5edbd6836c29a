"""What encoding keeps between batches."""

import tracemalloc

from kafka.record.batch import encode_records


def test_small_batches_after_a_large_one_keep_small_tables() -> None:
    encode_records([0] * 65_536, None, [b"v"] * 65_536)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for length in range(70, 78):
            encode_records([0] * 100, [b"k" * length] * 100, [b"v"] * 100)
        assert tracemalloc.get_traced_memory()[0] - before < 200_000
    finally:
        tracemalloc.stop()
