"""What is compared: our mode, each peer's, and how fast ours should be beside it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from test.bench.results import Metric

BROKERS = ("kafka", "mock", "replay")
LZ4 = "lz4"


class Flow(Enum):
    """Which way the records go, and which brokers can serve such a row.

    Attributes:
        brokers: their names.
        reads: whether the records are there before.
    """

    WRITE = (("kafka", "mock"), False)
    READ = (("kafka", "replay"), True)
    WRITE_TO_KAFKA = (("kafka",), False)
    READ_FROM_KAFKA = (("kafka",), True)

    def __init__(self, brokers: tuple[str, ...], reads: bool) -> None:
        self.brokers = brokers
        self.reads = reads


class Peer(NamedTuple):
    """What ours is beside, and the ratio of our value to its value that is asked for.

    Where a larger value is better the ratio is the least one, else the greatest one. *partitions*
    comes before what the row says. With *tls* it is measured over TLS. Of the row's records it gets
    the *share*, if its rate is compared and it is slow.
    """

    mode: str
    target: float | None = None
    partitions: int | None = None
    tls: bool = False
    share: float = 1.0


class Row(NamedTuple):
    """One comparison.

    Attributes:
        what: in words, for people.
        mode: ours, as `workers/worker.py` names it.
        peers: by the name of the client.
        flow: which way the records go.
        metric: what is compared.
        share: the part of the records that is enough.
        size: of a value, in bytes; comes before what the command line says, as do the following.
        partitions: of the topic.
        busy: how many of the partitions hold the records that are read; all of them by default.
        codec: compresses the batches.
        vary: whether the values that consumers read vary in size, by half.
        limits: metrics that must stay below a value, whatever the peers' are.
        tls: whether ours is measured over TLS; peers say that for themselves.
    """

    what: str
    mode: str
    peers: dict[str, Peer]
    flow: Flow = Flow.WRITE
    metric: Metric = Metric.RATE
    share: float = 1.0
    size: int | None = None
    partitions: int | None = None
    busy: int | None = None
    codec: str | None = None
    vary: bool = False
    limits: dict[Metric, float] = {}  # noqa: RUF012 - never changed
    tls: bool = False


ROWS = {
    "import": Row(
        "from kafka import KafkaProducer, KafkaConsumer",
        "kafka.import",
        {"kafka-python": Peer("kafka.import", 0.6)},
        Flow.WRITE_TO_KAFKA,
        Metric.MILLISECONDS,
    ),
    # What a program keeps of each record costs it a third of its time, in passes of the garbage
    # collector. Beside a peer that tells the outcome of each record all futures are kept, beside
    # one that does not they are let go.
    "send-let-go": Row(
        "send(), futures let go",
        "kafka.send-let-go",
        {"confluent": Peer("confluent.produce", 0.7)},
    ),
    "send": Row(
        "send(), a future per record kept to the end",
        "kafka.send",
        {
            "confluent": Peer("confluent.produce"),
            "confluent-callback": Peer("confluent.produce-callback", 1.0),
            "aiokafka": Peer("aiokafka.send", 4.0),
            "kafka-python": Peer("kafka.send", 8.0),
        },
    ),
    "send-keyed": Row(
        "send() with 16-byte keys, 10,000 distinct",
        "kafka.send-keyed",
        {
            "confluent-callback": Peer("confluent.produce-keyed", 0.5),
            "kafka-python": Peer("kafka.send-keyed", 5.0),
        },
    ),
    **{
        f"send-{what}": Row(
            f"send() with {words}, beside without",
            f"kafka.send-{what}",
            {"ours, plain": Peer("kafka.send", target), "kafka-python": Peer(f"kafka.send-{what}")},
            metric=Metric.CPU,
            share=0.5,
        )
        for what, words, target in (
            ("partition", "partition=", 1.5),
            ("timestamp", "timestamp_ms=", 1.5),
            ("headers", "a header of tracing", 2.0),
        )
    },
    "send-idempotent": Row(
        "send() with the defaults, acks=all and idempotence, beside acks=1 without",
        "kafka.send-idempotent",
        {
            "ours, acks=1": Peer("kafka.send", 0.95),
            # Tells what the broker takes for acks=all from what numbering the batches takes.
            "ours, acks=all": Peer("kafka.send-acks-all"),
            "confluent-callback": Peer("confluent.produce-idempotent"),
            # It takes half a minute and more for a million.
            "kafka-python": Peer("kafka.send-idempotent", share=0.1),
        },
        Flow.WRITE_TO_KAFKA,
        share=0.5,
    ),
    "transactions": Row(
        "transactions of 1,000 records",
        "kafka.transactions",
        {"confluent": Peer("confluent.transactions", 0.8)},
        Flow.WRITE_TO_KAFKA,
        # A round trip or two for each transaction, whatever its size.
        share=0.1,
    ),
    "latency-idempotent": Row(
        "send().get() one at a time, acks=all and idempotence, beside acks=1 without",
        "kafka.latency-idempotent",
        {"ours, acks=1": Peer("kafka.latency", 1.05)},
        Flow.WRITE_TO_KAFKA,
        Metric.P50,
        share=0.01,
    ),
    "send-varied": Row(
        "send(), sizes varied by half",
        "kafka.send-varied",
        {
            "confluent-callback": Peer("confluent.produce-varied"),
            "kafka-python": Peer("kafka.send-varied"),
        },
    ),
    "send-many": Row(
        "send_many() in lots of 1,000",
        "kafka.send-many",
        {
            "confluent": Peer("confluent.produce", 1.0),
            "confluent-callback": Peer("confluent.produce-callback"),
        },
    ),
    "send-lz4": Row(
        "send(), 1-KB records, lz4",
        "kafka.send",
        {"confluent": Peer("confluent.produce"), "kafka-python": Peer("kafka.send", 3.0)},
        share=0.2,
        size=1000,
        codec=LZ4,
    ),
    "send-1000-partitions": Row(
        "send() to 1,000 partitions, beside 6",
        "kafka.send",
        {
            "ours, 6 partitions": Peer("kafka.send", 0.75, partitions=6),
            "kafka-python": Peer("kafka.send"),
        },
        Flow.WRITE_TO_KAFKA,
        share=0.5,
        partitions=1000,
    ),
    "send-keyed-1000": Row(
        "send() with 16-byte keys to 1,000 partitions, beside 6",
        "kafka.send-keyed",
        {
            "ours, 6 partitions": Peer("kafka.send-keyed", partitions=6),
            "confluent-callback": Peer("confluent.produce-keyed"),
        },
        Flow.WRITE_TO_KAFKA,
        share=0.5,
        partitions=1000,
    ),
    "metrics-send": Row(
        "send() with metrics, beside metrics_enabled=False",
        "kafka.send",
        {"ours, no metrics": Peer("kafka.send-no-metrics", 1.03)},
        metric=Metric.CPU,
    ),
    "metrics-poll": Row(
        "poll() with metrics, beside metrics_enabled=False",
        "kafka.poll",
        {"ours, no metrics": Peer("kafka.poll-no-metrics", 1.03)},
        Flow.READ,
        Metric.CPU,
    ),
    "poll": Row(
        "poll() in records",
        "kafka.poll",
        {
            "confluent": Peer("confluent.poll", 1.3),
            "confluent-consume500": Peer("confluent.consume500", 0.5),
            "kafka-python": Peer("kafka.poll", 5.0),
        },
        Flow.READ,
    ),
    "iterator": Row(
        "for record in consumer",
        "kafka.iterator",
        {
            "confluent": Peer("confluent.poll", 1.0),
            "aiokafka": Peer("aiokafka.async-for", 3.0),
            "kafka-python": Peer("kafka.iterator", 5.0),
        },
        Flow.READ,
    ),
    **{
        f"{mode}-group": Row(
            f"{words} in a group with auto-commit, beside assign() without a group",
            f"kafka.{mode}-group",
            {"ours, assigned": Peer(f"kafka.{mode}", 0.97)},
            Flow.READ_FROM_KAFKA,
        )
        for mode, words in (("poll", "poll()"), ("iterator", "for record in consumer"))
    },
    "fetch-4000": Row(
        "poll() with 4,000 partitions assigned and one busy, beside one assigned",
        "kafka.poll",
        {
            "ours, 1 partition": Peer("kafka.poll", 0.75, partitions=1),
            "kafka-python": Peer("kafka.poll"),
        },
        Flow.READ_FROM_KAFKA,
        partitions=4000,
        busy=1,
    ),
    "poll-batch": Row(
        "poll_batch() columns, sizes varied by half",
        "kafka.poll-batch",
        {"confluent-consume500": Peer("confluent.consume500", 0.8)},
        Flow.READ,
        vary=True,
    ),
    "poll-1k-lz4": Row(
        "poll(), 1-KB records, lz4",
        "kafka.poll",
        {
            "confluent-consume500": Peer("confluent.consume500"),
            "kafka-python": Peer("kafka.poll", 3.0),
        },
        Flow.READ,
        share=0.3,
        size=1000,
        codec=LZ4,
    ),
    "consume-10k": Row(
        "poll_batch(), 10-KB records",
        "kafka.poll-batch",
        {"confluent-consume500": Peer("confluent.consume500", 0.8)},
        Flow.READ,
        Metric.MEGABYTES,
        # With fewer, a run is mostly its start.
        share=0.2,
        size=10_000,
    ),
    "async-send": Row("await send()", "kafka.async-send", {"aiokafka": Peer("aiokafka.send", 3.0)}),
    "getmany": Row(
        "getmany()",
        "kafka.getmany",
        {"aiokafka": Peer("aiokafka.getmany", 0.9)},
        Flow.READ,
    ),
    "async-for": Row(
        "async for record in consumer",
        "kafka.async-for",
        {"aiokafka": Peer("aiokafka.async-for", 2.5)},
        Flow.READ,
    ),
    "latency": Row(
        "send().get() one at a time, linger 0",
        "kafka.latency",
        {
            "aiokafka": Peer("aiokafka.latency", 1.0),
            "confluent": Peer("confluent.latency"),
            "kafka-python": Peer("kafka.latency"),
        },
        metric=Metric.P50,
        share=0.01,
    ),
    "async-latency": Row(
        "await (await send()) one at a time, linger 0",
        "kafka.async-latency",
        {"aiokafka": Peer("aiokafka.latency")},
        metric=Metric.P50,
        share=0.01,
    ),
    "tls-send": Row(
        "send() over TLS, beside without",
        "kafka.send",
        {
            "ours, plaintext": Peer("kafka.send", 0.8),
            "confluent": Peer("confluent.produce", tls=True),
            "confluent-callback": Peer("confluent.produce-callback", 1.0, tls=True),
        },
        Flow.WRITE_TO_KAFKA,
        tls=True,
    ),
    "tls-poll": Row(
        "poll() over TLS, beside without",
        "kafka.poll",
        {
            "ours, plaintext": Peer("kafka.poll", 0.75),
            "confluent": Peer("confluent.poll", 0.9, tls=True),
        },
        Flow.READ_FROM_KAFKA,
        tls=True,
    ),
    "tls-poll-batch": Row(
        "poll_batch() over TLS, beside without",
        "kafka.poll-batch",
        {
            "ours, plaintext": Peer("kafka.poll-batch", 0.6),
            "confluent-consume500": Peer("confluent.consume500", 0.7, tls=True),
        },
        Flow.READ_FROM_KAFKA,
        tls=True,
    ),
    "tls-consume-10k": Row(
        "poll_batch() over TLS, 10-KB records",
        "kafka.poll-batch",
        {
            "ours, plaintext": Peer("kafka.poll-batch"),
            "confluent-consume500": Peer("confluent.consume500", 0.7, tls=True),
        },
        Flow.READ_FROM_KAFKA,
        Metric.MEGABYTES,
        share=0.2,
        size=10_000,
        tls=True,
    ),
    # One partition: an answer is what max_partition_fetch_bytes allows, 1 MB.
    "tls-fetch-1m": Row(
        "getmany() over TLS, fetches of 1 MB",
        "kafka.getmany",
        {"aiokafka": Peer("aiokafka.getmany", 1.0, tls=True)},
        Flow.READ_FROM_KAFKA,
        Metric.CPU,
        share=0.1,
        size=10_000,
        partitions=1,
        tls=True,
    ),
    # Milliseconds at the end of the log instead of records.
    "idle": Row(
        "assigned, at the end of the log",
        "kafka.idle",
        {"kafka-python": Peer("kafka.idle")},
        Flow.WRITE_TO_KAFKA,
        Metric.CORE_SHARE,
        share=0.01,
        limits={Metric.CORE_SHARE: 1.0, Metric.WAKEUPS: 20.0},
    ),
}
