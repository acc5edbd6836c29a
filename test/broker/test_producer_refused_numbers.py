"""A broker refuses the number of a batch: who is numbered anew, who fails (KIP-360)."""

from __future__ import annotations

import pytest

from kafka.errors import (
    InvalidProducerEpochError,
    OutOfOrderSequenceNumberError,
    UnknownProducerIdError,
)
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import DropResponse, Fail
from test.support.numbers import places
from test.support.producer_story import answer, known_producer, send_each, values
from test.support.stage import inject_each

UNKNOWN = UnknownProducerIdError.errno
FIVE = [b"1", b"2", b"3", b"4", b"5"]


async def test_what_an_unclean_election_has_lost_does_not_stop_the_producer() -> None:
    """Regression R38: after OUT_OF_ORDER_SEQUENCE_NUMBER sends go on."""
    async with known_producer() as (cluster, producer):
        for value in FIVE:
            await (await producer.send("t", value))
        cluster.truncate("t", 0, 3)
        futures = await send_each(producer, b"6", b"7", b"8")
        await producer.flush()
        assert [future.get().offset for future in futures] == [3, 4, 5]
        assert values(cluster) == [b"warm up", b"1", b"2", b"6", b"7", b"8"]
        assert places(cluster)[-3:] == [(1, 0), (1, 1), (1, 2)]


async def test_a_producer_that_the_broker_has_forgotten_goes_on_in_the_next_epoch() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, answer(cluster, UNKNOWN, log_start_offset=0))
        futures = await send_each(producer, *FIVE)
        await producer.flush()
        assert values(cluster)[1:] == FIVE
        assert [future.get().offset for future in futures] == [1, 2, 3, 4, 5]
        assert places(cluster)[-1][0] == 1


async def test_records_that_retention_has_deleted_do_not_stop_the_producer() -> None:
    async with known_producer() as (cluster, producer):
        cluster.delete_records("t", 0, 1)
        # A broker that has just lost the partition cannot say where the log begins.
        inject_each(
            cluster,
            ProduceRequest,
            Fail(UnknownProducerIdError),
            answer(cluster, UNKNOWN, log_start_offset=1),
        )
        found = await (await producer.send("t", b"x"))
        assert (found.offset, values(cluster)) == (1, [b"x"])
        assert places(cluster) == [(0, 0), (0, 1), (0, 1), (1, 0)]


async def test_a_batch_that_may_be_written_fails_rather_than_getting_another_number() -> None:
    async with known_producer(request_timeout_ms=1000) as (cluster, producer):
        inject_each(cluster, ProduceRequest, DropResponse(), Fail(OutOfOrderSequenceNumberError))
        first = await producer.send("t", b"in doubt")
        with pytest.raises(OutOfOrderSequenceNumberError, match="may have been written") as caught:
            await first
        assert caught.value.may_be_written
        await (await producer.send("t", b"next"))
        assert values(cluster) == [b"warm up", b"in doubt", b"next"]


async def test_batches_of_a_newer_epoch_fail_this_one_and_the_producer_goes_on() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(InvalidProducerEpochError), topic="t")
        with pytest.raises(InvalidProducerEpochError) as caught:
            await (await producer.send("t", b"old"))
        assert not caught.value.may_be_written
        await (await producer.send("t", b"new"))
        assert places(cluster)[-1] == (1, 0)
