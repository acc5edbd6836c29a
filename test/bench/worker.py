"""One measured run of one client in a process of its own; prints one JSON line.

Run by `end_to_end` under the interpreter that has the client installed, as
``python -P worker.py CLIENT.MODE BOOTSTRAP TOPIC COUNT SIZE``, so that two clients which share the
package name ``kafka`` never meet. It imports nothing of this project.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

LINGER_MS = 5
BATCH_BYTES = 65536
IDLE_SECONDS = 30.0


class Task(NamedTuple):
    """What to do: *count* records of *size* bytes through *topic*."""

    bootstrap: str
    topic: str
    count: int
    size: int


class Stopwatch:
    """Wall and CPU time between `start` and `stop`."""

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def _keys(count: int) -> list[bytes]:
    """Return *count* 16-byte keys, 10,000 of them distinct."""
    distinct = [f"{number:016d}".encode() for number in range(10_000)]
    return list(itertools.islice(itertools.cycle(distinct), count))


def _drop(future: object) -> None:
    """Let go of *future*."""


def _text(size: int) -> bytes:
    """Return *size* bytes that compress to about half."""
    return os.urandom(size // 2).hex().encode().ljust(size, b"0")


def kafka_producer(
    task: Task,
    watch: Stopwatch,
    *,
    keyed: bool = False,
    codec: str | None = None,
    keeping: bool = True,
) -> int:
    from kafka import KafkaProducer

    options: dict[str, Any] = {
        "compression_type": codec,
        "bootstrap_servers": task.bootstrap,
        "acks": 1,
        "linger_ms": LINGER_MS,
        "batch_size": BATCH_BYTES,
        "enable_idempotence": False,
    }
    producer = KafkaProducer(**options)
    value = _text(task.size) if codec else os.urandom(task.size)
    producer.send(task.topic, value).get(30)
    keys = _keys(task.count) if keyed else None
    futures: list[Any] = []
    watch.start()
    send, keep = producer.send, futures.append if keeping else _drop
    if keys is None:
        for _ in range(task.count):
            keep(send(task.topic, value))
    else:
        for key in keys:
            keep(send(task.topic, value, key))
    producer.flush()
    done = watch.stop()
    failed = sum(future.failed() for future in futures)
    producer.close()
    return _report(done, task.count - failed)


def kafka_send_many(task: Task, watch: Stopwatch) -> int:
    """Send in lots of 1,000 records."""
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=task.bootstrap,
        acks=1,
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        enable_idempotence=False,
    )
    value = os.urandom(task.size)
    producer.send(task.topic, value).get(30)
    lot = 1000
    watch.start()
    # A list of its own for each lot: making it is the user's work, but work all the same.
    futures = [
        producer.send_many(task.topic, [value for _ in range(lot)])
        for _ in range(task.count // lot)
    ]
    producer.flush()
    done = watch.stop()
    delivered = sum(len(future) for future in futures if future.succeeded())
    producer.close()
    return _report(done, delivered)


def kafka_fill(
    task: Task, watch: Stopwatch, *, vary: bool = False, codec: str | None = None
) -> int:
    """Write what consumers read; the sizes vary by half, or all records have the same."""
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=task.bootstrap,
        acks=1,
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        enable_idempotence=False,
        compression_type=codec,
        max_request_size=2 * 1024 * 1024,
    )
    # Half of it is random, so that it can be compressed to about half.
    data = (os.urandom(task.size) + bytes(task.size)) * 2
    spread = task.size // 2 if vary else 0
    lengths = [task.size - spread + n * 2 * spread // 97 for n in range(97)]
    watch.start()
    for number in range(task.count):
        start = number % task.size
        producer.send(task.topic, data[start : start + lengths[number * 31 % 97]])
    producer.flush()
    done = watch.stop()
    producer.close()
    return _report(done, task.count)


def kafka_poll(task: Task, watch: Stopwatch) -> int:
    consumer = _kafka_consumer(task)
    seen = 0
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for records in consumer.poll(timeout_ms=500, max_records=500).values():
            seen += len(records)
    return _report(watch.stop(), seen)


def kafka_poll_batch(task: Task, watch: Stopwatch) -> int:
    consumer = _kafka_consumer(task)
    seen = 0
    watch.start()
    limit = time.perf_counter() + IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for batch in consumer.poll_batch(timeout_ms=500, max_records=500):
            seen += len(batch.values)
    return _report(watch.stop(), seen)


def kafka_idle(task: Task, watch: Stopwatch) -> int:
    """Sit at the end of the log; *count* is the milliseconds to sit, and what is reported."""
    consumer = _kafka_consumer(task)
    consumer.seek_to_end()
    consumer.poll(timeout_ms=1000)
    before = _switches()
    watch.start()
    consumer.poll(timeout_ms=task.count)
    done = watch.stop()
    return _report(done, task.count, wakeups=_switches() - before)


def _switches() -> int:
    """Return how often this process has gone to sleep, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def kafka_iterator(task: Task, watch: Stopwatch) -> int:
    consumer = _kafka_consumer(task)
    seen = 0
    watch.start()
    for _ in consumer:
        seen += 1
        if seen >= task.count:
            break
    return _report(watch.stop(), seen)


def _kafka_consumer(task: Task) -> Any:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000
    )
    partitions = consumer.partitions_for_topic(task.topic)
    consumer.assign([TopicPartition(task.topic, number) for number in sorted(partitions)])
    return consumer


def kafka_latency(task: Task, watch: Stopwatch) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=task.bootstrap, acks=1, linger_ms=0, enable_idempotence=False
    )
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
    return _report(done, task.count, latency=times)


async def aiokafka_latency(task: Task, watch: Stopwatch) -> int:
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=task.bootstrap, acks=1, linger_ms=0)
    await producer.start()
    value = os.urandom(task.size)
    await producer.send_and_wait(task.topic, value)
    times = []
    watch.start()
    for _ in range(task.count):
        began = time.perf_counter()
        await producer.send_and_wait(task.topic, value)
        times.append(time.perf_counter() - began)
    done = watch.stop()
    await producer.stop()
    return _report(done, task.count, latency=times)


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
    keys = _keys(task.count) if keyed else itertools.repeat(None, task.count)
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
    return _report(watch.stop(), delivered if callback else task.count)


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
    return _report(done, seen)


async def aiokafka_producer(task: Task, watch: Stopwatch) -> int:
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(
        bootstrap_servers=task.bootstrap,
        acks=1,
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
    )
    return await _async_producer(producer, task, watch)


async def _async_producer(producer: Any, task: Task, watch: Stopwatch) -> int:
    await producer.start()
    value = os.urandom(task.size)
    await (await producer.send(task.topic, value))
    watch.start()
    futures = [await producer.send(task.topic, value) for _ in range(task.count)]
    await producer.flush()
    done = watch.stop()
    for future in futures:
        await future
    await producer.stop()
    return _report(done, task.count)


async def aiokafka_consumer(task: Task, watch: Stopwatch, *, iterate: bool) -> int:
    from aiokafka import AIOKafkaConsumer

    consumer = AIOKafkaConsumer(
        task.topic, bootstrap_servers=task.bootstrap, auto_offset_reset="earliest"
    )
    return await _async_consumer(consumer, task, watch, iterate=iterate)


async def _async_consumer(
    consumer: Any,
    task: Task,
    watch: Stopwatch,
    *,
    iterate: bool,
) -> int:
    await consumer.start()
    seen = 0
    watch.start()
    if iterate:
        async for _ in consumer:
            seen += 1
            if seen >= task.count:
                break
    else:
        limit = time.perf_counter() + IDLE_SECONDS
        while seen < task.count and time.perf_counter() < limit:
            batches = await consumer.getmany(timeout_ms=500, max_records=500)
            seen += sum(map(len, batches.values()))
    done = watch.stop()
    await consumer.stop()
    return _report(done, seen)


async def native_async_producer(task: Task, watch: Stopwatch) -> int:
    from kafka.aio import AsyncKafkaProducer

    producer = AsyncKafkaProducer(
        bootstrap_servers=task.bootstrap, acks=1, linger_ms=LINGER_MS, batch_size=BATCH_BYTES
    )
    return await _async_producer(producer, task, watch)


async def native_async_consumer(task: Task, watch: Stopwatch, *, iterate: bool) -> int:
    from kafka.aio import AsyncKafkaConsumer

    consumer = AsyncKafkaConsumer(
        task.topic, bootstrap_servers=task.bootstrap, auto_offset_reset="earliest"
    )
    return await _async_consumer(consumer, task, watch, iterate=iterate)


def kafka_import(task: Task, watch: Stopwatch) -> int:
    del task
    watch.start()
    from kafka import KafkaConsumer, KafkaProducer  # noqa: F401

    return _report(watch.stop(), 1)


def _report(
    done: tuple[float, float],
    records: int,
    latency: list[float] | None = None,
    wakeups: int = 0,
) -> int:
    wall, cpu = done
    result = {
        "records": records,
        "wall": wall,
        "cpu": cpu,
        "wakeups": wakeups,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if latency:
        latency.sort()
        result["p50"] = latency[len(latency) // 2]
        result["p99"] = latency[len(latency) * 99 // 100]
    print(json.dumps(result))
    return 0


Mode = Callable[[Task, Stopwatch], Any]
MODES: dict[str, Mode] = {
    "kafka.import": kafka_import,
    "kafka.send": kafka_producer,
    "kafka.send-lz4": lambda task, watch: kafka_producer(task, watch, codec="lz4"),
    "kafka.send-drop": lambda task, watch: kafka_producer(task, watch, keeping=False),
    "kafka.send-many": kafka_send_many,
    "kafka.send-keyed": lambda task, watch: kafka_producer(task, watch, keyed=True),
    "kafka.fill": kafka_fill,
    "kafka.fill-varied": lambda task, watch: kafka_fill(task, watch, vary=True),
    "kafka.fill-lz4": lambda task, watch: kafka_fill(task, watch, codec="lz4"),
    "kafka.poll": kafka_poll,
    "kafka.poll-batch": kafka_poll_batch,
    "kafka.idle": kafka_idle,
    "kafka.iterator": kafka_iterator,
    "kafka.latency": kafka_latency,
    "kafka.async-send": lambda task, watch: asyncio.run(native_async_producer(task, watch)),
    "kafka.getmany": lambda task, watch: asyncio.run(
        native_async_consumer(task, watch, iterate=False)
    ),
    "kafka.async-for": lambda task, watch: asyncio.run(
        native_async_consumer(task, watch, iterate=True)
    ),
    "confluent.produce": lambda task, watch: confluent_producer(task, watch, callback=False),
    "confluent.produce-callback": lambda task, watch: confluent_producer(
        task, watch, callback=True
    ),
    "confluent.produce-keyed": lambda task, watch: confluent_producer(
        task, watch, callback=True, keyed=True
    ),
    "confluent.poll": lambda task, watch: confluent_consumer(task, watch, batch=1),
    "confluent.consume500": lambda task, watch: confluent_consumer(task, watch, batch=500),
    "aiokafka.send": lambda task, watch: asyncio.run(aiokafka_producer(task, watch)),
    "aiokafka.latency": lambda task, watch: asyncio.run(aiokafka_latency(task, watch)),
    "aiokafka.getmany": lambda task, watch: asyncio.run(
        aiokafka_consumer(task, watch, iterate=False)
    ),
    "aiokafka.async-for": lambda task, watch: asyncio.run(
        aiokafka_consumer(task, watch, iterate=True)
    ),
}

if __name__ == "__main__":
    mode, bootstrap, topic, count, size = sys.argv[1:6]
    MODES[mode](Task(bootstrap, topic, int(count), int(size)), Stopwatch())
