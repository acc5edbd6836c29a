"""Produce: acks, versions, codecs, refusals, idempotence."""

from __future__ import annotations

import time
from uuid import UUID

from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.schema import ZERO_UUID
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.record.legacy import encode_message_set
from test.differential.case import Talk, case
from test.support.embedded import BY_ID, batch, fetch_request, produce_request


async def request(
    talk: Talk, topic: str, records: bytes | None, **options: object
) -> ProduceRequest:
    """Return a Produce of one partition, with names or ids as the version wants."""
    version = options.pop("version", talk.version)
    assert isinstance(version, int)
    topic_id = await talk.topic_id(topic) if version >= BY_ID else ZERO_UUID
    return produce_request(topic, records, topic_id=topic_id, **options)  # type: ignore[arg-type]


def legacy(version: int, *values: bytes) -> bytes:
    """Return records as old versions of Produce carry them."""
    return encode_message_set(
        1 if version == 2 else 0, [1000] * len(values), [None] * len(values), values, Codec.NONE
    )


@case(ProduceRequest, lowest=3)
async def batch_appended(talk: Talk) -> None:
    topic = await talk.topic()
    for acks in (-1, 1):
        await talk.send(await request(talk, topic, batch(b"a", b"b"), acks=acks))


@case(ProduceRequest, highest=2)
async def old_messages_converted(talk: Talk) -> None:
    topic = await talk.topic()
    produced = await request(talk, topic, legacy(talk.version, b"a", b"b"))
    await talk.refused(produced, talk.version)
    await talk.send(fetch_request(topic, 0), 11)


@case(ProduceRequest, lowest=3)
async def old_messages_refused(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await request(talk, topic, legacy(2, b"a")))


@case(ProduceRequest, lowest=3)
async def nothing_answered_without_acks(talk: Talk) -> None:
    topic = await talk.topic()
    client = await talk.client()
    client.post(await request(talk, topic, batch(b"a"), acks=0), talk.version)
    await talk.send(await request(talk, topic, batch(b"b")))


@case(ProduceRequest, lowest=3)
async def connection_closed_without_acks(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.refused(await request(talk, topic, b"", acks=0), talk.version)


@case(ProduceRequest, lowest=3)
async def acks_refused(talk: Talk) -> None:
    topic = await talk.topic()
    for acks in (2, -2, 100):
        await talk.send(await request(talk, topic, batch(b"a"), acks=acks))


@case(ProduceRequest, lowest=3)
async def partition_unknown(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await request(talk, topic, batch(b"a"), partition=7))
    await talk.send(await request(talk, topic, batch(b"a"), partition=-1))


@case(ProduceRequest, lowest=3, highest=12)
async def topic_unknown(talk: Talk) -> None:
    await talk.send(produce_request(talk.name(), batch(b"a")))


@case(ProduceRequest, lowest=13)
async def topic_id_unknown(talk: Talk) -> None:
    await talk.send(produce_request("", batch(b"a"), topic_id=UUID(int=77)))
    await talk.send(produce_request("", batch(b"a")))


@case(ProduceRequest, lowest=3)
async def no_records(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.refused(await request(talk, topic, b""), talk.version)


@case()
async def null_records(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.refused(await request(talk, topic, None, version=9), 9, seconds=2)


@case(ProduceRequest, lowest=3)
async def several_batches_refused(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await request(talk, topic, batch(b"a") + batch(b"b")))


@case(ProduceRequest, lowest=3)
async def crc_wrong(talk: Talk) -> None:
    topic = await talk.topic()
    data = bytearray(batch(b"abc"))
    data[-2] ^= 1
    await talk.send(await request(talk, topic, bytes(data)))


@case(ProduceRequest, lowest=3)
async def batch_cut_off(talk: Talk) -> None:
    topic = await talk.topic()
    for size in (10, 60, 65):
        await talk.refused(await request(talk, topic, batch(b"abc")[:size]), talk.version)


@case(ProduceRequest, lowest=3)
async def batch_too_large(talk: Talk) -> None:
    topic = await talk.topic(max_message_bytes="100")
    await talk.send(await request(talk, topic, batch(b"x" * 200)))


@case(ProduceRequest, lowest=3)
async def codecs(talk: Talk) -> None:
    topic = await talk.topic()
    for codec in (Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD):
        await talk.send(await request(talk, topic, batch(b"a" * 100, b"b" * 100, codec=codec)))
    await talk.send(fetch_request(topic, 0), 11)


@case(ProduceRequest, lowest=3)
async def too_few_replicas(talk: Talk) -> None:
    name = await talk.topic(min_insync_replicas="2")
    await talk.send(await request(talk, name, batch(b"a")))
    await talk.send(await request(talk, name, batch(b"a"), acks=1))


@case(ProduceRequest, lowest=3)
async def append_time(talk: Talk) -> None:
    topic = await talk.topic(message_timestamp_type="LogAppendTime")
    await talk.send(await request(talk, topic, batch(b"a", b"b")))
    await talk.send(fetch_request(topic, 0), 11)


@case(ProduceRequest, lowest=3)
async def keys_required_by_compaction(talk: Talk) -> None:
    topic = await talk.topic(cleanup_policy="compact")
    await talk.send(await request(talk, topic, batch(b"a", b"b", keys=[b"k", None])))
    await talk.send(await request(talk, topic, batch(b"a", keys=[b"k"])))
    await talk.send(await request(talk, topic, batch(b"a", b"b", b"c", codec=Codec.GZIP)))


@case()
async def timestamps_refused(talk: Talk) -> None:
    topic = await talk.topic(message_timestamp_after_max_ms="1000")
    late = int(time.time() * 1000) + 3_600_000
    await talk.send(await request(talk, topic, batch(b"a", timestamp=late), version=9), 9)
    topic = await talk.topic(message_timestamp_before_max_ms="1000")
    await talk.send(await request(talk, topic, batch(b"a", b"b"), version=9), 9)


@case()
async def codec_of_the_topic(talk: Talk) -> None:
    topic = await talk.topic(compression_type="gzip")
    for codec in (Codec.NONE, Codec.LZ4, Codec.GZIP):
        produced = await request(talk, topic, batch(b"a" * 100, codec=codec), version=9)
        await talk.send(produced, 9)
    await talk.send(fetch_request(topic, 0), 11)


def shaped(count: int = 1, *, base_offset: int = 0, control: bool = False, **more: int) -> bytes:
    """Return a batch with something odd about its header."""
    return build_batch(
        encode_records([1000], [None], [b"a"]),
        count=count,
        base_timestamp=1000,
        max_timestamp=1000,
        base_offset=base_offset,
        control=control,
        producer_id=more.get("producer_id", -1),
        producer_epoch=more.get("epoch", -1),
        base_sequence=more.get("sequence", -1),
        transactional=bool(more.get("transactional", 0)),
        log_append_time=bool(more.get("log_append_time", 0)),
    )


@case()
async def odd_headers(talk: Talk) -> None:
    topic = await talk.topic()
    for data in (
        shaped(base_offset=5),
        shaped(control=True),
        shaped(2),
        shaped(producer_id=5, epoch=0),
        shaped(transactional=1),
        shaped(producer_id=5, epoch=-1, sequence=0),
    ):
        await talk.refused(await request(talk, topic, data, version=9), 9)


@case()
async def append_time_claimed(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await request(talk, topic, shaped(log_append_time=1), version=9), 9)
    await talk.send(fetch_request(topic, 0), 11)


@case()
async def several_partitions(talk: Talk) -> None:
    topic = await talk.topic(2)
    data = ProduceRequest.PartitionProduceData
    entry = ProduceRequest.TopicProduceData(
        name=topic, partition_data=[data(index=n, records=batch(b"a")) for n in (0, 1, 2)]
    )
    other = ProduceRequest.TopicProduceData(
        name=talk.name(), partition_data=[data(index=0, records=batch(b"a"))]
    )
    await talk.send(ProduceRequest(acks=-1, timeout_ms=1000, topic_data=[entry, other]), 9)


@case()
async def no_partitions(talk: Talk) -> None:
    await talk.send(ProduceRequest(acks=-1, timeout_ms=1000, topic_data=[]), 9)


# -- idempotence ------------------------------------------------------------------------------


async def new_producer(talk: Talk) -> int:
    """Return a producer id that nobody has used."""
    answer = await talk.quiet(InitProducerIdRequest(transaction_timeout_ms=1000), 4)
    return answer.producer_id


async def in_turn(talk: Talk, topic: str, *turns: tuple[int, int, int], count: int = 1) -> None:
    """Produce with (producer id, epoch, sequence), one after the other."""
    for producer_id, epoch, sequence in turns:
        data = batch(*[b"x"] * count, producer_id=producer_id, epoch=epoch, sequence=sequence)
        version = talk.version if talk.version >= 0 else 9
        await talk.send(await request(talk, topic, data, version=version), version)


@case(ProduceRequest, lowest=3)
async def repeated_batch(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 0), (producer, 0, 1), (producer, 0, 0))


@case(ProduceRequest, lowest=3)
async def gap_in_sequences(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 0), (producer, 0, 5))


@case(ProduceRequest, lowest=3)
async def first_sequence_not_zero(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 7), (producer, 0, 8))


@case(ProduceRequest, lowest=3)
async def old_epoch(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 3, 0), (producer, 2, 1))


@case(ProduceRequest, lowest=3)
async def new_epoch_starts_at_zero(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 0), (producer, 1, 5), (producer, 1, 0))


@case()
async def batches_remembered(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, *((producer, 0, n) for n in range(7)))
    await in_turn(talk, topic, *((producer, 0, n) for n in (6, 2, 1, 0)))


@case()
async def part_of_a_batch_repeated(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 0), (producer, 0, 3), count=3)
    await in_turn(talk, topic, (producer, 0, 1), (producer, 0, 4), count=2)


@case()
async def sequences_wrap_around(talk: Talk) -> None:
    topic, producer = await talk.topic(), await new_producer(talk)
    highest = (1 << 31) - 1
    await in_turn(talk, topic, (producer, 0, highest), (producer, 0, 0), (producer, 0, 1))


@case()
async def producers_described(talk: Talk) -> None:
    from kafka.protocol.messages.describe_producers import DescribeProducersRequest

    topic, producer = await talk.topic(2), await new_producer(talk)
    await in_turn(talk, topic, (producer, 0, 0), (producer, 0, 1))
    wanted = DescribeProducersRequest.TopicRequest
    for name, partitions in ((topic, [0, 1, 2]), (talk.name(), [0]), ("a b", [0])):
        entry = wanted(name=name, partition_indexes=partitions)
        await talk.send(DescribeProducersRequest(topics=[entry]), 0)
