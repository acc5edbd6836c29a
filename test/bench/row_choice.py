"""Which rows a run has: those that are named, those of a sweep, or ours beside ours of before."""

from __future__ import annotations

from test.bench.rows import ROWS, Flow, Peer, Row

GROUPS = {
    "metrics": ("metrics-send", "metrics-poll"),
    "tls": tuple(name for name in ROWS if name.startswith("tls-")),
}
BEFORE = "before"
#: How much slower than before a row may be: what is measured varies by as much.
UNCHANGED = 0.97


def beside_before(rows: dict[str, Row]) -> dict[str, Row]:
    """Return *rows* with one peer: this client as it was before a change."""
    return {
        name: row._replace(
            peers={
                BEFORE: Peer(
                    row.mode,
                    UNCHANGED if row.metric.more_is_better else 1 / UNCHANGED,
                    tls=row.tls,
                )
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
        names: rows, ``metrics`` or ``tls`` for all of that name, ``sweep``, ``all`` for everything.
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
