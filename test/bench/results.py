"""Ratios, medians, targets, and how they are printed and kept.  Pure but for `Path`.

Shared machines are noisy and change speed by the minute. A ratio is therefore made of two runs of
one round, and what counts is the median of the rounds' ratios; the least and the greatest are told
beside it.
"""

from __future__ import annotations

import json
import statistics
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

OURS = "ours"


class Metric(Enum):
    """What is compared: unit, whether more is better, how it is printed."""

    RATE = ("records/s", True, "{:,.0f}")
    MEGABYTES = ("MB/s", True, "{:,.0f}")
    P50 = ("us p50", False, "{:,.0f}")
    MILLISECONDS = ("ms", False, "{:,.0f}")
    CPU = ("CPU s per million", False, "{:,.3f}")
    CORE_SHARE = ("% of a core", False, "{:.2f}")
    WAKEUPS = ("wake-ups/s", False, "{:.1f}")

    def __init__(self, unit: str, more_is_better: bool, form: str) -> None:
        self.unit = unit
        self.more_is_better = more_is_better
        self.form = form


class Run(NamedTuple):
    """One measured run, as a worker reports it."""

    records: int
    wall: float
    cpu: float
    peak_rss_mb: float
    p50: float = 0.0
    p99: float = 0.0
    wakeups: int = 0

    def value(self, metric: Metric, size: int) -> float:
        """Return the value of *metric*; *size* is a record's, in bytes."""
        if metric is Metric.RATE:
            return self.records / self.wall
        if metric is Metric.MEGABYTES:
            return self.records * size / self.wall / 1e6
        if metric is Metric.P50:
            return self.p50 * 1e6
        if metric is Metric.MILLISECONDS:
            return self.wall * 1e3
        if metric is Metric.CPU:
            return self.cpu / self.records * 1e6
        if metric is Metric.CORE_SHARE:
            return self.cpu / self.wall * 100
        return self.wakeups / self.wall


class Result(NamedTuple):
    """One client's figure in one row.

    Attributes:
        row: name of the comparison.
        what: the same in words.
        broker: what served it.
        client: whose figure it is.
        metric: its unit.
        value: the median of the rounds.
        ratio: of our value to this one, the median of the rounds; None for ours.
        low: the least ratio of a round.
        high: the greatest.
        target: that the ratio should reach, or not exceed; for a limit, that the value should stay
            below. None if there is none.
        holds: whether it does; None without a target.
        more_is_better: whether it should reach it.
        cpu: CPU seconds per million records, the median.
        peak_rss_mb: the most memory the process had, the median.
        p99: where latency was measured, its 99th percentile in us, the median.
        straddles: whether some rounds reach the target and others do not.
    """

    row: str
    what: str
    broker: str
    client: str
    metric: str
    value: float
    ratio: float | None
    low: float | None
    high: float | None
    target: float | None
    holds: bool | None
    more_is_better: bool
    cpu: float
    peak_rss_mb: float
    p99: float = 0.0
    straddles: bool = False


def holds(ratio: float, target: float | None, *, more_is_better: bool) -> bool | None:
    """Return whether *ratio* is what *target* asks for; None if it asks for nothing."""
    if target is None:
        return None
    return ratio >= target if more_is_better else ratio <= target


def straddles(
    low: float | None, high: float | None, target: float | None, *, more_is_better: bool
) -> bool:
    """Return whether *target* lies between the least and the greatest ratio of a round."""
    if low is None or high is None:
        return False
    return holds(low, target, more_is_better=more_is_better) is not holds(
        high, target, more_is_better=more_is_better
    )


def ratios(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Return the median, the least and the greatest ratio of values of the same rounds."""
    found = [mine / its if its else float("inf") for mine, its in zip(ours, theirs, strict=True)]
    return statistics.median(found), min(found), max(found)


class Header(NamedTuple):
    """What the results of one row share."""

    row: str
    what: str
    broker: str
    metric: Metric
    size: int


def compare(
    header: Header, runs: dict[str, list[Run]], targets: dict[str, float | None]
) -> list[Result]:
    """Return a result for each client, ours first.

    Args:
        header: says what is compared.
        runs: of each client, one a round, `OURS` among them.
        targets: of the peers.
    """
    metric = header.metric
    values = {name: [run.value(metric, header.size) for run in runs[name]] for name in runs}
    found = [_own(header, metric, runs[OURS])]
    for client, measured in runs.items():
        if client == OURS:
            continue
        ratio, low, high = ratios(values[OURS], values[client])
        target, better = targets.get(client), metric.more_is_better
        found.append(
            _own(header, metric, measured)._replace(
                client=client,
                ratio=ratio,
                low=low,
                high=high,
                target=target,
                holds=holds(ratio, target, more_is_better=better),
                straddles=straddles(low, high, target, more_is_better=better),
            )
        )
    return found


def limit(header: Header, metric: Metric, most: float | None, runs: list[Run]) -> Result:
    """Return the result of our *runs* for a *metric* that must stay below *most*."""
    found = _own(header, metric, runs)
    if most is None:
        return found
    inside = {run.value(metric, header.size) < most for run in runs}
    return found._replace(target=most, holds=found.value < most, straddles=len(inside) > 1)


def _own(header: Header, metric: Metric, runs: list[Run]) -> Result:
    return Result(
        header.row,
        header.what,
        header.broker,
        OURS,
        metric.unit,
        statistics.median(run.value(metric, header.size) for run in runs),
        None,
        None,
        None,
        None,
        None,
        metric.more_is_better,
        statistics.median(run.value(Metric.CPU, header.size) for run in runs),
        statistics.median(run.peak_rss_mb for run in runs),
        statistics.median(run.p99 for run in runs) * 1e6,
    )


_FORMS = {metric.unit: metric.form for metric in Metric}


def shown(value: float, unit: str) -> str:
    """Return *value* as it is printed."""
    return f"{_FORMS.get(unit, '{:,.2f}').format(value)} {unit}"


def verdict(result: Result) -> str:
    """Return in words whether the target of *result* is reached; it has one."""
    if not result.holds:
        return "MISSED"
    return "holds, but not in each round" if result.straddles else "holds"


def line(result: Result) -> str:
    """Return one line of the printed table."""
    text = (
        f"{result.row:22} {result.client:20} {shown(result.value, result.metric):>26} "
        f"{result.cpu:8.2f} CPU-s/M {result.peak_rss_mb:5.0f} MB"
    )
    if result.p99:
        text += f"  p99 {result.p99:,.0f} us"
    if result.ratio is not None:
        text += f"  ours is {result.ratio:5.2f}x ({result.low:.2f}-{result.high:.2f})"
    if result.target is not None:
        sign = ">=" if result.more_is_better else "<=" if result.ratio is not None else "<"
        text += f"  {sign} {result.target:g}: {verdict(result)}"
    return text


def write(path: Path, head: dict[str, Any], results: list[Result]) -> None:
    """Write a file that `read` understands."""
    data = {"head": head, "results": [result._asdict() for result in results]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n")


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """Return head and results of a file that this or another benchmark has written.

    Only row, client, metric and value must be there.

    Raises:
        ValueError: it is no such file.
    """
    data = json.loads(path.read_text())
    head, records = ({}, data) if isinstance(data, list) else (data["head"], data["results"])
    return head, [_result(record) for record in records]


_DEFAULTS: dict[str, Any] = {
    "broker": "kafka",
    "ratio": None,
    "low": None,
    "high": None,
    "target": None,
    "holds": None,
    "more_is_better": False,
    "cpu": 0.0,
    "peak_rss_mb": 0.0,
    "p99": 0.0,
}
_SPREAD = ("low", "high", "target")


def _result(record: dict[str, Any]) -> Result:
    whole = _DEFAULTS | {"what": record.get("row")} | record
    if "straddles" not in record:
        spread = [whole[name] for name in _SPREAD]
        whole["straddles"] = straddles(*spread, more_is_better=whole["more_is_better"])
    missing = [name for name in Result._fields if name not in whole]
    if missing:
        raise ValueError(f"a result without {', '.join(missing)}: {record}")
    return Result(**{name: whole[name] for name in Result._fields})
