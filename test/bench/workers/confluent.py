"""Modes of confluent-kafka."""

from __future__ import annotations

import itertools
import os
import time

from common import BATCH_BYTES, IDLE_SECONDS, LINGER_MS, Stopwatch, Task, keys_of, report


def confluent_producer(task: Task, watch: Stopwatch, *, keyed: bool = False, callback: bool) -> int:
    from confluent_kafka import Producer

    producer = Producer(
        {
            "bootstrap.servers": task.bootstrap,
            "acks": 1,
            "linger.ms": LINGER_MS,
            "batch.size": BATCH_BYTES,
            "queue.buffering.max.messages": 1_000_000,
            "partitioner": "murmur2_random",
        }
    )
    value = os.urandom(task.size)
    producer.produce(task.topic, value)
    producer.flush()
    delivered = 0

    def on_delivery(error: object, _: object) -> None:
        nonlocal delivered
        delivered += error is None

    options = {"on_delivery": on_delivery} if callback else {}
    keys = keys_of(task.count) if keyed else itertools.repeat(None, task.count)
    watch.start()
    produce, poll = producer.produce, producer.poll
    for number, key in enumerate(keys):
        while True:
            try:
                produce(task.topic, value, key, **options)
                break
            except BufferError:
                poll(0.01)
        if number % 1000 == 0:
            poll(0)
    producer.flush()
    return report(watch.stop(), delivered if callback else task.count)


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
        }
    )
    partitions = consumer.list_topics(task.topic).topics[task.topic].partitions
    consumer.assign([TopicPartition(task.topic, number, 0) for number in partitions])
    seen = 0
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    if batch == 1:
        poll = consumer.poll
        while seen < task.count and time.perf_counter() < limit:
            message = poll(1.0)
            seen += message is not None and message.error() is None
    else:
        while seen < task.count and time.perf_counter() < limit:
            seen += len(consumer.consume(batch, 1.0))
    done = watch.stop()
    consumer.close()
    return report(done, seen)
