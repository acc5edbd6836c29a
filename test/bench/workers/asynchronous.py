"""Modes of the clients for asyncio: aiokafka and the async face of this one."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable
from typing import Any

from common import (
    BATCH_BYTES,
    CA,
    IDLE_SECONDS,
    LINGER_MS,
    Stopwatch,
    Task,
    over_tls,
    payloads,
    report,
    sending,
)


async def aiokafka_latency(task: Task, watch: Stopwatch) -> int:
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=task.bootstrap, acks=1, linger_ms=0)
    return await _async_latency(producer, producer.send_and_wait, task, watch)


async def native_async_latency(task: Task, watch: Stopwatch) -> int:
    from kafka.aio import AsyncKafkaProducer

    producer = AsyncKafkaProducer(
        bootstrap_servers=task.bootstrap, acks=1, linger_ms=0, enable_idempotence=False
    )

    async def send_and_wait(topic: str, value: bytes) -> None:
        await (await producer.send(topic, value))

    return await _async_latency(producer, send_and_wait, task, watch)


async def _async_latency(
    producer: Any, send_and_wait: Callable[[str, bytes], Any], task: Task, watch: Stopwatch
) -> int:
    await producer.start()
    value = os.urandom(task.size)
    await send_and_wait(task.topic, value)
    times = []
    watch.start()
    for _ in range(task.count):
        began = time.perf_counter()
        await send_and_wait(task.topic, value)
        times.append(time.perf_counter() - began)
    done = watch.stop()
    await producer.stop()
    return report(done, task.count, latency=times)


async def aiokafka_producer(task: Task, watch: Stopwatch) -> int:
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(
        bootstrap_servers=task.bootstrap,
        acks=1,
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
        compression_type=task.codec,
    )
    return await _async_producer(producer, task, watch)


async def _async_producer(producer: Any, task: Task, watch: Stopwatch) -> int:
    await producer.start()
    values = payloads(task)
    await (await producer.send(task.topic, os.urandom(task.size)))
    watch.start()
    futures = [await producer.send(task.topic, value) for value in values]
    await producer.flush()
    done = watch.stop()
    for future in futures:
        await future
    await producer.stop()
    return report(done, task.count)


async def aiokafka_consumer(task: Task, watch: Stopwatch, *, iterate: bool) -> int:
    from aiokafka import AIOKafkaConsumer

    secured = over_tls()
    if secured:
        context = ssl.create_default_context(cafile=CA)
        secured = {"security_protocol": "SSL", "ssl_context": context}
    consumer = AIOKafkaConsumer(
        task.topic, bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", **secured
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
    return report(done, seen)


async def native_async_producer(task: Task, watch: Stopwatch) -> int:
    from kafka.aio import AsyncKafkaProducer

    producer = AsyncKafkaProducer(**sending(task))
    return await _async_producer(producer, task, watch)


async def native_async_consumer(task: Task, watch: Stopwatch, *, iterate: bool) -> int:
    from kafka.aio import AsyncKafkaConsumer

    consumer = AsyncKafkaConsumer(
        task.topic, bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", **over_tls()
    )
    return await _async_consumer(consumer, task, watch, iterate=iterate)
