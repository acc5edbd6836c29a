"""What `KafkaProducer.send` does when it has to wait, and `send_many`; on the caller's thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kafka._base.deadline import Deadline
from kafka._base.waiting import Notification
from kafka.errors import BrokerResponseError
from kafka.producer.buffer_pool import BufferWaiter
from kafka.producer.many import FutureRecordsMetadata, together
from kafka.producer.send_path import check_topic, known_route
from kafka.sync.facade import GRACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka._base.loop_thread import EventLoopThread
    from kafka.producer.batch_encoding import Headers, Record
    from kafka.producer.core import ProducerCore
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.topic_info import PartitionQueue, TopicInfo


def send_slowly(
    core: ProducerCore,
    thread: EventLoopThread,
    topic: str,
    value: Any,  # Any: what the serializer takes
    key: Any,  # the same
    headers: Headers | None,
    partition: int | None,
    timestamp_ms: int | None,
) -> FutureRecordMetadata:
    """Send to a topic or partition that is not known yet."""
    check_topic(topic)
    if core.is_loop_thread() or core.accumulator.gate.is_held_here():
        return core.send_detached(topic, value, key, headers, partition, timestamp_ms)
    deadline = Deadline.after(core.clock.now(), core.config.max_block)
    try:
        route = _route(core, thread, topic, partition, deadline)
    except BrokerResponseError as error:
        return core.failed(topic, partition, error)
    queue, record, size = core.path.prepare(route, value, key, headers, partition, timestamp_ms)
    return core.path.append(route, queue, record, size) or wait_for_memory(
        core, route, queue, record, size, deadline
    )


def send_many(
    core: ProducerCore,
    thread: EventLoopThread,
    topic: str,
    values: Sequence[Any],  # Any: what the serializer takes
    keys: Sequence[Any] | None,  # the same
    headers: Headers | None,
    partition: int | None,
    timestamp_ms: int | None,
) -> FutureRecordsMetadata:
    """Do what `KafkaProducer.send_many` does."""
    path = core.path
    route = known_route(path.routes, topic, partition)
    if route is None:
        check_topic(topic)
        if core.is_loop_thread() or core.accumulator.gate.is_held_here():
            return together(
                [
                    core.send_detached(topic, value, key, headers, partition, timestamp_ms)
                    for value, key in zip(values, keys or [None] * len(values), strict=True)
                ]
            )
        deadline = Deadline.after(core.clock.now(), core.config.max_block)
        try:
            route = _route(core, thread, topic, partition, deadline)
        except BrokerResponseError as error:
            return together([core.failed(topic, partition, error) for _ in values])
    lots = None
    if headers is None and timestamp_ms is None:
        lots = path.lots(route, values, keys, partition)
    if lots is None:
        prepared = path.prepare_many(route, values, keys, headers, partition, timestamp_ms)
        return together([_put_in(core, route, *record) for record in prepared])
    for lot in lots:
        while not lot.advance(path.gate):
            record, size = lot.next_record(path.gate.wall())
            lot.took(_put_in(core, route, lot.queue, record, size))
    return FutureRecordsMetadata([part for lot in lots for part in lot.parts], len(values))


def _put_in(
    core: ProducerCore,
    route: TopicInfo,
    queue: PartitionQueue | None,
    record: Record,
    size: int,
) -> FutureRecordMetadata:
    return core.path.append(route, queue, record, size) or wait_for_memory(
        core, route, queue, record, size, None
    )


def _route(
    core: ProducerCore,
    thread: EventLoopThread,
    topic: str,
    partition: int | None,
    deadline: Deadline,
) -> TopicInfo:
    return thread.call(core.route_to(topic, partition, deadline), core.config.max_block + GRACE)


def wait_for_memory(
    core: ProducerCore,
    route: TopicInfo,
    queue: PartitionQueue | None,
    record: Record,
    size: int,
    deadline: Deadline | None,
) -> FutureRecordMetadata:
    """Append as soon as there is memory; FIFO among the threads that wait.

    Raises:
        KafkaTimeoutError: there was none in time, or this call cannot wait.
    """
    if core.is_loop_thread() or core.accumulator.gate.is_held_here():
        raise core.no_memory(size, waited=False)
    if deadline is None:
        deadline = Deadline.after(core.clock.now(), core.config.max_block)
    memory = Notification()
    waiter = BufferWaiter(memory.notify, threading.get_ident())
    try:
        core.accumulator.enter_queue(waiter)
        while True:
            handle = core.path.append(route, queue, record, size, waiter)
            if handle is not None:
                return handle
            if not memory.wait(deadline.remaining(core.clock.now())):
                raise core.no_memory(size)
    finally:
        core.accumulator.leave_queue(waiter)
