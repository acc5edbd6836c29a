"""One measured run of one client in a process of its own; prints one JSON line.

Run by `end_to_end` under the interpreter that has the client installed, as
``python worker.py CLIENT.MODE BOOTSTRAP TOPIC COUNT SIZE [CODEC]``. Python finds the modules of
this folder and no others of this project, so two clients that share the package name ``kafka``
never meet.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import asynchronous
import blocking
import confluent
from common import Stopwatch, Task

Mode = Callable[[Task, Stopwatch], int]

TIMESTAMP = 1_700_000_000_000
# What tracing adds to every record.
TRACE = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
IDEMPOTENT: dict[str, Any] = {"acks": "all", "enable_idempotence": True}


def awaited(story: Callable[..., Coroutine[Any, Any, int]], **options: bool) -> Mode:
    """Return *story* as a mode that runs it on a loop of its own."""
    return lambda task, watch: asyncio.run(story(task, watch, **options))


MODES: dict[str, Mode] = {
    "kafka.send": blocking.kafka_producer,
    "kafka.send-no-metrics": partial(blocking.kafka_producer, metrics_enabled=False),
    "kafka.send-acks-all": partial(blocking.kafka_producer, acks="all"),
    "kafka.send-idempotent": partial(blocking.kafka_producer, **IDEMPOTENT),
    "kafka.transactions": blocking.kafka_transactions,
    "kafka.send-let-go": blocking.kafka_let_go,
    "kafka.send-many": blocking.kafka_send_many,
    "kafka.send-keyed": partial(blocking.kafka_producer, keyed=True),
    "kafka.send-partition": partial(blocking.kafka_producer, each={"partition": 0}),
    "kafka.send-timestamp": partial(blocking.kafka_producer, each={"timestamp_ms": TIMESTAMP}),
    "kafka.send-headers": partial(blocking.kafka_producer, each={"headers": TRACE}),
    "kafka.send-varied": partial(blocking.kafka_producer, vary=True),
    "kafka.touch": blocking.kafka_touch,
    "kafka.fill": blocking.kafka_fill,
    "kafka.fill-varied": partial(blocking.kafka_fill, vary=True),
    "kafka.poll": blocking.kafka_poll,
    "kafka.poll-no-metrics": partial(blocking.kafka_poll, metrics_enabled=False),
    "kafka.poll-group": partial(blocking.kafka_poll, group=True),
    "kafka.poll-batch": blocking.kafka_poll_batch,
    "kafka.idle": blocking.kafka_idle,
    "kafka.iterator": blocking.kafka_iterator,
    "kafka.iterator-group": partial(blocking.kafka_iterator, group=True),
    "kafka.latency": blocking.kafka_latency,
    "kafka.latency-idempotent": partial(blocking.kafka_latency, **IDEMPOTENT),
    "kafka.async-latency": awaited(asynchronous.native_async_latency),
    "kafka.async-send": awaited(asynchronous.native_async_producer),
    "kafka.getmany": awaited(asynchronous.native_async_consumer, iterate=False),
    "kafka.async-for": awaited(asynchronous.native_async_consumer, iterate=True),
    "confluent.produce": partial(confluent.confluent_producer, callback=False),
    "confluent.produce-callback": partial(confluent.confluent_producer, callback=True),
    "confluent.produce-idempotent": partial(
        confluent.confluent_producer, callback=True, idempotent=True
    ),
    "confluent.transactions": confluent.confluent_transactions,
    "confluent.produce-keyed": partial(confluent.confluent_producer, callback=True, keyed=True),
    "confluent.produce-varied": partial(confluent.confluent_producer, callback=True, vary=True),
    "confluent.latency": confluent.confluent_latency,
    "confluent.poll": partial(confluent.confluent_consumer, batch=1),
    "confluent.consume500": partial(confluent.confluent_consumer, batch=500),
    "aiokafka.send": awaited(asynchronous.aiokafka_producer),
    "aiokafka.latency": awaited(asynchronous.aiokafka_latency),
    "aiokafka.getmany": awaited(asynchronous.aiokafka_consumer, iterate=False),
    "aiokafka.async-for": awaited(asynchronous.aiokafka_consumer, iterate=True),
}

if __name__ == "__main__":
    mode, bootstrap, topic, count, size, *codec = sys.argv[1:7]
    MODES[mode](Task(bootstrap, topic, int(count), int(size), *codec), Stopwatch())
