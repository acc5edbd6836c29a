"""Each call of a consumer that waits ends by its deadline, whatever brokers do."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from kafka import KafkaConsumer
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import (
    CommitFailedError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    NoBrokersAvailable,
    NotCoordinatorError,
)
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.structs import OffsetAndMetadata
from kafka.testing.broker.faults import Fail
from test.broker.consumer_support import T0
from test.support.group_stories import Noting, member, poll_until
from test.support.stage import cluster_of, port_of
from test.support.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kafka.errors import BrokerResponseError
    from kafka.testing import EmbeddedCluster

# What calls get, in ms: less than a request, whose time-out must not be what ends them.
LIMIT: Final = 7000
# What ends those that take no time-out: request_timeout_ms and default_api_timeout_ms.
LIMITS: Final = {"stop": 30_000, "unsubscribe": 60_000, "commit_async": 60_000, "position": 60_000,
                 "seek_to_end": 60_000}  # fmt: skip
# Seconds that a call may take longer.
ALLOWANCE: Final = 0.25

TO_COORDINATORS: Final = (
    OffsetCommitRequest,
    OffsetFetchRequest,
    HeartbeatRequest,
    ConsumerGroupHeartbeatRequest,
    JoinGroupRequest,
)


def refuse(cluster: EmbeddedCluster) -> None:
    cluster.cut_off(0)


def black_hole(cluster: EmbeddedCluster) -> None:
    """Let everything that is sent vanish: on the connections there are, and new attempts."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.network.black_holes.add(("127.0.0.1", port_of(cluster)))
    cluster.freeze(0)


def silence(cluster: EmbeddedCluster) -> None:
    cluster.freeze(0)


def _fail(
    cluster: EmbeddedCluster,
    finding: type[BrokerResponseError],
    others: type[BrokerResponseError],
) -> None:
    cluster.inject(FindCoordinatorRequest, Fail(finding), times=None, optional=True)
    for api in TO_COORDINATORS:
        cluster.inject(api, Fail(others), times=None, optional=True)


def lose_coordinator(cluster: EmbeddedCluster) -> None:
    _fail(cluster, CoordinatorNotAvailableError, NotCoordinatorError)


def forbid_group(cluster: EmbeddedCluster) -> None:
    _fail(cluster, GroupAuthorizationFailedError, GroupAuthorizationFailedError)


OF_BROKERS: Final = (refuse, black_hole, silence)
OF_GROUPS: Final = (lose_coordinator, forbid_group)
troubles = pytest.mark.parametrize("trouble", [*OF_BROKERS, *OF_GROUPS])


class Call(NamedTuple):
    """A call, and what it may raise when there is trouble with the brokers, or the group."""

    make: Callable[[AsyncKafkaConsumer], Awaitable[object]]
    brokers: type[KafkaError] | None = None
    coordinator: type[KafkaError] | None = None
    forbidden: type[KafkaError] | None = None

    def error(self, trouble: object) -> type[KafkaError] | None:
        if trouble in OF_BROKERS:
            return self.brokers
        return self.coordinator if trouble is lose_coordinator else self.forbidden


def question(make: Callable[[AsyncKafkaConsumer], Awaitable[object]]) -> Call:
    """Return a call that has nothing to do with the group."""
    return Call(make, KafkaTimeoutError)


def of_group(make: Callable[[AsyncKafkaConsumer], Awaitable[object]]) -> Call:
    """Return a call that needs the coordinator."""
    return Call(make, KafkaTimeoutError, KafkaTimeoutError, GroupAuthorizationFailedError)


def records(make: Callable[[AsyncKafkaConsumer], Awaitable[object]]) -> Call:
    """Return a call that asks for records."""
    return Call(make, forbidden=GroupAuthorizationFailedError)


async def next_record(reader: AsyncKafkaConsumer) -> None:
    async for _ in reader:
        raise AssertionError("there are no records")


async def next_record_in_time(reader: AsyncKafkaConsumer) -> None:
    """Wait as long as it takes, and give up."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.getone(), LIMIT / 1000)


TO_COMMIT: Final = {T0: OffsetAndMetadata(0, "", -1)}
QUESTIONS: Final = {
    "offsets_for_times": question(lambda c: c.offsets_for_times({T0: 0}, timeout_ms=LIMIT)),
    "beginning_offsets": question(lambda c: c.beginning_offsets([T0], timeout_ms=LIMIT)),
    "end_offsets": question(lambda c: c.end_offsets([T0], timeout_ms=LIMIT)),
    "partitions_for_topic": question(lambda c: c.partitions_for_topic("t", timeout_ms=LIMIT)),
    "topics": question(lambda c: c.topics(timeout_ms=LIMIT)),
    "bootstrap": question(lambda c: c.bootstrap(timeout_ms=LIMIT, refresh=True)),
}
GROUP_CALLS: Final = {
    "commit": of_group(lambda c: c.commit(TO_COMMIT, timeout_ms=LIMIT)),
    "commit_async": of_group(lambda c: c.commit_async(TO_COMMIT)),
    "committed": of_group(lambda c: c.committed(T0, timeout_ms=LIMIT)),
    "rewind": of_group(lambda c: c.rewind(timeout_ms=LIMIT)),
}
RECORD_CALLS: Final = {
    "poll": records(lambda c: c.poll(LIMIT)),
    "poll_batch": records(lambda c: c.poll_batch(LIMIT)),
    "consume": records(lambda c: c.consume(1, LIMIT)),
    "getmany": records(lambda c: c.getmany(timeout_ms=LIMIT)),
    "getone": records(next_record_in_time),
    "__anext__": records(next_record),
}
ENDS: Final = {
    "unsubscribe": Call(lambda c: c.unsubscribe()),
    "close": Call(lambda c: c.close(timeout_ms=LIMIT)),
    "stop": Call(lambda c: c.stop()),
}
# These wait for nobody.
AT_ONCE: Final = {
    "assign", "assignment", "bootstrap_connected", "consumed_offsets", "current_lag",
    "enforce_rebalance",
    "group_health", "group_metadata", "health", "highwater", "metrics", "pause", "paused",
    "resume", "seek", "seek_to_beginning", "seek_to_end", "subscribe", "subscription", "wakeup",
}  # fmt: skip


OF_ONE_PARTITION: Final = ("current_lag", "highwater", "pause", "resume")


def test_no_method_is_forgotten() -> None:
    public = {name for name in vars(AsyncKafkaConsumer) if not name.startswith("_")}
    methods = {name for name in public if callable(getattr(AsyncKafkaConsumer, name))}
    here = {*QUESTIONS, *GROUP_CALLS, *RECORD_CALLS, *ENDS, *AT_ONCE}
    assert methods - here == {"start", "position"}
    assert here - methods == {"__anext__"}


# Any: options of every type.
def reader_of(
    cluster: EmbeddedCluster, protocol: str = "classic", **options: Any
) -> AsyncKafkaConsumer:
    options = {
        "consumer_timeout_ms": LIMIT,
        "enable_auto_commit": False,
        **options,
    }
    return member(cluster, protocol, **options)


@asynccontextmanager
async def running(
    cluster: EmbeddedCluster, protocol: str = "classic", **options: Any
) -> AsyncIterator[AsyncKafkaConsumer]:
    """Run a consumer; fail if its end takes too long."""
    reader = reader_of(cluster, protocol, **options)
    await reader.start()
    try:
        yield reader
    finally:
        await ends_in_time(reader.close(timeout_ms=LIMIT), None)


async def ends_in_time(
    awaited: Awaitable[object], error: type[KafkaError] | None, limit: float = LIMIT
) -> None:
    """Await; fail if that ends too late, or with anything but *error*."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    raised: KafkaError | None = None
    try:
        await awaited
    except KafkaError as problem:
        raised = problem
    assert loop.time() - begun <= limit / 1000 + ALLOWANCE
    if error is None:
        assert raised is None
    else:
        assert type(raised) is error, raised


@pytest.mark.virtual_time
@troubles
async def test_start_ends_in_time(trouble: Callable[[EmbeddedCluster], None]) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        reader = reader_of(cluster, bootstrap_timeout_ms=LIMIT)
        trouble(cluster)
        error = NoBrokersAvailable if trouble in OF_BROKERS else None
        await ends_in_time(reader.start(), error)
        await ends_in_time(reader.close(timeout_ms=LIMIT), None)


def sought_to_end(reader: AsyncKafkaConsumer) -> Awaitable[object]:
    reader.seek_to_end(T0)
    return reader.position(T0)


BY_HAND: Final = {
    **QUESTIONS,
    **GROUP_CALLS,
    **RECORD_CALLS,
    **ENDS,
    # Without a time-out of its own; with one it returns None.
    "position": of_group(lambda c: c.position(T0)),
    "seek_to_end": question(sought_to_end),
}


@pytest.mark.virtual_time
@troubles
@pytest.mark.parametrize("name", BY_HAND)
async def test_consumer_with_partitions_of_its_own_ends_its_calls_in_time(
    name: str, trouble: Callable[[EmbeddedCluster], None]
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with running(cluster) as reader:
            reader.assign([T0])
            trouble(cluster)
            call = BY_HAND[name]
            await ends_in_time(call.make(reader), call.error(trouble), LIMITS.get(name, LIMIT))


SUBSCRIBED: Final = {**QUESTIONS, **GROUP_CALLS, **RECORD_CALLS, **ENDS}
phases = pytest.mark.parametrize(
    ("protocol", "joined"),
    [("classic", False), ("classic", True), ("consumer", False), ("consumer", True)],
)


def expected(
    name: str, trouble: Callable[[EmbeddedCluster], None], *, joined: bool
) -> type[KafkaError] | None:
    """Return what a call of a subscribed consumer raises."""
    if name.startswith("commit_a") or name == "commit":
        # Who never joined has nothing to commit for, and hears so at once.
        return SUBSCRIBED[name].error(trouble) if joined else CommitFailedError
    if name == "partitions_for_topic" and joined:
        return None  # it is known
    if name == "rewind" and not joined:
        return None  # nothing was read
    return SUBSCRIBED[name].error(trouble)


@pytest.mark.virtual_time
@phases
@troubles
@pytest.mark.parametrize("name", SUBSCRIBED)
async def test_member_ends_its_calls_in_time(
    name: str, trouble: Callable[[EmbeddedCluster], None], protocol: str, joined: bool
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"consumed before there is trouble")
        listener = Noting()
        async with running(cluster, protocol, enable_auto_commit=True) as reader:
            reader.subscribe(["t"], listener=listener)
            if joined:
                assert await reader.poll(60_000)
            trouble(cluster)
            awaited = SUBSCRIBED[name].make(reader)
            error = expected(name, trouble, joined=joined)
            await ends_in_time(awaited, error, LIMITS.get(name, LIMIT))
        assert len(listener.heard) == 2 * joined


@pytest.mark.virtual_time
@troubles
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
async def test_what_needs_no_broker_waits_for_none(
    trouble: Callable[[EmbeddedCluster], None], protocol: str
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with running(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, reader.assignment)
            trouble(cluster)
            calls: dict[str, Callable[[], object]] = {
                "seek": lambda: reader.seek(T0, 0),
                "subscribe": lambda: reader.subscribe(["t"]),
                **{name: partial(getattr(reader, name), T0) for name in OF_ONE_PARTITION},
            }
            for name in sorted(AT_ONCE - {"assign"}):
                calls.get(name, getattr(reader, name))()
            # Leaves the group, in the background.
            reader.assign([])


# -- the blocking face: real time, so only the outcomes are looked at ---------------------------

SHORT: Final = 100
BLOCKING: Final[dict[str, tuple[Callable[[KafkaConsumer], object], bool]]] = {
    "beginning_offsets": (lambda c: c.beginning_offsets([T0], timeout_ms=SHORT), True),
    "bootstrap": (lambda c: c.bootstrap(timeout_ms=SHORT, refresh=True), True),
    "commit": (lambda c: c.commit(TO_COMMIT, timeout_ms=SHORT), True),
    "committed": (lambda c: c.committed(T0, timeout_ms=SHORT), True),
    "end_offsets": (lambda c: c.end_offsets([T0], timeout_ms=SHORT), True),
    "offsets_for_times": (lambda c: c.offsets_for_times({T0: 0}, timeout_ms=SHORT), True),
    "partitions_for_topic": (lambda c: c.partitions_for_topic("u", timeout_ms=SHORT), True),
    "topics": (lambda c: c.topics(timeout_ms=SHORT), True),
    "poll": (lambda c: c.poll(SHORT), False),
    "poll_batch": (lambda c: c.poll_batch(SHORT), False),
    "consume": (lambda c: c.consume(1, SHORT), False),
    "next": (list, False),
    "position": (lambda c: c.position(T0, timeout_ms=SHORT), False),
}


@pytest.mark.parametrize("trouble", [refuse, silence])
@pytest.mark.parametrize("name", BLOCKING)
def test_blocking_consumer_ends_its_calls(
    name: str, trouble: Callable[[EmbeddedCluster], None], cluster: EmbeddedCluster
) -> None:
    reader = KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, group_id="g", consumer_timeout_ms=SHORT
    )
    reader.assign([T0])
    trouble(cluster)
    call, fails = BLOCKING[name]
    if fails:
        with pytest.raises(KafkaTimeoutError):
            call(reader)
    else:
        assert not call(reader)
    reader.close(timeout_ms=SHORT)
