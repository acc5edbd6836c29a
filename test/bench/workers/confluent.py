"""Modes of confluent-kafka."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from common import (
    BATCH_BYTES,
    CA,
    IDLE_SECONDS,
    LINGER_MS,
    TRANSACTION,
    Stopwatch,
    Task,
    keys_of,
    payloads,
    report,
)

PATIENCE = 30.0
# Reports are served after so many records.
LOT = 1000
OVER_TLS = {"security.protocol": "SSL", "ssl.ca.location": CA} if CA else {}


def confluent_producer(
    task: Task,
    watch: Stopwatch,
    *,
    keyed: bool = False,
    vary: bool = False,
    callback: bool,
    idempotent: bool = False,
) -> int:
    from confluent_kafka import Producer

    producer = Producer(
        {
            "bootstrap.servers": task.bootstrap,
            "acks": "all" if idempotent else 1,
            "enable.idempotence": idempotent,
            "linger.ms": LINGER_MS,
            "batch.size": BATCH_BYTES,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1_048_576,
            "partitioner": "murmur2_random",
            "compression.type": task.codec or "none",
            **OVER_TLS,
        }
    )
    values = payloads(task, vary=vary)
    producer.produce(task.topic, os.urandom(task.size))
    producer.flush()
    delivered = 0

    def on_delivery(error: object, _: object) -> None:
        nonlocal delivered
        delivered += error is None

    keys = iter(keys_of(task.count)) if keyed else None
    watch.start()
    for _ in range(0, task.count, LOT):
        lot = itertools.islice(values, LOT)
        if keys is not None:
            pairs = zip(lot, itertools.islice(keys, LOT), strict=True)
            _produce_keyed(producer, task.topic, pairs, on_delivery)
        elif callback:
            _produce_reported(producer, task.topic, lot, on_delivery)
        else:
            _produce_plain(producer, task.topic, lot)
        producer.poll(0)
    left = producer.flush()
    return report(watch.stop(), delivered if callback else task.count - left)


def confluent_transactions(task: Task, watch: Stopwatch) -> int:
    """Produce in transactions; that each is committed says that its records are delivered."""
    from confluent_kafka import Producer

    producer = Producer(
        {
            "bootstrap.servers": task.bootstrap,
            "transactional.id": f"bench-{os.urandom(4).hex()}",
            "linger.ms": LINGER_MS,
            "batch.size": BATCH_BYTES,
            "partitioner": "murmur2_random",
            **OVER_TLS,
        }
    )
    producer.init_transactions(PATIENCE)
    topic, value = task.topic, os.urandom(task.size)
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.commit_transaction(PATIENCE)
    watch.start()
    for start in range(0, task.count, TRANSACTION):
        producer.begin_transaction()
        _produce_plain(producer, topic, [value] * min(TRANSACTION, task.count - start))
        producer.commit_transaction(PATIENCE)
    return report(watch.stop(), task.count)


# A loop for each kind, as a program that does nothing else would have it.


def _produce_plain(producer: Any, topic: str, values: Iterable[bytes]) -> None:
    produce = producer.produce
    for value in values:
        try:
            produce(topic, value)
        except BufferError:
            _produce_with_room(producer, topic, value)


def _produce_reported(
    producer: Any, topic: str, values: Iterable[bytes], on_delivery: Callable[..., None]
) -> None:
    produce = producer.produce
    for value in values:
        try:
            produce(topic, value, on_delivery=on_delivery)
        except BufferError:
            _produce_with_room(producer, topic, value, on_delivery=on_delivery)


def _produce_keyed(
    producer: Any,
    topic: str,
    pairs: Iterable[tuple[bytes, bytes]],
    on_delivery: Callable[..., None],
) -> None:
    produce = producer.produce
    for value, key in pairs:
        try:
            produce(topic, value, key, on_delivery=on_delivery)
        except BufferError:
            _produce_with_room(producer, topic, value, key, on_delivery=on_delivery)


def _produce_with_room(producer: Any, *arguments: object, **more: object) -> None:
    """Serve reports until the queue has room for the record."""
    while True:
        producer.poll(0.01)
        try:
            producer.produce(*arguments, **more)
        except BufferError:
            continue
        return


def confluent_consumer(task: Task, watch: Stopwatch, *, batch: int) -> int:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap,
            "group.id": "bench",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.queue.backoff.ms": 5,
            "queued.min.messages": 1_000_000,
            "enable.auto.offset.store": False,
            **OVER_TLS,
        }
    )
    partitions = consumer.list_topics(task.topic).topics[task.topic].partitions
    consumer.assign([TopicPartition(task.topic, number, 0) for number in partitions])
    seen = 0
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    if batch == 1:
        poll = consumer.poll
        while seen < task.count:
            if poll(1.0) is not None:
                seen += 1
            elif time.perf_counter() > limit:
                break
    else:
        while seen < task.count and time.perf_counter() < limit:
            # It waits for as many as it is asked for, so not for more than there are.
            seen += len(consumer.consume(min(batch, task.count - seen), 1.0))
    done = watch.stop()
    consumer.close()
    return report(done, seen)


def confluent_latency(task: Task, watch: Stopwatch) -> int:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": task.bootstrap, "acks": 1, "linger.ms": 0})
    value = os.urandom(task.size)
    producer.produce(task.topic, value)
    producer.flush()
    times = []
    watch.start()
    for _ in range(task.count):
        began = time.perf_counter()
        producer.produce(task.topic, value)
        producer.flush()
        times.append(time.perf_counter() - began)
    return report(watch.stop(), task.count, latency=times)
