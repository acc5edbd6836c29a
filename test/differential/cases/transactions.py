"""Transactions: InitProducerId to EndTxn, and what is written in between."""

from __future__ import annotations

from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
)
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.schema import ZERO_UUID
from test.differential.case import Talk, case
from test.differential.producer import CODE_IN_PROGRESS, FOREVER, Producer, ended, starting
from test.support.embedded import BY_ID, batch, fetch_request, produce_request


@case(InitProducerIdRequest)
async def producer_ids(talk: Talk) -> None:
    await talk.send(starting(None))
    await talk.send(starting(None))
    name = talk.name()
    await talk.send(starting(name))
    await talk.send(starting(name))


@case(InitProducerIdRequest)
async def producer_ids_refused(talk: Talk) -> None:
    await talk.send(starting(""))
    for timeout in (0, -1, 1_000_000_000):
        await talk.send(starting(talk.name(), transaction_timeout_ms=timeout))
    await talk.send(starting(None, transaction_timeout_ms=0))


@case(InitProducerIdRequest, lowest=3)
async def producer_ids_again(talk: Talk) -> None:
    name = talk.name()
    first = await talk.send(starting(name))

    async def again(producer_id: int, epoch: int) -> InitProducerIdResponse:
        return await talk.send(starting(name, producer_id=producer_id, producer_epoch=epoch))

    second = await again(first.producer_id, first.producer_epoch)
    await again(first.producer_id, first.producer_epoch)
    await again(second.producer_id, second.producer_epoch + 5)
    await again(second.producer_id + 100_000, 0)
    await again(second.producer_id, -1)
    await again(-1, 0)
    await talk.send(starting(None, producer_id=first.producer_id, producer_epoch=0))


@case(AddPartitionsToTxnRequest, highest=3)
async def partitions_added(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic(2)
    await talk.send(producer.adding(topic, 0, 1))
    await talk.send(producer.adding(topic, 0))
    await talk.send(producer.adding(topic, 1, 8))
    await talk.send(producer.adding("no-such-topic"))
    await talk.send(producer.adding(topic, v3_and_below_producer_epoch=producer.epoch + 1))
    await talk.send(producer.adding(topic, v3_and_below_producer_epoch=-1))
    await talk.send(producer.adding(topic, v3_and_below_producer_id=producer.id + 100_000))
    await talk.send(producer.adding(topic, v3_and_below_transactional_id=talk.name()))
    await talk.send(producer.adding(topic, v3_and_below_transactional_id=""))


@case(AddPartitionsToTxnRequest, lowest=4)
async def partitions_added_in_batches(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic(2)

    def adding(partition: int, *, verify: bool, **options: object) -> AddPartitionsToTxnRequest:
        defaults = {
            "transactional_id": producer.name,
            "producer_id": producer.id,
            "producer_epoch": producer.epoch,
            "verify_only": verify,
            "topics": [
                AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(
                    name=topic, partitions=[partition]
                )
            ],
        }
        one = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction(**(defaults | options))
        return AddPartitionsToTxnRequest(transactions=[one])

    await talk.send(adding(0, verify=True))
    await talk.send(adding(0, verify=False))
    await talk.send(adding(0, verify=True))
    await talk.send(adding(1, verify=True))
    await talk.send(adding(0, verify=True, producer_epoch=producer.epoch + 1))
    await talk.send(adding(0, verify=False, producer_epoch=producer.epoch + 1))
    await talk.send(adding(0, verify=True, transactional_id=talk.name()))
    await talk.send(adding(9, verify=False))


@case(AddOffsetsToTxnRequest)
async def offsets_added(talk: Talk) -> None:
    producer = await Producer.start(talk)
    for options in (
        {},
        {"producer_epoch": producer.epoch + 1},
        {"producer_id": producer.id + 100_000},
        {"transactional_id": talk.name()},
        {"transactional_id": ""},
        {"group_id": ""},
    ):
        defaults = {
            "transactional_id": producer.name,
            "producer_id": producer.id,
            "producer_epoch": producer.epoch,
            "group_id": talk.name(),
        }
        await talk.send(AddOffsetsToTxnRequest(**(defaults | options)))


@case(EndTxnRequest)
async def transaction_of_nothing_ended(talk: Talk) -> None:
    for commit in (True, False):
        producer = await Producer.start(talk)
        await talk.send(producer.ending(commit=commit))


@case(EndTxnRequest)
async def transaction_ended(talk: Talk) -> None:
    for commit in (True, False):
        producer, topic = await Producer.start(talk), await talk.topic()
        await producer.add(topic)
        await talk.send(await producer.writing(topic), 11)
        await talk.send(producer.ending(commit=commit))
        await ended(talk, topic, 2)
        await producer.at_rest()
        await talk.send(producer.ending(commit=commit))
        await talk.send(producer.ending(commit=not commit))


@case(EndTxnRequest)
async def ends_refused(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await producer.add(topic)
    await talk.send(producer.ending(producer_epoch=producer.epoch + 1))
    await talk.send(producer.ending(producer_epoch=producer.epoch - 1))
    await talk.send(producer.ending(producer_id=producer.id + 100_000))
    await talk.send(producer.ending(transactional_id=talk.name()))
    await talk.send(producer.ending(transactional_id=""))


@case(ProduceRequest, lowest=3)
async def written_in_a_transaction(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await producer.add(topic)
    await talk.send(await producer.writing(topic, version=talk.version))
    await talk.send(await producer.writing(topic, 1, version=talk.version))
    await talk.send(fetch_request(topic, 0, isolation_level=1), 11)
    await talk.send(fetch_request(topic, 0, isolation_level=0), 11)


@case(ProduceRequest, lowest=3)
async def written_without_adding(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await talk.send(await producer.writing(topic, version=talk.version))
    await talk.send(DescribeTransactionsRequest(transactional_ids=[producer.name]), 0)


@case(ProduceRequest, lowest=3)
async def transactional_batches_refused(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await talk.send(await producer.writing(topic, name=None, version=talk.version))
    await talk.send(await producer.writing(topic, name=talk.name(), version=talk.version))
    plain = batch(b"x", producer_id=producer.id, epoch=producer.epoch, sequence=0)
    topic_id = await talk.topic_id(topic) if talk.version >= BY_ID else ZERO_UUID
    await producer.add(topic)
    await talk.send(
        produce_request(topic, plain, topic_id=topic_id, transactional_id=producer.name)
    )


@case(ProduceRequest, lowest=3)
async def zombie_fenced(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await producer.add(topic)
    await talk.send(await producer.writing(topic, version=talk.version))
    await talk.eventually(starting(producer.name), 4, lambda answer: answer.error_code != 51)
    await ended(talk, topic, 2)
    await talk.send(await producer.writing(topic, 1, version=talk.version))
    await talk.send(producer.ending(), 4)
    await talk.send(producer.adding(topic), 3)


@case(FetchRequest, lowest=4, highest=12)
async def committed_and_aborted(talk: Talk) -> None:
    topic = await talk.topic(segment_ms=FOREVER)
    for turn, commit in enumerate((True, False, True)):
        producer = await Producer.start(talk)
        await producer.add(topic)
        await talk.quiet(await producer.writing(topic), 11)
        await talk.quiet(producer.ending(commit=commit), 4)
        await ended(talk, topic, 2 * turn + 2)
    for level in (0, 1):
        for offset in (0, 2, 3, 5):
            await talk.send(fetch_request(topic, offset, isolation_level=level))


@case(ListOffsetsRequest, lowest=2)
async def last_stable_offset(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await talk.quiet(produce_request(topic, batch(b"a")), 9)
    await producer.add(topic)
    await talk.quiet(await producer.writing(topic), 11)
    for level in (0, 1):
        for timestamp in (-1, -2, 0, 5000):
            asked = ListOffsetsRequest.ListOffsetsPartition(partition_index=0, timestamp=timestamp)
            entry = ListOffsetsRequest.ListOffsetsTopic(name=topic, partitions=[asked])
            request = ListOffsetsRequest(replica_id=-1, isolation_level=level, topics=[entry])
            await talk.send(request)


@case()
async def two_transactions_open(talk: Talk) -> None:
    topic = await talk.topic(segment_ms=FOREVER)
    first, second = await Producer.start(talk), await Producer.start(talk)
    for producer in (first, second):
        await producer.add(topic)
        await talk.quiet(await producer.writing(topic), 11)
    await talk.quiet(second.ending(commit=False), 4)
    request = fetch_request(topic, 0, isolation_level=1)
    await talk.eventually(
        request, 11, lambda answer: answer.responses[0].partitions[0].high_watermark == 3
    )
    await talk.quiet(first.ending(), 4)
    await ended(talk, topic, 4)
    await talk.send(request, 11)


@case(EndTxnRequest, lowest=5)
async def epoch_renewed_at_the_end(talk: Talk) -> None:
    producer, topic = await Producer.start(talk), await talk.topic()
    await talk.send(await producer.writing(topic, version=13), 13)
    answer = await talk.send(producer.ending())
    await ended(talk, topic, 2)
    # Kafka answers 51 until it has also noted that the markers are written.
    await talk.eventually(
        producer.ending(), talk.version, lambda answer: answer.error_code != CODE_IN_PROGRESS
    )
    await talk.send(await producer.writing(topic, 1, version=13), 13)
    producer.id, producer.epoch = answer.producer_id, answer.producer_epoch
    await talk.send(await producer.writing(topic, version=13), 13)
    await talk.send(producer.ending(commit=False))
