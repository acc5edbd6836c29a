"""A plain reader and writer of v2 records, to compare the fast one with.

It follows the format's description field by field and shares no code with `kafka.record`.
"""

from collections.abc import Sequence
from typing import NamedTuple


class PlainRecord(NamedTuple):
    """One record with its deltas resolved."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def _zigzag(number: int) -> bytes:
    rest = 2 * number if number >= 0 else -2 * number - 1
    digits = []
    while True:
        rest, digit = divmod(rest, 128)
        if not rest:
            return bytes([*digits, digit])
        digits.append(digit + 128)


def _sized(data: bytes | None) -> bytes:
    return _zigzag(-1) if data is None else _zigzag(len(data)) + data


def write(records: Sequence[PlainRecord], base_offset: int = 0) -> bytes:
    """Return the records section for *records*; timestamps count from the first."""
    written = []
    for record in records:
        body = b"\0" + _zigzag(record.timestamp - records[0].timestamp)
        body += _zigzag(record.offset - base_offset)
        body += _sized(record.key) + _sized(record.value) + _zigzag(len(record.headers))
        for name, value in record.headers:
            body += _sized(name.encode()) + _sized(value)
        written.append(_zigzag(len(body)) + body)
    return b"".join(written)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        taken, self.data = self.data[:count], self.data[count:]
        assert len(taken) == count
        return taken

    def number(self) -> int:
        result, weight = 0, 1
        while True:
            (byte,) = self.take(1)
            result += byte % 128 * weight
            weight *= 128
            if byte < 128:
                return -(result + 1) // 2 if result % 2 else result // 2

    def sized(self) -> bytes | None:
        length = self.number()
        return None if length == -1 else self.take(length)


def read(data: bytes, base_offset: int, base_timestamp: int) -> list[PlainRecord]:
    """Return the records of a well-formed records section."""
    outer, records = _Reader(data), []
    while outer.data:
        reader = _Reader(outer.take(outer.number()))
        reader.take(1)
        timestamp = base_timestamp + reader.number()
        offset = base_offset + reader.number()
        key, value = reader.sized(), reader.sized()
        headers = tuple(
            ((reader.sized() or b"").decode(), reader.sized()) for _ in range(reader.number())
        )
        assert not reader.data
        records.append(PlainRecord(offset, timestamp, key, value, headers))
    return records
