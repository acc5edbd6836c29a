"""What is compared: our mode, each peer's, and how fast ours should be beside it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from test.bench.results import Metric

BROKERS = ("kafka", "mock", "replay")
LZ4 = "lz4"


class Flow(Enum):
    """Which way the records go, by which it is known which brokers can serve a row."""

    WRITE = ("kafka", "mock")
    READ = ("kafka", "replay")
    KAFKA_ONLY = ("kafka",)


class Peer(NamedTuple):
    """What ours is beside, and the ratio of our value to its value that is asked for.

    Where a larger value is better the ratio is the least one, else the greatest one. *partitions*
    comes before what the row says.
    """

    mode: str
    target: float | None = None
    partitions: int | None = None


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


ROWS = {
    "import": Row(
        "from kafka import KafkaProducer, KafkaConsumer",
        "kafka.import",
        {"kafka-python": Peer("kafka.import", 0.6)},
        Flow.KAFKA_ONLY,
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
        Flow.KAFKA_ONLY,
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
        Flow.KAFKA_ONLY,
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
    "fetch-4000": Row(
        "poll() with 4,000 partitions assigned and one busy, beside one assigned",
        "kafka.poll",
        {
            "ours, 1 partition": Peer("kafka.poll", 0.75, partitions=1),
            "kafka-python": Peer("kafka.poll"),
        },
        Flow.KAFKA_ONLY,
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
    # Milliseconds at the end of the log instead of records.
    "idle": Row(
        "assigned, at the end of the log",
        "kafka.idle",
        {"kafka-python": Peer("kafka.idle")},
        Flow.KAFKA_ONLY,
        Metric.CORE_SHARE,
        share=0.01,
        limits={Metric.CORE_SHARE: 1.0, Metric.WAKEUPS: 20.0},
    ),
}
GROUPS = {"metrics": ("metrics-send", "metrics-poll")}
BEFORE = "before"
#: How much slower than before a row may be: what is measured varies by as much.
UNCHANGED = 0.97


def beside_before(rows: dict[str, Row]) -> dict[str, Row]:
    """Return *rows* with one peer: this client as it was before a change."""
    return {
        name: row._replace(
            peers={
                BEFORE: Peer(row.mode, UNCHANGED if row.metric.more_is_better else 1 / UNCHANGED)
            }
        )
        for name, row in rows.items()
    }


def sweep(sizes: list[int], codecs: list[str]) -> dict[str, Row]:
    """Return a row for producing and one for polling, for each size and codec; no targets."""
    rows = {}
    for size in sizes:
        for codec in codecs:
            # Fewer of the larger, but more bytes, so that the start does not count for much.
            share, used = min(0.4, 0.8 * (100 / size) ** 0.5), None if codec == "none" else codec
            if codec == "gzip":
                share /= 4
            rows[f"sweep-send-{size}-{codec}"] = Row(
                f"send(), {size:,} B, {codec}",
                "kafka.send",
                {
                    "confluent": Peer("confluent.produce"),
                    "aiokafka": Peer("aiokafka.send"),
                    "kafka-python": Peer("kafka.send"),
                },
                share=share,
                size=size,
                codec=used,
            )
            rows[f"sweep-poll-{size}-{codec}"] = Row(
                f"poll(), {size:,} B, {codec}",
                "kafka.poll",
                {
                    "confluent-consume500": Peer("confluent.consume500"),
                    "aiokafka": Peer("aiokafka.getmany"),
                    "kafka-python": Peer("kafka.poll"),
                },
                Flow.READ,
                share=share,
                size=size,
                codec=used,
            )
    return rows


def chosen(names: str, sizes: list[int], codecs: list[str]) -> dict[str, Row]:
    """Return the rows of a list with commas.

    Args:
        names: rows, ``metrics`` for both of that name, ``sweep``, ``all`` for everything.
        sizes: of the sweep.
        codecs: of the sweep.

    Raises:
        KeyError: there is no such row.
    """
    found: dict[str, Row] = {}
    for name in names.split(","):
        if name in {"all", "sweep"}:
            found |= (ROWS if name == "all" else {}) | sweep(sizes, codecs)
        else:
            found |= {each: ROWS[each] for each in GROUPS.get(name, (name,))}
    return found
