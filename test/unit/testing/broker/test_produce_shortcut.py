"""The short way of Produce: what it answers is what the long way answers, and what it leaves."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from kafka.protocol.headers import encode_request
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.primitives import uvarint
from kafka.protocol.schema import ZERO_UUID
from kafka.record.batch import build_batch
from kafka.record.compression import Codec
from kafka.testing.broker.api_modules import offered
from kafka.testing.broker.authorizer import ANONYMOUS
from kafka.testing.broker.begun import Begun
from kafka.testing.broker.broker import Broker
from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.context import Peer
from kafka.testing.broker.faults import FaultPlan, Rule, Throttle
from kafka.testing.broker.quotas import CLIENT_ID, PRODUCE, ClientQuotas
from kafka.testing.broker.recorder import Recorder
from kafka.testing.broker.timers import Event
from test.support.cluster_state import new_cluster
from test.support.denies import Denies
from test.support.embedded import batch, produce_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing.broker.cluster import Cluster, Partition

NOW_MS = 1_600_000_000_000
VERSIONS = range(3, 14)
GOOD = batch(b"v" * 40, timestamp=NOW_MS)


class Side:
    """One broker of two, with a connection; topic t has two partitions, which it leads."""

    def __init__(self, *, version: int = 9, acks: int = 1) -> None:
        self.cluster: Cluster = new_cluster(2)
        self.cluster.create_topic("t", assignments={0: [0, 1], 1: [0, 1]})
        self.plan = FaultPlan()
        self.recorder = Recorder(Event())
        apis = offered(self.cluster.release, {}, telemetry=False)
        state = BrokerState(0, self.cluster, apis)
        self.broker = Broker(state, plan=self.plan, recorder=self.recorder)
        self.peer = Peer(ANONYMOUS, "127.0.0.1", "PLAINTEXT")
        self.version, self.acks = version, acks
        self._sent = 0

    @property
    def partition(self) -> Partition:
        return self.cluster.existing("t", 0)

    def frame(self, records: bytes | None, *, topic: str = "t", partition: int = 0) -> bytes:
        by_id = self.version >= 13
        topic_id = self.cluster.topics[topic].topic_id if by_id else ZERO_UUID
        request = produce_request(
            topic, records, partition=partition, topic_id=topic_id, acks=self.acks
        )
        return self.encoded(request)

    def encoded(self, request: ProduceRequest) -> bytes:
        self._sent += 1
        pieces = encode_request(request, self.version, correlation_id=self._sent, client_id="c")
        return b"".join(pieces)[4:]

    def short(self, frame: bytes) -> bytes | None:
        return self.broker.answer_at_once(frame, self.peer)

    def long(self, frame: bytes) -> bytes:
        begun = Begun(self.broker.process(frame, self.peer))
        return b"".join(begun.result.pieces)

    def stored(self) -> list[bytes]:
        return [found.data for found in self.partition.log.batches]


def both(
    change: Callable[[Side], object] = lambda _: None, *, version: int = 9, acks: int = 1
) -> tuple[Side, Side]:
    """Return two brokers that have had a good batch and a *change* since then."""
    sides = Side(version=version, acks=acks), Side(version=version, acks=acks)
    for side in sides:
        side.long(side.frame(GOOD))
        change(side)
    return sides


def altered(records: bytes, position: int, value: bytes) -> bytes:
    return records[:position] + value + records[position + len(value) :]


def count_of(records: bytes, count: int) -> bytes:
    """Return a batch that claims another number of records; its checksum is not true any more."""
    return altered(records, 57, struct.pack(">i", count))


def around(section: bytes, count: int = 1) -> bytes:
    """Return a batch with a true checksum around any bytes."""
    return build_batch(section, count=count, base_timestamp=NOW_MS, max_timestamp=NOW_MS)


def from_producer(sequence: int) -> bytes:
    return batch(b"v", timestamp=NOW_MS, producer_id=7, epoch=0, sequence=sequence)


PLAIN = {
    "one record": GOOD,
    "several records": batch(*[b"v"] * 40, timestamp=NOW_MS),
    "more than 127 bytes": batch(b"v" * 5000, timestamp=NOW_MS),
    "a null value": batch(None, timestamp=NOW_MS),
    "more than 8 KB": batch(b"v" * 9000, timestamp=NOW_MS),
    "more than 16 KB": batch(b"v" * 16_384, timestamp=NOW_MS),
    "many records": batch(*[b"v" * 100] * 500, timestamp=NOW_MS),
    "any bytes of the right length": around(b"\x0c" + bytes(6)),
    "any bytes of a right length in two": around(b"\xc8\1" + bytes(100)),
    "no time": batch(b"v", timestamp=-1),
    "old records": batch(b"v", timestamp=0),
    "an idempotent producer": from_producer(0),
}


@pytest.mark.parametrize("records", PLAIN.values(), ids=PLAIN)
@pytest.mark.parametrize("acks", [1, -1])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_short_way_answers_and_stores_what_the_long_way_does(
    version: int, acks: int, records: bytes
) -> None:
    ours, oracle = both(version=version, acks=acks)
    assert ours.short(ours.frame(records)) == oracle.long(oracle.frame(records))
    assert ours.stored() == oracle.stored()
    assert ours.recorder.seen() == oracle.recorder.seen()


UNUSUAL: dict[str, bytes | None] = {
    "no records": None,
    "an empty set": b"",
    "compressed": batch(b"v" * 100, timestamp=NOW_MS, codec=Codec.GZIP),
    "transactional": batch(b"v", producer_id=1, epoch=0, sequence=0, transactional=True),
    "an untrue checksum": altered(GOOD, len(GOOD) - 2, b"x"),
    "an untrue count": count_of(GOOD, 2),
    "no count": count_of(GOOD, 0),
    "another base offset": altered(GOOD, 7, b"\1"),
    "another magic": altered(GOOD, 16, b"\1"),
    "cut off": GOOD[:-1],
    "a header cut off": GOOD[:50],
    "two batches": GOOD + GOOD,
    "records of the future": batch(b"v", timestamp=NOW_MS + 3_600_001),
    "no section": around(b""),
    "a record without length": around(b"\0"),
    "a record of odd length": around(b"\1"),
    "a record cut off": around(b"\x0c" + bytes(5)),
    "a record with something after it": around(b"\x0c" + bytes(7)),
    "a long record cut off": around(b"\xc8\1" + bytes(99)),
    "a long record of odd length": around(b"\xc9\1" + bytes(100)),
    "a length that never ends": around(b"\x80"),
    "a length with zeros": around(b"\x80\0"),
    "fewer records than promised": around(b"\x0c" + bytes(6), count=2),
    "no sequence number": batch(b"v", timestamp=NOW_MS, producer_id=7, epoch=0, sequence=-1),
}


@pytest.mark.parametrize("records", UNUSUAL.values(), ids=UNUSUAL)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_unusual_batch_is_left_to_the_long_way(version: int, records: bytes | None) -> None:
    ours, oracle = both(version=version)
    frame = ours.frame(records)
    assert ours.short(frame) is None
    assert ours.long(frame) == oracle.long(oracle.frame(records))
    assert ours.stored() == oracle.stored()


@pytest.mark.parametrize("sequence", [0, 2])
def test_repetitions_and_gaps_of_a_producer_are_left_to_the_long_way(sequence: int) -> None:
    side = Side()
    side.long(side.frame(from_producer(0)))
    assert side.short(side.frame(from_producer(sequence))) is None
    assert side.short(side.frame(from_producer(1))) is not None


def configured(**configs: str) -> Callable[[Side], object]:
    def change(side: Side) -> None:
        config = side.partition.log.config
        config.overrides.update({name.replace("_", "."): value for name, value in configs.items()})
        config.changed()

    return change


def with_quota(side: Side) -> None:
    quotas = side.cluster.component(ClientQuotas)
    quotas.alter(frozenset({(CLIENT_ID, "c")}), {PRODUCE: 1e9}, validate_only=False)


def with_acls(side: Side) -> None:
    side.cluster.authorizer = Denies((None, None))


def delete_topic(side: Side) -> None:
    side.cluster.delete_topic(side.cluster.topics["t"])


CHANGES: dict[str, Callable[[Side], object]] = {
    "a fault": lambda side: side.plan.add(Rule(ProduceRequest, Throttle(5), topic="other")),
    "a quota": with_quota,
    "ACLs": with_acls,
    "frozen": lambda side: side.broker.freeze(True),
    "another leader": lambda side: side.cluster.move_leader("t", 0, 1),
    "the replica is elsewhere": lambda side: side.partition.replicas.remove(0),
    "the topic is gone": delete_topic,
    "a compacted topic": configured(cleanup_policy="compact"),
    "a topic with times of its own": configured(message_timestamp_type="LogAppendTime"),
    "a topic that compresses": configured(compression_type="gzip"),
    "a topic for small batches": configured(max_message_bytes="90"),
    "a topic for new records": configured(message_timestamp_before_max_ms="1000"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_unusual_about_the_cluster_is_left_to_the_long_way(
    change: Callable[[Side], object],
) -> None:
    side, _ = both(change)
    before = side.recorder.count(ProduceRequest)
    assert side.short(side.frame(GOOD)) is None
    assert side.recorder.count(ProduceRequest) == before


HELD: dict[str, Callable[[Side], object]] = {
    "a high watermark that is held": lambda side: side.partition.log.hold_high_watermark(),
    "too few in-sync replicas": configured(min_insync_replicas="2"),
}


@pytest.mark.parametrize("change", HELD.values(), ids=HELD)
def test_only_who_waits_for_replicas_goes_the_long_way(change: Callable[[Side], object]) -> None:
    def lose_a_replica(side: Side) -> None:
        side.partition.isr.remove(1)
        change(side)

    patient, _ = both(lose_a_replica, acks=-1)
    assert patient.short(patient.frame(GOOD)) is None
    hasty, _ = both(lose_a_replica, acks=1)
    assert hasty.short(hasty.frame(GOOD)) is not None


def test_each_partition_is_known_by_itself() -> None:
    side, _ = both()
    other = side.frame(GOOD, partition=1)
    assert side.short(other) is None
    side.long(other)
    assert side.short(side.frame(GOOD, partition=1)) is not None
    assert side.short(side.frame(GOOD)) is not None


@pytest.mark.parametrize("cut", [0, 1, 60, 61, 62, 100])
@pytest.mark.parametrize("length", [b"\0", b"\1", b"\xff" * 6, b"\xff" * 4 + b"\x0f", b"\x80\1"])
def test_what_only_begins_like_a_request_is_left_to_the_long_way(length: bytes, cut: int) -> None:
    side, _ = both()
    frame = side.frame(GOOD)
    # The length of the records takes a byte or two, and three bytes without tags follow them.
    end = len(frame) - len(GOOD) - 3 - len(uvarint(len(GOOD) + 1))
    assert side.short(frame[:end] + length + frame[end + 1 : end + 1 + cut]) is None


def test_frames_that_are_views_are_answered_alike() -> None:
    ours, oracle = both()
    frame = memoryview(ours.frame(GOOD))
    assert ours.broker.answer_at_once(frame, ours.peer) == oracle.long(oracle.frame(GOOD))
    assert ours.stored() == oracle.stored()
    assert ours.recorder.seen() == oracle.recorder.seen()


@pytest.mark.parametrize("acks", [0, 2])
def test_requests_without_a_usual_answer_are_never_known(acks: int) -> None:
    side = Side(acks=acks)
    frame = side.frame(GOOD)
    side.broker.answer_at_once(frame, side.peer)
    Begun(side.broker.process(frame, side.peer))
    assert side.short(side.frame(GOOD)) is None


def test_requests_for_two_partitions_are_never_known() -> None:
    side, _ = both()
    request = produce_request("t", GOOD, acks=1)
    data = ProduceRequest.PartitionProduceData(index=1, records=GOOD)
    request.topic_data[0].partition_data.append(data)
    side.long(side.encoded(request))
    assert side.short(side.encoded(request)) is None


def test_a_request_with_something_after_its_records_goes_the_long_way() -> None:
    side, _ = both()
    assert side.short(side.frame(GOOD) + b"\0") is None


def test_a_topic_that_was_made_again_gets_the_batch() -> None:
    side, _ = both()
    side.cluster.delete_topic(side.cluster.topics["t"])
    side.cluster.create_topic("t", assignments={0: [0, 1]})
    assert side.short(side.frame(GOOD)) is not None
    assert len(side.stored()) == 1
