"""Offsets in transactions, and what is told about transactions."""

from __future__ import annotations

from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.describe_producers import DescribeProducersRequest
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
)
from kafka.protocol.messages.list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
)
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.protocol.schema import ZERO_UUID
from test.differential.case import Talk, case
from test.differential.producer import Producer, ended


async def committing(
    talk: Talk, producer: Producer, group: str, topic: str, version: int, **options: object
) -> TxnOffsetCommitRequest:
    topic_id = await talk.topic_id(topic) if version >= 6 else ZERO_UUID
    entry = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition
    named = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
        name=topic,
        topic_id=topic_id,
        partitions=[entry(partition_index=0, committed_offset=5, committed_metadata="m")],
    )
    defaults = {
        "transactional_id": producer.name,
        "group_id": group,
        "producer_id": producer.id,
        "producer_epoch": producer.epoch,
        "topics": [named],
    }
    return TxnOffsetCommitRequest(**(defaults | options))  # type: ignore[arg-type] # by name


@case(TxnOffsetCommitRequest)
async def offsets_committed_in_a_transaction(talk: Talk) -> None:
    group, topic, producer = talk.name(), await talk.topic(), await Producer.start(talk)
    added = AddOffsetsToTxnRequest(
        transactional_id=producer.name,
        producer_id=producer.id,
        producer_epoch=producer.epoch,
        group_id=group,
    )
    await talk.quiet(added, 3)
    await talk.send(await committing(talk, producer, group, topic, talk.version))
    asked = OffsetFetchRequest.OffsetFetchRequestTopics(name=topic, partition_indexes=[0])
    one = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=[asked])
    for stable in (False, True):
        await talk.send(OffsetFetchRequest(groups=[one], require_stable=stable), 8)
    await talk.quiet(producer.ending(), 4)
    request = OffsetFetchRequest(groups=[one], require_stable=True)
    await talk.eventually(
        request, 8, lambda answer: not answer.groups[0].topics[0].partitions[0].error_code
    )


@case(TxnOffsetCommitRequest)
async def offsets_in_transactions_refused(talk: Talk) -> None:
    group, topic, producer = talk.name(), await talk.topic(), await Producer.start(talk)
    send = committing
    await talk.send(await send(talk, producer, "", topic, talk.version))
    if talk.version >= 3:
        more: dict[str, object] = {"member_id": "nobody", "generation_id_or_member_epoch": 1}
        await talk.send(await send(talk, producer, group, topic, talk.version, **more))
        more = {"generation_id_or_member_epoch": 4}
        await talk.send(await send(talk, producer, group, topic, talk.version, **more))


@case(TxnOffsetCommitRequest)
async def offsets_without_adding(talk: Talk) -> None:
    group, topic, producer = talk.name(), await talk.topic(), await Producer.start(talk)
    await talk.send(await committing(talk, producer, group, topic, talk.version))


# -- telling about transactions ---------------------------------------------------------------


@case()
async def transactions_described(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    asked = DescribeTransactionsRequest(transactional_ids=[producer.name])
    await talk.send(asked, 0)
    await producer.add(topic)
    await talk.send(asked, 0)
    await talk.send(DescribeTransactionsRequest(transactional_ids=[talk.name()]), 0)
    await talk.send(DescribeTransactionsRequest(transactional_ids=[""]), 0)
    await talk.send(DescribeTransactionsRequest(transactional_ids=[]), 0)


@case(ListTransactionsRequest)
async def transactions_listed(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    idle = await Producer.start(talk)
    await producer.add(topic)

    def only(answer: ListTransactionsResponse) -> None:
        mine = {producer.name, idle.name}
        answer.transaction_states = [
            state for state in answer.transaction_states if state.transactional_id in mine
        ]

    for states in ([], ["Ongoing"], ["Empty"], ["ongoing"], ["Nonsense"], ["Ongoing", "Nonsense"]):
        await talk.send(ListTransactionsRequest(state_filters=states), only=only)
    await talk.send(ListTransactionsRequest(producer_id_filters=[producer.id]), only=only)
    await talk.send(ListTransactionsRequest(producer_id_filters=[12345678]), only=only)
    if talk.version >= 1:
        for duration in (0, 3_600_000):
            await talk.send(ListTransactionsRequest(duration_filter=duration), only=only)
    if talk.version >= 2:
        for pattern in ("", ".*-1", "nothing", "("):
            await talk.send(ListTransactionsRequest(transactional_id_pattern=pattern), only=only)


@case()
async def open_transaction_of_a_producer(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await producer.add(topic)
    await talk.quiet(await producer.writing(topic), 11)
    wanted = DescribeProducersRequest.TopicRequest(name=topic, partition_indexes=[0])
    await talk.send(DescribeProducersRequest(topics=[wanted]), 0)
    await talk.quiet(producer.ending(), 4)
    await ended(talk, topic, 2)
    await talk.send(DescribeProducersRequest(topics=[wanted]), 0)
