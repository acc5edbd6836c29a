"""The results as tables in reStructuredText.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from test.bench.results import OURS, Result, shown

_BROKERS = {
    "kafka": "On Apache Kafka, without a target",
    "mock": "On librdkafka's mock cluster",
    "replay": "On a server that replays a fixed log",
}
_SWEEP = "sweep-"
_COLUMNS = ("what", "beside", "ours", "theirs", "ratio (least to greatest)", "target")
_WIDTHS = "30 18 16 16 14 10"


def merge(files: Iterable[list[Result]]) -> list[Result]:
    """Return the results of all *files*; a row of a later one replaces that of an earlier one."""
    rows: dict[tuple[str, str], list[Result]] = {}
    for results in files:
        new: dict[tuple[str, str], list[Result]] = {}
        for result in results:
            new.setdefault((result.broker, result.row), []).append(result)
        rows |= new
    return [result for found in rows.values() for result in found]


def table(heads: list[dict[str, Any]], results: list[Result]) -> str:
    """Return a document to be included.

    Args:
        heads: of the files that the results are from.
        results: of all of them.
    """
    plain = [result for result in results if not result.row.startswith(_SWEEP)]
    parts = [".. Written by test.bench.plot; do not edit.\n"]
    parts += dict.fromkeys(_measured_on(head) for head in heads if "date" in head)
    parts.append(_list_table("Targets", [r for r in plain if r.target is not None], results))
    for broker, title in _BROKERS.items():
        rest = [r for r in plain if r.broker == broker and r.target is None and r.client != OURS]
        parts.append(_list_table(title, rest, results))
        swept = [r for r in results if r.broker == broker and r not in plain and r.client != OURS]
        parts.append(_list_table(f"{title}: sizes and codecs", swept, results))
    return "\n".join(filter(None, parts))


def _measured_on(head: dict[str, Any]) -> str:
    clients = ", ".join(f"{name} {version}" for name, version in head.get("clients", {}).items())
    facts = [head["date"], head.get("machine"), head.get("python"), clients]
    if "kafka" in head:
        facts.append(f"Apache Kafka {head['kafka']}")
    if "rounds" in head:
        most = f"up to {head.get('count', 0):,} records"
        facts.append(f"medians of {head['rounds']} rounds, each of {most}")
    return f"{'; '.join(filter(None, facts))}.\n"


def _list_table(title: str, rows: list[Result], results: list[Result]) -> str:
    """Return a table of *rows*, or nothing if there are none; *results* has ours beside them."""
    if not rows:
        return ""
    ours = {(r.broker, r.row, r.metric): r for r in results if r.client == OURS}
    lines = [f".. list-table:: {title}", "   :header-rows: 1", f"   :widths: {_WIDTHS}", ""]
    lines += _cells(_COLUMNS)
    before = None
    for row in rows:
        mine = ours.get((row.broker, row.row, row.metric))
        what, before = ("" if row.row == before else row.what), row.row
        lines += _cells((what, *_values(row, mine), _target(row)))
    return "\n".join(lines) + "\n"


def _values(row: Result, mine: Result | None) -> tuple[str, str, str, str]:
    value = shown(row.value, row.metric)
    if row.client == OURS:
        return "", value, "", ""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    if row.low is not None and row.high is not None:
        ratio += f" ({row.low:.2f} to {row.high:.2f})"
    return row.client, shown(mine.value, mine.metric) if mine else "", value, ratio


def _target(row: Result) -> str:
    if row.target is None:
        return ""
    sign = "at least" if row.more_is_better else "at most" if row.ratio is not None else "below"
    return f"{sign} {row.target:g}" + ("" if row.holds else ": **missed**")


def _cells(texts: Iterable[str]) -> list[str]:
    first, *rest = texts
    return [f"   * - {first}".rstrip(), *(f"     - {text}".rstrip() for text in rest)]
