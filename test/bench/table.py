"""The results as tables in reStructuredText.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from test.bench.results import OURS, Result, shown

_BROKERS = {
    "kafka": "On Apache Kafka, without a target",
    "mock": "On librdkafka's mock cluster",
    "replay": "On a server that replays a fixed log",
}
_SWEEP = "sweep-"
#: Said of a target that holds in the median, but not in every round.
NOT_ALWAYS = " (not in each round)"
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


def heads_of(files: list[tuple[dict[str, Any], list[Result]]]) -> list[dict[str, Any]]:
    """Return the heads of *files*, each with the names of the rows that `merge` takes from it.

    A file that has been made of several keeps their heads as ``parts``. A head of which nothing is
    taken is left out.
    """
    last = {_name(result): place for place, (_, found) in enumerate(files) for result in found}
    heads: list[dict[str, Any]] = []
    for place, (head, results) in enumerate(files):
        taken = [name for name in dict.fromkeys(map(_name, results)) if last[name] == place]
        for part in head.get("parts", [head | {"rows": taken}]):
            # Of the parts of an older file it is not known which rows they brought.
            rows = part.get("rows")
            left = {} if rows is None else {"rows": [name for name in rows if name in taken]}
            if taken and left.get("rows", taken):
                heads.append(part | left)
    return heads


def _name(result: Result) -> str:
    """Return the name of a row, with that of the broker if it is not the one that most run on."""
    return result.row if result.broker == "kafka" else f"{result.row} ({result.broker})"


def table(heads: list[dict[str, Any]], results: list[Result]) -> str:
    """Return a document to be included.

    Args:
        heads: of the files that the results are from, as `heads_of` returns them.
        results: of all of them.
    """
    plain = [result for result in results if not result.row.startswith(_SWEEP)]
    parts = [".. Written by test.bench.plot; do not edit.\n"]
    parts += _measured_on([head for head in heads if "date" in head])
    parts.append(_list_table("Targets", [r for r in plain if r.target is not None], results))
    for broker, title in _BROKERS.items():
        rest = [r for r in plain if r.broker == broker and r.target is None and r.client != OURS]
        parts.append(_list_table(title, rest, results))
        swept = [r for r in results if r.broker == broker and r not in plain and r.client != OURS]
        parts.append(_list_table(f"{title}: sizes and codecs", swept, results))
    return "\n".join(filter(None, parts))


def _measured_on(heads: list[dict[str, Any]]) -> list[str]:
    """Return what *heads* have in common as one paragraph, and a list of how they differ."""
    if not heads:
        return []
    facts = [_facts(head) for head in heads]
    common = set.intersection(*({fact for group in groups for fact in group} for groups in facts))
    rows: dict[str, list[str]] = {}
    for head, groups in zip(heads, facts, strict=True):
        own = [[fact for fact in group if fact not in common] for group in groups]
        rows.setdefault(_joined(own), []).extend(head.get("rows", ()))
    told = []
    if common:
        told.append(f"{_joined([[f for f in group if f in common] for group in facts[0]])}.\n")
    if len(rows) > 1:
        items = [": ".join(filter(None, (own, _listed(rows[own])))) for own in rows]
        told.append("".join(f"- {item}.\n" for item in items if item))
    return told


def _facts(head: dict[str, Any]) -> list[list[str]]:
    """Return what is told of one file, in groups."""
    clients = [f"{name} {version}" for name, version in head.get("clients", {}).items()]
    kafka = [f"Apache Kafka {head['kafka']}"] if "kafka" in head else []
    most = f"each of up to {head.get('count', 0):,} records"
    rounds = [f"medians of {head['rounds']} rounds", most] if "rounds" in head else []
    single = [[head[name]] for name in ("date", "machine", "python") if name in head]
    return [*single, clients, kafka, rounds]


def _joined(groups: list[list[str]]) -> str:
    return "; ".join(", ".join(group) for group in groups if group)


def _listed(names: list[str]) -> str:
    """Return *names* once each; those of a sweep are one."""
    found = dict.fromkeys(re.sub(f"^{_SWEEP}[^ ]*", "sweep", name) for name in names)
    return ", ".join(found)


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
    told = (NOT_ALWAYS if row.straddles else "") if row.holds else ": **missed**"
    return f"{sign} {row.target:g}{told}"


def _cells(texts: Iterable[str]) -> list[str]:
    first, *rest = texts
    return [f"   * - {first}".rstrip(), *(f"     - {text}".rstrip() for text in rest)]
