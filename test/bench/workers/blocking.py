"""Modes of the blocking clients named ``kafka``: this one and the released one."""

from __future__ import annotations

import itertools
import os
import resource
import time
from typing import Any

from common import (
    BUSY,
    IDLE_SECONDS,
    INDEX_BYTES,
    TRANSACTION,
    Stopwatch,
    Task,
    keys_of,
    of_broker,
    over_tls,
    payloads,
    report,
    sending,
    sizes_of,
    values_of,
)


def kafka_producer(
    task: Task,
    watch: Stopwatch,
    *,
    keyed: bool = False,
    vary: bool = False,
    each: dict[str, Any] | None = None,
    **more: Any,
) -> int:
    """Send; *each* are more arguments of every send()."""
    from kafka import KafkaProducer

    options = {**of_broker(), **sending(task), "compression_type": task.codec, **more}
    producer = KafkaProducer(**options)
    values = payloads(task, vary=vary)
    producer.send(task.topic, os.urandom(task.size)).get(30)
    keys = keys_of(task.count) if keyed else None
    futures: list[Any] = []
    watch.start()
    send, keep = producer.send, futures.append
    if each is not None:
        for value in values:
            keep(send(task.topic, value, **each))
    elif keys is None:
        for value in values:
            keep(send(task.topic, value))
    else:
        for value, key in zip(values, keys, strict=True):
            keep(send(task.topic, value, key))
    producer.flush()
    done = watch.stop()
    failed = sum(future.failed() for future in futures)
    producer.close()
    return report(done, task.count - failed)


def kafka_let_go(task: Task, watch: Stopwatch) -> int:
    """Send, let go of the futures, and ask once at the end whether anything failed."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**sending(task))
    value = os.urandom(task.size)
    producer.send(task.topic, value).get(30)
    send, topic = producer.send, task.topic
    watch.start()
    for _ in range(task.count):
        send(topic, value)
    producer.flush()
    done = watch.stop()
    failed = producer.metrics()["producer-metrics"]["record-error-rate"] > 0
    producer.close()
    return report(done, 0 if failed else task.count)


def kafka_send_many(task: Task, watch: Stopwatch) -> int:
    """Send in lots of 1,000 records."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**sending(task))
    value = os.urandom(task.size)
    producer.send(task.topic, value).get(30)
    watch.start()
    # A list of its own for each lot: making it is the user's work, but work all the same.
    futures = [
        producer.send_many(task.topic, [value for _ in range(min(1000, task.count - start))])
        for start in range(0, task.count, 1000)
    ]
    producer.flush()
    done = watch.stop()
    delivered = sum(len(future) for future in futures if future.succeeded())
    producer.close()
    return report(done, delivered)


def kafka_transactions(task: Task, watch: Stopwatch) -> int:
    """Send in transactions; that each is committed says that its records are delivered."""
    from kafka import KafkaProducer

    options = {**sending(task), "acks": "all", "enable_idempotence": True}
    producer = KafkaProducer(transactional_id=f"bench-{os.urandom(4).hex()}", **options)
    producer.init_transactions()
    send, topic, value = producer.send, task.topic, os.urandom(task.size)
    with producer.transaction():
        send(topic, value)
    watch.start()
    for start in range(0, task.count, TRANSACTION):
        with producer.transaction():
            for _ in range(min(TRANSACTION, task.count - start)):
                send(topic, value)
    done = watch.stop()
    producer.close()
    return report(done, task.count)


def kafka_touch(task: Task, watch: Stopwatch) -> int:
    """Write to every partition until the broker has made its log and its indexes.

    It maps the indexes and writes to them with the first batch after `INDEX_BYTES`; touching that
    memory can take it 20 ms, a partition after the other.
    """
    from kafka import KafkaProducer

    options = {"request_timeout_ms": 180_000, "delivery_timeout_ms": 200_000, **over_tls()}
    watch.start()
    with KafkaProducer(bootstrap_servers=task.bootstrap, acks=1, **options) as producer:
        futures = []
        for size in (INDEX_BYTES, task.size):
            futures += [
                producer.send(task.topic, bytes(size), partition=partition)
                for partition in producer.partitions_for(task.topic)
            ]
            producer.flush()
    for future in futures:
        future.get(0)
    return report(watch.stop(), len(futures))


def kafka_fill(task: Task, watch: Stopwatch, *, vary: bool = False) -> int:
    """Write what consumers read; the sizes vary by half, or all records have the same.

    Only the first `BUSY` partitions get records, if it is given.
    """
    from kafka import KafkaProducer

    producer = KafkaProducer(
        **sending(task), compression_type=task.codec, max_request_size=2 * 1024 * 1024
    )
    lengths = itertools.cycle(sizes_of(task.size, vary=vary))
    values = itertools.cycle(values_of(task.size + task.size // 2))
    targets = itertools.cycle([None] if BUSY is None else range(int(BUSY)))
    watch.start()
    futures = [
        producer.send(task.topic, next(values)[: next(lengths)], partition=next(targets))
        for _ in range(task.count)
    ]
    producer.flush()
    done = watch.stop()
    failed = sum(future.failed() for future in futures)
    producer.close()
    return report(done, task.count - failed)


def kafka_poll(task: Task, watch: Stopwatch, *, group: bool = False, **options: Any) -> int:
    consumer, seen = _member(task) if group else (_kafka_consumer(task, **options), 0)
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for records in consumer.poll(timeout_ms=500, max_records=500).values():
            seen += len(records)
    return report(watch.stop(), seen)


def kafka_poll_batch(task: Task, watch: Stopwatch) -> int:
    consumer = _kafka_consumer(task)
    seen = 0
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for batch in consumer.poll_batch(timeout_ms=500, max_records=500):
            seen += len(batch.values)
    return report(watch.stop(), seen)


def kafka_idle(task: Task, watch: Stopwatch) -> int:
    """Sit at the end of the log; *count* is the milliseconds to sit, and what is reported."""
    consumer = _kafka_consumer(task)
    consumer.seek_to_end()
    consumer.poll(timeout_ms=1000)
    before = _switches()
    watch.start()
    consumer.poll(timeout_ms=task.count)
    done = watch.stop()
    return report(done, task.count, wakeups=_switches() - before)


def _switches() -> int:
    """Return how often this process has gone to sleep, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def kafka_iterator(task: Task, watch: Stopwatch, *, group: bool = False) -> int:
    consumer, seen = _member(task) if group else (_kafka_consumer(task), 0)
    watch.start()
    for _ in consumer:
        seen += 1
        if seen >= task.count:
            break
    return report(watch.stop(), seen)


def _kafka_consumer(task: Task, **options: Any) -> Any:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=task.bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
        **over_tls(),
        **options,
    )
    partitions = consumer.partitions_for_topic(task.topic)
    consumer.assign([TopicPartition(task.topic, number) for number in sorted(partitions)])
    return consumer


def _member(task: Task) -> tuple[Any, int]:
    """Return the only member of a new group, which commits by itself, and how many records it read.

    It has its partitions: joining is not what is measured.
    """
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        task.topic,
        bootstrap_servers=task.bootstrap,
        group_id=f"bench-{os.urandom(4).hex()}",
        auto_offset_reset="earliest",
        auto_commit_interval_ms=1000,
        consumer_timeout_ms=30_000,
    )
    seen = 0
    while not consumer.assignment():
        seen += sum(map(len, consumer.poll(timeout_ms=10, max_records=1).values()))
    return consumer, seen


def kafka_latency(task: Task, watch: Stopwatch, **more: Any) -> int:
    from kafka import KafkaProducer

    options = {"acks": 1, "enable_idempotence": False, **of_broker(), **more}
    producer = KafkaProducer(bootstrap_servers=task.bootstrap, linger_ms=0, **options)
    value = os.urandom(task.size)
    producer.send(task.topic, value).get(30)
    times = []
    watch.start()
    for _ in range(task.count):
        began = time.perf_counter()
        producer.send(task.topic, value).get(30)
        times.append(time.perf_counter() - began)
    done = watch.stop()
    producer.close()
    return report(done, task.count, latency=times)
