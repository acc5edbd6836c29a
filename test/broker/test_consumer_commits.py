"""Committed offsets of hand-assigned partitions: commit, resume, coordinators that give trouble."""

from __future__ import annotations

import asyncio
import copy
import pickle
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import (
    BrokerResponseError,
    CommitFailedError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    NotCoordinatorError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownServerError,
    UnknownTopicOrPartitionError,
    UnstableOffsetCommitError,
    WakeupError,
)
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from kafka.testing.broker.faults import Answer, Delay, Disconnect, DropResponse
from test.broker.consumer_support import T0, T1, consumer, read, values
from test.support.groups import ClassicMember
from test.support.stage import asked, cluster_of, inject_each

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster

U0 = TopicPartition("u", 0)
RECORDS = [b"a", b"b", b"c", b"d"]


# Any: options of every type.
@asynccontextmanager
async def stage(nodes: int = 1, **options: Any) -> AsyncIterator[EmbeddedCluster]:
    """Run a cluster that has the topic ``t`` of two partitions with records in the first."""
    async with cluster_of(nodes, **options) as cluster:
        cluster.create_topic("t", 2)
        cluster.append("t", *RECORDS)
        yield cluster


# Any: options of every type.
@asynccontextmanager
async def member(
    cluster: EmbeddedCluster, *partitions: TopicPartition, **options: Any
) -> AsyncIterator[AsyncKafkaConsumer]:
    """Run a consumer of the group ``g`` that reads *partitions*, by default ``t-0``."""
    options.setdefault("enable_auto_commit", False)
    async with consumer(cluster, group_id="g", **options) as reader:
        reader.assign(partitions or (T0,))
        yield reader


# -- commit and resume -----------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8", "3.9", "4.4"])
async def test_group_goes_on_where_it_has_committed(version: str) -> None:
    async with stage(version=version) as cluster:
        async with member(cluster) as reader:
            assert values(await read(reader, 2, max_records=2)) == RECORDS[:2]
            await reader.commit()
            assert await reader.committed(T0) == 2
        async with member(cluster) as reader:
            assert values(await read(reader, 2)) == RECORDS[2:]


async def test_without_a_committed_offset_the_policy_says_where_to_start() -> None:
    async with stage() as cluster, member(cluster) as reader:
        assert values(await read(reader, 4)) == RECORDS
        assert cluster.count(OffsetFetchRequest) == 1


async def test_without_a_committed_offset_and_a_policy_a_poll_raises() -> None:
    async with stage() as cluster, member(cluster, auto_offset_reset="none") as reader:
        with pytest.raises(NoOffsetForPartitionError, match="t-0 has no committed offset"):
            await reader.poll(5000)


async def test_commit_takes_offsets_with_text_and_epoch() -> None:
    async with stage() as cluster, member(cluster) as reader:
        await reader.commit({T0: OffsetAndMetadata(3, "note", 0), T1: OffsetAndMetadata(1)})
        assert await reader.committed(T0, metadata=True) == OffsetAndMetadata(3, "note", 0)
        assert await reader.committed([T0, T1]) == {T0: 3, T1: 1}


async def test_committed_is_none_for_what_was_never_committed() -> None:
    async with stage() as cluster, member(cluster) as reader:
        await reader.commit({T0: OffsetAndMetadata(3)})
        assert await reader.committed(T1) is None
        found = await reader.committed({T0, T1}, metadata=True)
        assert found == {T0: OffsetAndMetadata(3), T1: None}
        assert await reader.committed([]) == {}


async def test_partition_need_not_be_assigned_to_be_committed() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.create_topic("u")
        await reader.commit({U0: OffsetAndMetadata(5)})
        assert await reader.committed(U0) == 5


async def test_commit_of_nothing_consumed_is_no_error() -> None:
    async with stage() as cluster, consumer(cluster, group_id="g") as reader:
        await reader.commit()
        assert cluster.count(OffsetCommitRequest) == 0


async def test_seek_is_committed_without_reading() -> None:
    async with stage() as cluster, member(cluster) as reader:
        reader.seek(T0, 3)
        await reader.commit()
        assert await reader.committed(T0) == 3


async def test_record_in_hand_is_committed_by_commit() -> None:
    async with stage() as cluster, member(cluster) as reader:
        await reader.__anext__()
        await reader.commit()
        assert await reader.committed(T0) == 1


async def test_topics_are_named_by_their_ids_where_these_are_known() -> None:
    async with stage() as cluster, member(cluster) as reader:
        await read(reader, 4)
        await reader.commit()
        (sent,) = asked(cluster, OffsetCommitRequest)
        assert sent.topics[0].topic_id.int
        await reader.committed(T0)
        assert (asked(cluster, OffsetFetchRequest)[-1].groups[0].topics or [])[0].topic_id.int


async def test_committed_epoch_is_validated_by_the_leader() -> None:
    async with stage() as cluster:
        async with member(cluster) as reader:
            await read(reader, 4)
            await reader.commit()
            committed = await reader.committed(T0, metadata=True)
            assert committed.leader_epoch == 0
        cluster.append("t", b"e")
        async with member(cluster) as reader:
            assert values(await read(reader, 1)) == [b"e"]
        assert cluster.count(OffsetForLeaderEpochRequest) == 1


async def test_offsets_of_two_commits_take_effect_in_the_order_of_the_calls() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.inject(OffsetCommitRequest, Delay(3))
        futures = [reader.commit_async({T0: OffsetAndMetadata(at)}) for at in range(1, 50)]
        await reader.commit({T0: OffsetAndMetadata(50)})
        assert all(future.succeeded() for future in futures)
        assert await reader.committed(T0) == 50
        assert cluster.count(OffsetCommitRequest) == 2


# -- trouble -----------------------------------------------------------------------------------

PASSING = [
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    CoordinatorLoadInProgressError,
    RequestTimedOutError,
    UnknownServerError,
]


@pytest.mark.parametrize("error", [*PASSING, UnknownTopicOrPartitionError])
async def test_commit_outlives_errors_that_pass(error: type[BrokerResponseError]) -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, error, topic="t", times=3)
        await reader.commit({T0: OffsetAndMetadata(3)})
        assert await reader.committed(T0) == 3


@pytest.mark.parametrize("error", [*PASSING, UnstableOffsetCommitError])
async def test_first_position_outlives_errors_that_pass(
    error: type[BrokerResponseError],
) -> None:
    async with stage() as cluster:
        async with member(cluster) as reader:
            await reader.commit({T0: OffsetAndMetadata(3)})
        cluster.fail(OffsetFetchRequest, error, topic="t", times=3)
        async with member(cluster) as reader:
            assert values(await read(reader, 1)) == RECORDS[3:]
        assert cluster.count(ListOffsetsRequest) == 0


@pytest.mark.parametrize("error", PASSING)
async def test_error_of_the_whole_group_is_no_missing_offset(
    error: type[BrokerResponseError],
) -> None:
    async with stage() as cluster, member(cluster) as reader:
        await reader.commit({T0: OffsetAndMetadata(3)})
        cluster.fail(OffsetFetchRequest, error, times=3)
        assert await reader.committed(T0) == 3


async def test_empty_answer_is_no_missing_offset() -> None:
    async with stage() as cluster:
        async with member(cluster) as reader:
            await reader.commit({T0: OffsetAndMetadata(3)})
        cluster.inject(OffsetFetchRequest, Answer(OffsetFetchResponse()), times=2)
        async with member(cluster) as reader:
            assert await reader.position(T0) == 3


async def test_offset_of_an_open_transaction_is_waited_for() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(OffsetFetchRequest, UnstableOffsetCommitError, topic="t", times=None)
        with pytest.raises(KafkaTimeoutError, match="t-0: UnstableOffsetCommitError"):
            await reader.committed(T0, timeout_ms=3000)
        (first, *_) = asked(cluster, OffsetFetchRequest)
        assert first.require_stable


@pytest.mark.parametrize("fault", [DropResponse(), Disconnect(), Disconnect(True)])
@pytest.mark.parametrize("api", [OffsetCommitRequest, OffsetFetchRequest, FindCoordinatorRequest])
async def test_lost_answers_cost_nothing_but_time(
    api: type[OffsetCommitRequest | OffsetFetchRequest | FindCoordinatorRequest], fault: Any
) -> None:
    async with stage() as cluster, member(cluster, request_timeout_ms=3000) as reader:
        inject_each(cluster, api, fault, fault)
        await reader.commit({T0: OffsetAndMetadata(3)})
        assert await reader.committed(T0) == 3


async def test_moved_coordinator_is_found() -> None:
    async with stage(2) as cluster, member(cluster) as reader:
        cluster.move_coordinator("group", "g", 0)
        await reader.commit({T0: OffsetAndMetadata(2)})
        cluster.move_coordinator("group", "g", 1)
        await reader.commit({T0: OffsetAndMetadata(3)})
        cluster.move_coordinator("group", "g", 0)
        assert await reader.committed(T0) == 3


async def test_coordinator_that_falls_silent_holds_nothing_up_once_it_has_a_successor() -> None:
    async with stage(2) as cluster, member(cluster) as reader:
        cluster.move_coordinator("group", "g", 1)
        await reader.commit({T0: OffsetAndMetadata(1)})
        cluster.inject(OffsetCommitRequest, DropResponse(applied=False), node_id=1, times=None)
        committing = asyncio.ensure_future(reader.commit({T0: OffsetAndMetadata(2)}))
        await asyncio.sleep(3)
        cluster.move_coordinator("group", "g", 0)
        started = asyncio.get_running_loop().time()
        await committing
        assert asyncio.get_running_loop().time() - started < 6
        assert await reader.committed(T0) == 2


async def test_commit_gives_up_in_time_and_says_why() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=None)
        started = asyncio.get_running_loop().time()
        with pytest.raises(KafkaTimeoutError, match=r"group=g.*t-0"):
            await reader.commit({T0: OffsetAndMetadata(2)}, timeout_ms=2000)
        with pytest.raises(KafkaTimeoutError, match=r"group=g.*t-0.*CoordinatorNotAvailable"):
            await reader.committed(T0, timeout_ms=2000)
        assert asyncio.get_running_loop().time() - started == pytest.approx(4.0)


async def test_missing_permission_for_the_group_is_raised_at_once() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(FindCoordinatorRequest, GroupAuthorizationFailedError, times=3)
        with pytest.raises(GroupAuthorizationFailedError):
            await reader.commit({T0: OffsetAndMetadata(2)})
        with pytest.raises(GroupAuthorizationFailedError):
            await reader.committed(T0)
        with pytest.raises(GroupAuthorizationFailedError):
            await reader.poll(5000)


async def test_topic_without_permission_is_named_and_the_others_are_committed() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.create_topic("u")
        cluster.fail(OffsetCommitRequest, TopicAuthorizationFailedError, topic="u")
        with pytest.raises(TopicAuthorizationFailedError, match=r"u-0 were not.*t-0 were"):
            await reader.commit({T0: OffsetAndMetadata(2), U0: OffsetAndMetadata(2)})
        assert await reader.committed([T0, U0]) == {T0: 2, U0: None}


async def test_group_with_members_refuses_a_consumer_outside() -> None:
    async with stage() as cluster, member(cluster) as reader:
        inside = await ClassicMember.connect(cluster.bootstrap_servers[0])
        await inside.join("t")
        await inside.sync({inside.member_id: b""})
        with pytest.raises(CommitFailedError, match="the group has members"):
            await reader.commit({T0: OffsetAndMetadata(2)})
        inside.client.close()


async def test_failed_commit_does_not_keep_records_from_coming() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, GroupAuthorizationFailedError, topic="t")
        await read(reader, 4)
        with pytest.raises(GroupAuthorizationFailedError):
            await reader.commit()
        cluster.append("t", b"e")
        assert values(await read(reader, 1)) == [b"e"]


async def test_wakeup_ends_a_commit() -> None:
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=None)
        committing = asyncio.ensure_future(reader.commit({T0: OffsetAndMetadata(2)}))
        await asyncio.sleep(1)
        reader.wakeup()
        with pytest.raises(WakeupError):
            await committing


# -- in the background -----------------------------------------------------------------------


async def test_future_of_an_asynchronous_commit_can_be_awaited() -> None:
    async with stage() as cluster, member(cluster) as reader:
        await reader.commit_async({T0: OffsetAndMetadata(2)})
        assert await reader.committed(T0) == 2


async def test_asynchronous_commit_is_tried_again_and_then_tells_its_callback() -> None:
    told: list[object] = []
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, NotCoordinatorError, topic="t", times=2)
        offsets = {T0: OffsetAndMetadata(2)}
        await reader.commit_async(offsets, lambda *given: told.append(given))
        assert told == [(offsets, None)]
        assert cluster.count(OffsetCommitRequest) == 3


async def test_failed_asynchronous_commit_tells_its_callback_the_error() -> None:
    told: list[Any] = []
    async with stage() as cluster, member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, GroupAuthorizationFailedError, topic="t")
        future = reader.commit_async({T0: OffsetAndMetadata(2)}, lambda *given: told.append(given))
        with pytest.raises(GroupAuthorizationFailedError):
            await future
        assert type(told[0][1]) is GroupAuthorizationFailedError


async def test_callback_may_commit_again() -> None:
    async with stage() as cluster, member(cluster) as reader:
        more: list[Any] = []

        def commit_more(*_: object) -> None:
            more.append(reader.commit_async({T0: OffsetAndMetadata(2)}))

        await reader.commit_async({T0: OffsetAndMetadata(1)}, commit_more)
        await more[0]
        assert await reader.committed(T0) == 2


async def test_default_callback_is_called_when_there_is_no_other() -> None:
    told: list[object] = []
    async with stage() as cluster:
        options = {"default_offset_commit_callback": lambda *given: told.append(given)}
        async with member(cluster, **options) as reader:
            await reader.commit_async({T0: OffsetAndMetadata(2)})
        assert told == [({T0: OffsetAndMetadata(2)}, None)]


# -- by interval, and in the end -------------------------------------------------------------

EVERY_SECOND = {"enable_auto_commit": True, "auto_commit_interval_ms": 1000}


async def test_what_the_last_poll_returned_is_committed_only_when_the_application_comes_back() -> (
    None
):
    async with stage() as cluster, member(cluster, **EVERY_SECOND) as reader:
        await read(reader, 2, max_records=2)
        await asyncio.sleep(30)
        assert cluster.count(OffsetCommitRequest) == 0
        await read(reader, 1, max_records=1)
        await cluster.until(lambda control: control.count(OffsetCommitRequest) == 1)
        assert await reader.committed(T0) == 2


async def test_poll_that_waits_commits_what_was_consumed_before_it() -> None:
    async with stage() as cluster, member(cluster, **EVERY_SECOND) as reader:
        await read(reader, 4)
        assert await reader.poll(10_000) == {}
        assert await reader.committed(T0) == 4
        assert 9 <= cluster.count(OffsetCommitRequest) <= 11


async def test_iterator_commits_a_record_when_the_next_one_is_asked_for() -> None:
    async with stage() as cluster, member(cluster, **EVERY_SECOND) as reader:
        for _ in range(3):
            await reader.__anext__()
            await asyncio.sleep(1.5)
        await cluster.until(lambda control: control.count(OffsetCommitRequest) >= 2)
        assert await reader.committed(T0) == 2
        assert (await reader.__anext__()).value == RECORDS[3]


async def test_failed_commit_by_interval_is_logged_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage() as cluster, member(cluster, **EVERY_SECOND) as reader:
        cluster.fail(OffsetCommitRequest, GroupAuthorizationFailedError, topic="t")
        await read(reader, 4)
        assert await reader.poll(5000) == {}
        assert "commit by interval failed" in caplog.text
        assert await reader.committed(T0) == 4


async def test_close_commits_what_was_consumed() -> None:
    async with stage() as cluster:
        async with member(cluster, enable_auto_commit=True) as reader:
            await reader.__anext__()
            await reader.__anext__()
        async with member(cluster) as reader:
            assert await reader.committed(T0) == 2


async def test_exception_in_the_block_commits_nothing() -> None:
    async with stage() as cluster:
        reader = consumer(cluster, group_id="g")
        await reader.start()
        reader.assign([T0])
        await reader.__anext__()
        await reader.__aexit__(ZeroDivisionError, ZeroDivisionError(), None)
        assert cluster.count(OffsetCommitRequest) == 0


async def test_close_waits_for_asynchronous_commits() -> None:
    async with stage() as cluster:
        async with member(cluster) as reader:
            cluster.inject(OffsetCommitRequest, Delay(3))
            first = reader.commit_async({T0: OffsetAndMetadata(1)})
            second = reader.commit_async({T0: OffsetAndMetadata(2)})
        await first
        await second
        assert cluster.count(OffsetCommitRequest) == 2


async def test_close_keeps_its_time_without_a_coordinator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage() as cluster:
        cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=None)
        reader = consumer(cluster, group_id="g", enable_auto_commit=True)
        await reader.start()
        reader.assign([T0])
        reader.seek(T0, 2)
        future = reader.commit_async()
        started = asyncio.get_running_loop().time()
        await reader.close(timeout_ms=2000)
        assert asyncio.get_running_loop().time() - started == pytest.approx(2.0)
        assert "closed without committing" in caplog.text
        with pytest.raises(KafkaError):
            await future


async def test_change_of_the_assignment_commits_what_was_consumed() -> None:
    async with stage() as cluster, member(cluster, enable_auto_commit=True) as reader:
        await read(reader, 4)
        reader.assign([T1])
        await reader.poll(0)
        assert await reader.committed(T0) == 4


# -- without a group, and what is not there yet ----------------------------------------------


async def test_calls_about_a_group_need_one() -> None:
    async with stage() as cluster, consumer(cluster) as reader:
        with pytest.raises(IllegalStateError, match="Requires group_id"):
            await reader.commit()
        with pytest.raises(IllegalStateError, match="Requires group_id"):
            reader.commit_async()
        with pytest.raises(IllegalStateError, match="Requires group_id"):
            await reader.committed(T0)
        # As in kafka-python: it names no group, and no producer takes it.
        assert reader.group_metadata() == ConsumerGroupMetadata()


async def test_arguments_are_checked_before_anything_is_sent() -> None:
    async with stage() as cluster, member(cluster) as reader:
        with pytest.raises(TypeError, match="OffsetAndMetadata"):
            await reader.commit({T0: 3})  # type: ignore[dict-item] # what is tested
        with pytest.raises(ValueError, match="t-0"):
            reader.commit_async({T0: OffsetAndMetadata(-1)})
        with pytest.raises(TypeError, match="TopicPartition"):
            await reader.committed([("t", 0)])  # type: ignore[list-item] # what is tested
        assert cluster.count(OffsetCommitRequest) == 0


async def test_group_metadata_can_be_copied_and_pickled() -> None:
    async with stage() as cluster, member(cluster) as reader:
        found = reader.group_metadata()
        assert found == ConsumerGroupMetadata("g")
        assert copy.copy(found) == pickle.loads(pickle.dumps(found)) == found
