"""Ask a broker two things without a client: who is there, and to create a topic.

Job: readiness and topic creation in milliseconds, where a JVM would take more than a second.
Limits: fixed request versions, written out by hand so that the tests of the client do not
prepare their brokers with the client itself.  Metadata v0 is spoken by every broker from 0.8.0 to
4.4; CreateTopics v1 by 0.10.2, v2 by all later ones (https://kafka.apache.org/protocol).
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_METADATA = 3
_CREATE_TOPICS = 19
_MAX_RESPONSE = 16 * 1024 * 1024

NO_ERROR = 0
NOT_CONTROLLER = 41


class MetadataView(NamedTuple):
    """What one broker says of the cluster."""

    brokers: frozenset[int]
    #: topic -> one leader id for each partition; -1 while there is none.
    leaders: dict[str, list[int]]


class TopicAnswer(NamedTuple):
    """Outcome of one CreateTopics request."""

    error_code: int
    message: str


def metadata(port: int, timeout: float) -> MetadataView:
    """Return what the broker on *port* knows.

    Raises:
        OSError: it cannot be reached or hangs up.
        TimeoutError: no answer within *timeout* seconds.
    """
    # No topic names: asking for one by name would create it where brokers auto-create.
    reader = _Reader(_exchange(port, _METADATA, 0, struct.pack(">i", 0), timeout))
    brokers = set()
    for _ in range(reader.int32()):
        brokers.add(reader.int32())
        reader.string()
        reader.int32()
    leaders: dict[str, list[int]] = {}
    for _ in range(reader.int32()):
        reader.int16()
        topic = reader.string()
        partitions = dict(_read_partition(reader) for _ in range(reader.int32()))
        leaders[topic] = [partitions[index] for index in sorted(partitions)]
    return MetadataView(frozenset(brokers), leaders)


def _read_partition(reader: _Reader) -> tuple[int, int]:
    reader.int16()
    index, leader = reader.int32(), reader.int32()
    for _ in range(2):  # replicas, in-sync replicas
        for _ in range(reader.int32()):
            reader.int32()
    return index, leader


def create_topic(
    port: int,
    name: str,
    *,
    version: int,
    partitions: int,
    replication_factor: int,
    config: Mapping[str, str],
    timeout: float,
) -> TopicAnswer:
    """Send CreateTopics *version* (1 or 2) to the broker on *port*.

    Raises:
        OSError: it cannot be reached or hangs up.
    """
    body = struct.pack(">i", 1) + _string(name)
    body += struct.pack(">ihi", partitions, replication_factor, 0)
    body += struct.pack(">i", len(config))
    body += b"".join(_string(key) + _string(value) for key, value in config.items())
    body += struct.pack(">ib", int(timeout * 1000), 0)
    reader = _Reader(_exchange(port, _CREATE_TOPICS, version, body, timeout))
    if version >= 2:
        reader.int32()  # throttle time
    reader.int32()
    reader.string()
    return TopicAnswer(reader.int16(), reader.string())


def zookeeper_dump(port: int, timeout: float) -> str:
    """Return ZooKeeper's list of sessions and the ephemeral nodes each of them holds.

    Raises:
        OSError: it cannot be reached.
    """
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(b"dump")
        with connection.makefile("rb") as answer:
            return answer.read().decode()


def _exchange(port: int, api_key: int, version: int, body: bytes, timeout: float) -> bytes:
    header = struct.pack(">hhi", api_key, version, 1) + _string("test-support")
    request = header + body
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", _receive(connection, 4))
        if not 4 <= size <= _MAX_RESPONSE:
            raise ConnectionError(f"port {port}: {size} is no size of a Kafka response")
        return _receive(connection, size)[4:]


def _receive(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise ConnectionResetError("the broker closed the connection before it answered")
        received += piece
    return bytes(received)


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">h", len(raw)) + raw


class _Reader:
    """Fixed-size fields of a response, in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def int16(self) -> int:
        (value,) = struct.unpack_from(">h", self._data, self._at)
        self._at += 2
        return int(value)

    def int32(self) -> int:
        (value,) = struct.unpack_from(">i", self._data, self._at)
        self._at += 4
        return int(value)

    def string(self) -> str:
        """Return the next string; a null one is empty."""
        size = max(self.int16(), 0)
        text = self._data[self._at : self._at + size].decode()
        self._at += size
        return text
