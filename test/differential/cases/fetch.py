"""Fetch, ListOffsets, OffsetForLeaderEpoch, DeleteRecords."""

from __future__ import annotations

from uuid import UUID

from kafka.protocol.messages.delete_records import DeleteRecordsRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.protocol.schema import ZERO_UUID
from kafka.record.compression import Codec
from test.differential.case import Talk, case
from test.support.embedded import BY_ID, batch, fetch_request, produce_request


async def fill(talk: Talk, topic: str, *batches: bytes, partition: int = 0) -> None:
    """Append batches."""
    for data in batches or (batch(b"a", b"b", b"c"), batch(b"d", b"e", timestamp=2000)):
        answer = await talk.quiet(produce_request(topic, data, partition=partition), 9)
        assert answer.responses[0].partition_responses[0].error_code == 0


async def fetching(talk: Talk, topic: str, offset: int, **options: object) -> FetchRequest:
    """Return a Fetch of one partition, with names or ids as the version wants."""
    topic_id = await talk.topic_id(topic) if talk.version >= BY_ID else ZERO_UUID
    return fetch_request(topic, offset, topic_id=topic_id, **options)  # type: ignore[arg-type]


@case(FetchRequest, lowest=4)
async def records_fetched(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for offset in (0, 1, 3, 5):
        await talk.send(await fetching(talk, topic, offset))


@case(FetchRequest, highest=3, releases=["3.9.2"])
async def records_fetched_in_old_formats(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic, batch(b"a", b"b"), batch(b"c", codec=Codec.GZIP))
    await talk.send(await fetching(talk, topic, 0))
    await talk.send(await fetching(talk, topic, 1))
    await talk.send(await fetching(talk, topic, 3))


@case(FetchRequest, lowest=4)
async def offset_out_of_range(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for offset in (6, 1000, -1):
        await talk.send(await fetching(talk, topic, offset))


@case(FetchRequest, lowest=4)
async def empty_partition(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await fetching(talk, topic, 0))
    await talk.send(await fetching(talk, topic, 0, max_wait_ms=50))


@case(FetchRequest, lowest=4)
async def partition_unknown(talk: Talk) -> None:
    await talk.send(await fetching(talk, await talk.topic(), 0, partition=9))


@case(FetchRequest, lowest=4, highest=12)
async def topic_unknown(talk: Talk) -> None:
    await talk.send(fetch_request(talk.name(), 0))


@case(FetchRequest, lowest=13)
async def topic_id_unknown(talk: Talk) -> None:
    await talk.send(fetch_request("", 0, topic_id=UUID(int=55)))
    await talk.send(fetch_request("", 0))


@case(FetchRequest, lowest=4)
async def limits(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic, *(batch(b"x" * 200) for _ in range(4)))
    for size in (1, 300, 600):
        await talk.send(await fetching(talk, topic, 0, partition_max_bytes=size))
        await talk.send(await fetching(talk, topic, 0, max_bytes=size))
    await talk.send(await fetching(talk, topic, 0, max_bytes=0, partition_max_bytes=0))


def of_partitions(topic: str, *partitions: int, max_bytes: int, partition_max: int) -> FetchRequest:
    asked = [
        FetchRequest.FetchPartition(partition=n, fetch_offset=0, partition_max_bytes=partition_max)
        for n in partitions
    ]
    return FetchRequest(
        max_wait_ms=0,
        min_bytes=1,
        max_bytes=max_bytes,
        session_epoch=-1,
        topics=[FetchRequest.FetchTopic(topic=topic, partitions=asked)],
    )


@case(FetchRequest, lowest=4, highest=12)
async def limits_over_partitions(talk: Talk) -> None:
    topic = await talk.topic(3)
    for partition in range(3):
        await fill(talk, topic, batch(b"x" * 200), partition=partition)
    for most, partition_max in ((1 << 20, 10), (300, 1 << 20), (600, 1 << 20), (1, 1)):
        await talk.send(of_partitions(topic, 0, 1, 2, max_bytes=most, partition_max=partition_max))


@case(FetchRequest, lowest=9)
async def leader_epochs(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for epoch in (0, 1, 100):
        await talk.send(await fetching(talk, topic, 0, leader_epoch=epoch))


@case(FetchRequest, lowest=12)
async def last_fetched_epochs(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for offset, epoch in ((0, 0), (5, 0), (7, 0), (3, 4)):
        await talk.send(await fetching(talk, topic, offset, last_fetched_epoch=epoch))


@case(FetchRequest, lowest=11)
async def rack_given(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    await talk.send(await fetching(talk, topic, 0, rack_id="r1"))


@case(FetchRequest, lowest=4)
async def isolation(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for level in (0, 1):
        await talk.send(await fetching(talk, topic, 0, isolation_level=level))


# -- sessions ---------------------------------------------------------------------------------


@case(FetchRequest, lowest=7)
async def session(talk: Talk) -> None:
    topic = await talk.topic(2)
    await fill(talk, topic)
    opened = await talk.send(await fetching(talk, topic, 0, session_epoch=0))

    async def go_on(epoch: int, *, forget: bool = False) -> None:
        topic_id = await talk.topic_id(topic) if talk.version >= BY_ID else ZERO_UUID
        gone = FetchRequest.ForgottenTopic(topic=topic, topic_id=topic_id, partitions=[0])
        request = FetchRequest(
            max_wait_ms=0,
            min_bytes=1,
            max_bytes=1 << 20,
            session_id=opened.session_id,
            session_epoch=epoch,
            topics=[],
            forgotten_topics_data=[gone] if forget else [],
        )
        await talk.send(request)

    await go_on(1)
    moved = await fetching(talk, topic, 5, session_id=opened.session_id, session_epoch=2)
    await talk.send(moved)
    await go_on(3)
    await fill(talk, topic, batch(b"f"))
    await go_on(4)
    more = await fetching(
        talk, topic, 0, partition=1, session_id=opened.session_id, session_epoch=5
    )
    await talk.send(more)
    await go_on(6, forget=True)
    await go_on(7)
    await go_on(7)
    await go_on(-1)
    await go_on(8)


@case(FetchRequest, lowest=7)
async def session_unknown(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await fetching(talk, topic, 0, session_id=123456, session_epoch=1))
    await talk.send(await fetching(talk, topic, 0, session_id=123456, session_epoch=0))
    await talk.send(await fetching(talk, topic, 0, session_id=0, session_epoch=5))


@case(FetchRequest, lowest=7)
async def session_with_errors(talk: Talk) -> None:
    topic = await talk.topic()
    request = await fetching(talk, topic, 100, session_epoch=0)
    opened = await talk.send(request)
    follow = await fetching(
        talk, topic, 0, partition=4, session_id=opened.session_id, session_epoch=1
    )
    await talk.send(follow)
    empty = FetchRequest(max_wait_ms=0, session_id=opened.session_id, session_epoch=2, topics=[])
    await talk.send(empty)


# -- ListOffsets ------------------------------------------------------------------------------

LATEST, EARLIEST, MAX_TIMESTAMP, LOCAL, TIERED, PENDING = -1, -2, -3, -4, -5, -6


def listing(
    topic: str, *timestamps: int, partition: int = 0, epoch: int = -1, isolation: int = 0
) -> list[ListOffsetsRequest]:
    """Return a request for each timestamp."""
    asked = ListOffsetsRequest.ListOffsetsPartition
    return [
        ListOffsetsRequest(
            replica_id=-1,
            isolation_level=isolation,
            topics=[
                ListOffsetsRequest.ListOffsetsTopic(
                    name=topic,
                    partitions=[
                        asked(
                            partition_index=partition,
                            timestamp=timestamp,
                            current_leader_epoch=epoch,
                        )
                    ],
                )
            ],
        )
        for timestamp in timestamps
    ]


@case(ListOffsetsRequest, lowest=1)
async def offsets_by_time(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for asked in listing(topic, 0, 1000, 1001, 1500, 2000, 2001, 5000, LATEST, EARLIEST):
        await talk.send(asked)


@case(ListOffsetsRequest, lowest=1)
async def offsets_by_time_in_compressed_batches(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic, batch(b"a", b"b", b"c", codec=Codec.GZIP))
    for asked in listing(topic, 1000, 1001, 1002, 1003):
        await talk.send(asked)


@case(ListOffsetsRequest, lowest=1)
async def special_times(talk: Talk) -> None:
    topic = await talk.topic()
    for asked in listing(topic, LATEST, EARLIEST, MAX_TIMESTAMP, LOCAL, TIERED, PENDING, -7):
        await talk.send(asked)
    await fill(talk, topic)
    for asked in listing(topic, MAX_TIMESTAMP, LOCAL, TIERED, PENDING):
        await talk.send(asked)


@case(ListOffsetsRequest, highest=0, releases=["3.9.2"])
async def lists_of_offsets(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for timestamp, count in ((LATEST, 1), (EARLIEST, 1), (LATEST, 5), (1500, 5), (LATEST, 0)):
        (asked,) = listing(topic, timestamp)
        asked.topics[0].partitions[0].max_num_offsets = count
        await talk.send(asked)


@case(ListOffsetsRequest, lowest=1)
async def offsets_of_unknown_partitions(talk: Talk) -> None:
    topic = await talk.topic()
    for name, partition in ((topic, 5), (topic, -1), (talk.name(), 0)):
        for asked in listing(name, LATEST, partition=partition):
            await talk.send(asked)


@case(ListOffsetsRequest, lowest=4)
async def offsets_with_leader_epochs(talk: Talk) -> None:
    topic = await talk.topic()
    for epoch in (0, 1):
        for asked in listing(topic, LATEST, epoch=epoch):
            await talk.send(asked)


@case(ListOffsetsRequest, lowest=2)
async def offsets_of_committed_records(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for asked in listing(topic, LATEST, EARLIEST, 1001, isolation=1):
        await talk.send(asked)


@case()
async def partition_asked_twice(talk: Talk) -> None:
    topic = await talk.topic()
    (asked,) = listing(topic, LATEST)
    asked.topics[0].partitions = [*asked.topics[0].partitions] * 2
    await talk.send(asked, 6)


# -- OffsetForLeaderEpoch ---------------------------------------------------------------------


@case(OffsetForLeaderEpochRequest)
async def ends_of_epochs(talk: Talk) -> None:
    topic = await talk.topic()
    asked = OffsetForLeaderEpochRequest
    for filled in (False, True):
        if filled:
            await fill(talk, topic)
        for name, partition, current, epoch in (
            (topic, 0, -1, 0),
            (topic, 0, -1, 3),
            (topic, 0, -1, -1),
            (topic, 0, 0, 0),
            (topic, 0, 9, 0),
            (topic, 8, -1, 0),
            ("no-such-topic", 0, -1, 0),
        ):
            entry = asked.OffsetForLeaderPartition(
                partition=partition,
                current_leader_epoch=current if talk.version >= 2 else -1,
                leader_epoch=epoch,
            )
            one = asked.OffsetForLeaderTopic(topic=name, partitions=[entry])
            # Kafka takes no request of version 2 or older from clients; -2 is "anybody's".
            await talk.send(asked(replica_id=-1 if talk.version >= 3 else -2, topics=[one]))


# -- DeleteRecords ----------------------------------------------------------------------------


def deleting(topic: str, offset: int, partition: int = 0) -> DeleteRecordsRequest:
    entry = DeleteRecordsRequest.DeleteRecordsPartition(partition_index=partition, offset=offset)
    return DeleteRecordsRequest(
        topics=[DeleteRecordsRequest.DeleteRecordsTopic(name=topic, partitions=[entry])],
        timeout_ms=5000,
    )


@case(DeleteRecordsRequest)
async def records_deleted(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    for offset in (2, 1, -1, 6, -2):
        await talk.send(deleting(topic, offset))
    await talk.send(fetch_request(topic, 0), 11)
    for asked in listing(topic, EARLIEST, LATEST, 0, MAX_TIMESTAMP):
        await talk.send(asked, 7)


@case(DeleteRecordsRequest)
async def deletion_refused(talk: Talk) -> None:
    await talk.send(deleting(await talk.topic(), 0, partition=3))
    await talk.send(deleting(talk.name(), 0))
    await talk.send(deleting(await talk.topic(cleanup_policy="compact"), 0))
    await talk.send(deleting("__consumer_offsets", 0))


@case()
async def fetch_after_deletion(talk: Talk) -> None:
    topic = await talk.topic()
    await fill(talk, topic)
    await talk.send(deleting(topic, 1), 2)
    await talk.send(fetch_request(topic, 0), 11)
    await talk.send(fetch_request(topic, 1), 11)
