"""Time the record codec: python -m test.bench.record_codec [--fast] [pyperf options].

A batch of 64 KB is the producer's usual one, of 1,000 records at 100 B the consumer's.  Divide
by the number of records in a benchmark's name to compare with the figures per record in
docs/DESIGN.rst; only ratios within one run mean anything. Values that a codec sees compress to
about half.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import pyperf

# pyperf runs this file by its path.
sys.path.insert(0, str(Path(__file__).parents[2]))

from kafka.partitioner.hashing import murmur2
from kafka.record.batch import build_batch, decode_columns, decode_header, encode_records
from kafka.record.compression import Codec
from kafka.record.memory_records import iter_batches

TIME = 1_700_000_000_000
COUNT = 1000


class Row(NamedTuple):
    """As many fields as a consumer record without its serialized sizes."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def encode(keys: list[bytes | None] | None, values: list[bytes | None]) -> Callable[[], bytes]:
    # A producer that fills 1,000 records in four milliseconds.
    times = [TIME + n // 250 for n in range(len(values))]
    return lambda: encode_records(times, keys, values, None)


def decode(records: bytes, last_offset_delta: int = COUNT - 1) -> Callable[[], object]:
    batch = build_batch(
        records,
        count=COUNT,
        base_timestamp=TIME,
        max_timestamp=TIME + 3,
        last_offset_delta=last_offset_delta,
    )
    header = decode_header(batch)
    return lambda: decode_columns(header, records)


def rows(batch: bytes) -> Callable[[], object]:
    """Read a whole batch as a consumer does: walk, check, decode, build records in C."""

    def run() -> list[Row]:
        (found,) = iter_batches(batch, check_crcs=True)
        columns = found.columns()
        lists = [[] for _ in columns.values] if columns.headers is None else columns.headers
        fields = zip(
            repeat("topic"),
            repeat(0),
            columns.offsets,
            columns.timestamps,
            columns.keys,
            columns.values,
            lists,
            strict=False,
        )
        return list(map(tuple.__new__, repeat(Row), fields))

    return run


class OnFirstUse:
    """A function that is made when it is first called.

    pyperf runs this file once a benchmark and process: what one needs must not be made in all.
    """

    def __init__(self, make: Callable[[], Callable[[], object]]) -> None:
        self._make = make
        self._function: Callable[[], object] | None = None

    def __call__(self) -> object:
        if self._function is None:
            self._function = self._make()
        return self._function()


def benchmarks() -> dict[str, Callable[[], object]]:
    """Return what to time, by name."""
    found: dict[str, Callable[[], object]] = {}
    for name, size in (("100 B", 100), ("1 KB", 1000)):
        values: list[bytes | None] = [b"v" * size] * COUNT
        mixed: list[bytes | None] = [b"v" * (size + n % 50 - 25) for n in range(COUNT)]
        keys: list[bytes | None] = [b"key-%d" % n for n in range(COUNT)]
        plain, keyed = encode(None, values), encode(keys, values)
        found[f"encode {COUNT} x {name}"] = plain
        found[f"encode {COUNT} x {name}, sizes differ"] = encode(None, mixed)
        found[f"encode {COUNT} x {name}, keys"] = keyed
        found[f"decode {COUNT} x {name}"] = decode(plain())
        found[f"decode {COUNT} x {name}, keys"] = decode(keyed())
    for count, name, size in ((COUNT, "100 B", 100), (COUNT, "1 KB", 1000), (100, "10 KB", 10_000)):
        for codec in Codec:
            suffix = f"{count} x {name}, {codec.name.lower()}"
            found[f"seal {suffix}"] = OnFirstUse(partial(seal, count, size, codec))
            found[f"records {suffix}"] = OnFirstUse(partial(unseal, count, size, codec))
    headers = [[("trace", b"0123456789")]] * COUNT
    with_headers = encode_records([TIME] * COUNT, None, [b"v" * 100] * COUNT, headers)
    found[f"decode {COUNT} x 100 B, a header"] = decode(with_headers)
    found[f"decode {COUNT} x 100 B, sparse"] = decode(_sparse(), 2 * COUNT)
    every_key = [b"user-%d" % n for n in range(10_000)]
    found["murmur2 10000 keys"] = lambda: list(map(murmur2, every_key))
    return found


def seal(count: int, size: int, codec: Codec) -> Callable[[], bytes]:
    """Return what a producer does when a batch is full."""
    half = size // 2
    records = encode(None, [os.urandom(size - half) + bytes(half) for _ in range(count)])
    return lambda: build_batch(
        records(), count=count, base_timestamp=TIME, max_timestamp=TIME + 3, codec=codec
    )


def unseal(count: int, size: int, codec: Codec) -> Callable[[], object]:
    """Return what a consumer does with such a batch."""
    return rows(seal(count, size, codec)())


def _sparse() -> bytes:
    """Return records whose offsets start at 1, as after compaction: none is the one expected."""
    whole = encode_records([TIME] * (COUNT + 1), None, [b"v" * 100] * (COUNT + 1))
    first = encode_records([TIME], None, [b"v" * 100])
    return whole[len(first) :]


def main() -> None:
    """Run every benchmark."""
    runner = pyperf.Runner()
    for name, function in benchmarks().items():
        runner.bench_func(name, function)


if __name__ == "__main__":
    main()
