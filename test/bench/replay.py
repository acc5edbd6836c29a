"""A server that replays a fixed log to consumers, so that the broker is not the limit.

    python -m test.bench.replay TOPIC COUNT SIZE [--partitions 6] [--codec lz4] [--vary]

It prints its address and serves until its standard input ends. The batches are built once, before;
all partitions have the same. A fetch costs the head of an answer and one ``sendmsg`` of slices.
Limits: one topic, one broker, no groups, no sessions, no transactions, and the versions that every
client has: those of Kafka 0.11.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from kafka.protocol.headers import encode_response
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import Message
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.testing.broker.wire import AnyRequest, decode_request
from test.bench.workers.common import BATCH_BYTES, sizes_of, values_of

NODE, CLUSTER = 1, "fixed-log"
EARLIEST = -2
UNSUPPORTED_VERSION, UNKNOWN_TOPIC_OR_PARTITION, OFFSET_OUT_OF_RANGE = 35, 3, 1
PRODUCE = 0
#: Clients conclude from Produce that there are headers; nobody is meant to send one.
VERSIONS = {
    PRODUCE: (0, 3),
    FetchRequest.API_KEY: (4, 5),
    ListOffsetsRequest.API_KEY: (1, 2),
    MetadataRequest.API_KEY: (0, 4),
    FindCoordinatorRequest.API_KEY: (0, 1),
    ApiVersionsRequest.API_KEY: (0, 1),
}
TIME = 1_700_000_000_000
_SIZE = struct.Struct(">i")
_KEY_AND_VERSION = struct.Struct(">hhi")
#: Linux takes no more pieces at once.
_MOST_PIECES = 512


class Log:
    """The batches of a partition in one buffer.

    Args:
        batches: whole ones, whose base offsets follow each other.
        starts: the base offset of each.
        end: the offset after the last.
    """

    def __init__(self, batches: list[bytes], starts: list[int], end: int) -> None:
        self.end = end
        self._starts = starts
        self._positions = [0, *itertools.accumulate(map(len, batches))]
        self._data = memoryview(b"".join(batches))

    def read(self, offset: int, most: int) -> memoryview:
        """Return whole batches from the one with *offset* on: one, or as many as *most* bytes."""
        if offset >= self.end:
            return self._data[:0]
        first = bisect.bisect_right(self._starts, offset) - 1
        start = self._positions[first]
        last = bisect.bisect_right(self._positions, start + most) - 1
        return self._data[start : self._positions[max(last, first + 1)]]


def build_log(count: int, size: int, *, codec: str | None = None, vary: bool = False) -> Log:
    """Return a log of *count* records in batches of 64 KB.

    Args:
        count: of records.
        size: of a value, in bytes.
        codec: compresses the batches.
        vary: whether sizes vary by half.
    """
    batches, starts = [], []
    per_batch = max(1, BATCH_BYTES // (size + 10))
    lengths = itertools.cycle(sizes_of(size, vary=vary))
    values = itertools.cycle(values_of(size + size // 2))
    for start in range(0, count, per_batch):
        number = min(per_batch, count - start)
        cut = [next(values)[: next(lengths)] for _ in range(number)]
        batches.append(
            build_batch(
                encode_records([TIME] * number, None, cut),
                count=number,
                base_timestamp=TIME,
                max_timestamp=TIME,
                base_offset=start,
                codec=Codec[codec.upper()] if codec else Codec.NONE,
            )
        )
        starts.append(start)
    return Log(batches, starts, count)


class ReplayServer:
    """Serves one topic on 127.0.0.1, a thread for each connection; a context manager.

    Args:
        topic: its name.
        log: what every partition holds.
        partitions: of the topic.
    """

    def __init__(self, topic: str, log: Log, partitions: int) -> None:
        self._topic = topic
        self._log = log
        self._partitions = range(partitions)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        # Any: each takes its own type of request.
        self._answers: dict[type[AnyRequest], Callable[[Any], Message]] = {
            ApiVersionsRequest: self._api_versions,
            MetadataRequest: self._metadata,
            ListOffsetsRequest: self._list_offsets,
            FindCoordinatorRequest: self._find_coordinator,
            FetchRequest: self._fetch,
        }

    def __enter__(self) -> ReplayServer:
        threading.Thread(target=self._accept, name="replay", daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while size := stream.read(_SIZE.size):
                    send_all(connection, self.answer(stream.read(*_SIZE.unpack(size))))
            except (ConnectionError, BrokenPipeError):
                return  # clients leave when they have what they want

    def answer(self, frame: bytes) -> list[bytes | memoryview]:
        """Return the response to the request in *frame*, in pieces."""
        key, version, correlation_id = _KEY_AND_VERSION.unpack_from(frame)
        low, high = VERSIONS.get(key, (0, -1))
        if key == ApiVersionsRequest.API_KEY and version > high:
            refusal = ApiVersionsResponse(error_code=UNSUPPORTED_VERSION)
            return encode_response(refusal, 0, correlation_id=correlation_id)
        if not low <= version <= high or key == PRODUCE:
            raise ConnectionAbortedError(f"API {key} version {version} is not served")
        _, request = decode_request(frame)
        response = self._answers[type(request)](request)
        return encode_response(response, version, correlation_id=correlation_id)

    def _api_versions(self, request: ApiVersionsRequest) -> Message:
        del request
        ranges = [
            ApiVersionsResponse.ApiVersion(api_key=key, min_version=low, max_version=high)
            for key, (low, high) in VERSIONS.items()
        ]
        return ApiVersionsResponse(api_keys=ranges)

    def _metadata(self, request: MetadataRequest) -> Message:
        """Return the topic, whatever was asked for: there is no other."""
        del request
        host, _, port = self.address.partition(":")
        nodes = [NODE]
        response = MetadataResponse
        return response(
            brokers=[response.MetadataResponseBroker(node_id=NODE, host=host, port=int(port))],
            cluster_id=CLUSTER,
            controller_id=NODE,
            topics=[
                response.MetadataResponseTopic(
                    name=self._topic,
                    partitions=[
                        response.MetadataResponsePartition(
                            partition_index=number,
                            leader_id=NODE,
                            replica_nodes=nodes,
                            isr_nodes=nodes,
                        )
                        for number in self._partitions
                    ],
                )
            ],
        )

    def _find_coordinator(self, request: FindCoordinatorRequest) -> Message:
        """Name this broker, which confluent-kafka wants to know; it is then asked for nothing."""
        del request
        host, _, port = self.address.partition(":")
        return FindCoordinatorResponse(node_id=NODE, host=host, port=int(port))

    def _list_offsets(self, request: ListOffsetsRequest) -> Message:
        response = ListOffsetsResponse
        return response(
            topics=[
                response.ListOffsetsTopicResponse(
                    name=topic.name,
                    partitions=[
                        response.ListOffsetsPartitionResponse(
                            partition_index=asked.partition_index,
                            offset=0 if asked.timestamp == EARLIEST else self._log.end,
                        )
                        for asked in topic.partitions
                    ],
                )
                for topic in request.topics
            ]
        )

    def _fetch(self, request: FetchRequest) -> Message:
        room = request.max_bytes
        topics, found = [], 0
        for topic in request.topics:
            parts = []
            for asked in topic.partitions:
                part = self._part(asked, min(asked.partition_max_bytes, room - found))
                found += len(part.records or b"")
                parts.append(part)
            topics.append(FetchResponse.FetchableTopicResponse(topic=topic.topic, partitions=parts))
        if not found:
            # At the end of the log, where the real one would wait for records, too.
            time.sleep(request.max_wait_ms / 1000)
        return FetchResponse(responses=topics)

    def _part(self, asked: FetchRequest.FetchPartition, room: int) -> FetchResponse.PartitionData:
        error, records = 0, memoryview(b"")
        if asked.partition not in self._partitions:
            error = UNKNOWN_TOPIC_OR_PARTITION
        elif not 0 <= asked.fetch_offset <= self._log.end:
            error = OFFSET_OUT_OF_RANGE
        elif room > 0:
            records = self._log.read(asked.fetch_offset, room)
        return FetchResponse.PartitionData(
            partition_index=asked.partition,
            error_code=error,
            high_watermark=self._log.end,
            last_stable_offset=self._log.end,
            aborted_transactions=None,
            records=records,
        )


def send_all(connection: socket.socket, pieces: list[bytes | memoryview]) -> None:
    """Write every byte of *pieces*."""
    rest = [memoryview(piece) for piece in pieces if len(piece)]
    while rest:
        sent = connection.sendmsg(rest[:_MOST_PIECES])
        while rest and sent >= len(rest[0]):
            sent -= len(rest.pop(0))
        if sent:
            rest[0] = rest[0][sent:]


class _Arguments(NamedTuple):
    topic: str
    records: int
    size: int
    partitions: int
    codec: str | None
    vary: bool


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topic")
    parser.add_argument("records", metavar="count", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--codec", choices=[codec.name.lower() for codec in Codec])
    parser.add_argument("--vary", action="store_true")
    options = _Arguments(**vars(parser.parse_args()))
    count = -(-options.records // options.partitions)
    log = build_log(count, options.size, codec=options.codec, vary=options.vary)
    with ReplayServer(options.topic, log, options.partitions) as server:
        print(server.address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
