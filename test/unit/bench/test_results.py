"""Ratios, medians and targets of the benchmarks, and the file they are kept in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from test.bench.results import (
    OURS,
    Header,
    Metric,
    Run,
    compare,
    holds,
    limit,
    line,
    ratios,
    read,
    straddles,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

HEADER = Header("send", "send()", "kafka", Metric.RATE, 100)


def run(rate: float, **more: float) -> Run:
    return Run(records=1000, wall=1000 / rate, cpu=0.5, peak_rss_mb=30.0)._replace(**more)


@pytest.mark.parametrize(
    ("ratio", "target", "more_is_better", "expected"),
    [
        (1.0, 1.0, True, True),
        (0.99, 1.0, True, False),
        (1.0, 1.0, False, True),
        (1.01, 1.0, False, False),
        (0.1, None, True, None),
    ],
)
def test_a_target_is_the_least_or_the_greatest_ratio(ratio, target, more_is_better, expected):
    assert holds(ratio, target, more_is_better=more_is_better) is expected


@pytest.mark.parametrize(
    ("low", "high", "target", "more_is_better", "expected"),
    [
        (0.9, 1.1, 1.0, True, True),
        (1.0, 1.1, 1.0, True, False),
        (0.8, 0.9, 1.0, True, False),
        (0.9, 1.1, 1.0, False, True),
        (0.9, 1.0, 1.0, False, False),
        (1.1, 1.2, 1.0, False, False),
        (0.9, 1.1, None, True, False),
        (None, None, 1.0, True, False),
    ],
)
def test_a_spread_straddles_a_target_that_not_each_round_reaches(
    low, high, target, more_is_better, expected
):
    assert straddles(low, high, target, more_is_better=more_is_better) is expected


def test_a_ratio_is_made_of_runs_of_one_round():
    # The machine was half as fast in the second round.
    assert ratios([100.0, 50.0, 100.0], [50.0, 25.0, 40.0]) == (2.0, 2.0, 2.5)


def test_runs_of_unlike_number_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_ours_comes_first_without_a_ratio():
    runs = {OURS: [run(100)], "peer": [run(50)]}
    ours, peer = compare(HEADER, runs, {"peer": 4.0})
    assert (ours.client, ours.value, ours.ratio, ours.holds) == (OURS, 100.0, None, None)
    assert (peer.client, peer.value, peer.ratio, peer.holds) == ("peer", 50.0, 2.0, False)


def test_a_peer_without_a_target_is_not_judged():
    _, peer = compare(HEADER, {OURS: [run(100)], "peer": [run(50)]}, {"peer": None})
    assert peer.holds is None


def test_less_latency_is_better():
    header = HEADER._replace(metric=Metric.P50)
    runs = {OURS: [run(1, p50=80e-6)], "peer": [run(1, p50=100e-6)]}
    _, peer = compare(header, runs, {"peer": 1.0})
    assert (peer.ratio, peer.holds) == (pytest.approx(0.8), True)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (Metric.RATE, 500.0),
        (Metric.MEGABYTES, 0.05),
        (Metric.P50, 80.0),
        (Metric.MILLISECONDS, 2000.0),
        (Metric.CPU, 500.0),
        (Metric.CORE_SHARE, 25.0),
        (Metric.WAKEUPS, 15.0),
    ],
)
def test_a_run_has_a_value_of_every_metric(metric, expected):
    measured = run(500, p50=80e-6, wakeups=30)
    assert measured.value(metric, 100) == pytest.approx(expected)


@pytest.mark.parametrize(("wakeups", "expected"), [(19, True), (20, False)])
def test_a_limit_must_not_be_reached(wakeups, expected):
    result = limit(HEADER, Metric.WAKEUPS, 20.0, [run(1000, wakeups=wakeups)])
    assert result.holds is expected


def test_the_printed_line_has_spread_and_verdict():
    runs = {OURS: [run(100), run(120)], "peer": [run(50), run(50)]}
    _, peer = compare(HEADER, runs, {"peer": 4.0})
    assert "ours is  2.20x (2.00-2.40)  >= 4: MISSED" in line(peer)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (2.0, ">= 2: holds"),
        (2.1, ">= 2.1: holds, but not in each round"),
        (2.3, ">= 2.3: MISSED"),
        (2.5, ">= 2.5: MISSED"),
    ],
)
def test_a_target_that_some_rounds_miss_is_told_as_such(target, expected):
    runs = {OURS: [run(100), run(120)], "peer": [run(50), run(50)]}
    _, peer = compare(HEADER, runs, {"peer": target})
    assert line(peer).endswith(expected)


def test_a_limit_that_some_rounds_reach_is_told_as_such():
    runs = [run(1000, wakeups=number) for number in (10, 15, 25)]
    result = limit(HEADER, Metric.WAKEUPS, 20.0, runs)
    assert line(result).endswith("< 20: holds, but not in each round")


def test_the_file_says_whether_a_spread_straddles(tmp_path: Path):
    runs = {OURS: [run(100), run(120)], "peer": [run(50), run(50)]}
    write(tmp_path / "r.json", {}, compare(HEADER, runs, {"peer": 2.1}))
    _, peer = json.loads((tmp_path / "r.json").read_text())["results"]
    assert (peer["holds"], peer["straddles"]) == (True, True)


def test_an_older_file_tells_by_its_spread(tmp_path: Path):
    record = {"row": "send", "client": "peer", "metric": "records/s", "value": 3.0, "ratio": 1.0}
    record |= {"low": 0.9, "high": 1.1, "target": 1.0, "holds": True, "more_is_better": True}
    (tmp_path / "r.json").write_text(json.dumps([record]))
    _, (result,) = read(tmp_path / "r.json")
    assert result.straddles is True


def test_results_come_back_from_their_file(tmp_path: Path):
    found = compare(HEADER, {OURS: [run(100)], "peer": [run(50)]}, {"peer": 1.0})
    write(tmp_path / "new" / "r.json", {"rounds": 1}, found)
    assert read(tmp_path / "new" / "r.json") == ({"rounds": 1}, found)


def test_a_bare_list_of_results_is_read_with_defaults(tmp_path: Path):
    record = {"row": "memory", "client": "ours", "metric": "MB", "value": 3.0}
    (tmp_path / "m.json").write_text(json.dumps([record]))
    head, (result,) = read(tmp_path / "m.json")
    assert (head, result.what, result.broker, result.holds) == ({}, "memory", "kafka", None)


def test_a_result_without_a_value_is_named(tmp_path: Path):
    (tmp_path / "m.json").write_text(json.dumps([{"row": "r", "client": "ours", "metric": "MB"}]))
    with pytest.raises(ValueError, match="without value"):
        read(tmp_path / "m.json")


def test_the_printed_line_of_a_latency_has_its_tail():
    header = HEADER._replace(metric=Metric.P50)
    (ours,) = compare(header, {OURS: [run(1, p50=80e-6, p99=250e-6)]}, {})
    assert "80 us p50" in line(ours)
    assert "p99 250 us" in line(ours)
