"""The picture of the results: what is in it, and that it is the same every time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from test.bench import plot
from test.bench.results import OURS, Header, Metric, Run, compare, limit, write

if TYPE_CHECKING:
    from pathlib import Path

SEND = Header("send", "send() & more", "kafka", Metric.RATE, 100)
RUNS = {
    OURS: [Run(1000, 1.0, 0.1, 30.0, p50=1e-3, wakeups=5)],
    "fast": [Run(1000, 0.5, 0.1, 30.0, p50=2e-3)],
    "slow": [Run(1000, 4.0, 0.1, 30.0)],
}
TARGETS = {"fast": 0.7, "slow": 3.0}
FOUND = [*compare(SEND, RUNS, TARGETS), limit(SEND, Metric.WAKEUPS, 20.0, RUNS[OURS])]


@pytest.fixture(scope="module")
def picture() -> str:
    return plot.draw(plot.points(FOUND))


def texts(svg: str) -> set[str]:
    """Return what can be read."""
    return {
        "".join(found.itertext()) for found in ET.fromstring(svg).iter() if found.tag[-4:] == "text"
    }


def test_only_what_has_a_target_on_real_kafka_is_drawn():
    others = [result._replace(broker="mock") for result in FOUND]
    assert [point.label for point in plot.points([*FOUND, *others])] == [
        "send() & more | fast",
        "slow",
        "limit",
    ]


def test_rows_are_in_the_order_of_their_table_and_others_behind():
    found = [FOUND[0]._replace(row=name) for name in ("memory", "poll", "send", "another")]
    assert [result.row for result in plot.in_order(found)] == ["send", "poll", "memory", "another"]


def test_a_ratio_where_less_is_better_is_turned_over():
    header = SEND._replace(metric=Metric.P50)
    found = compare(header, {client: RUNS[client] for client in (OURS, "fast")}, {"fast": 0.8})
    (point,) = plot.points(found)
    assert (point.measured, point.target, point.holds) == (2.0, 1.25, True)


def test_a_target_that_some_rounds_miss_is_noted():
    runs = {OURS: [Run(1000, wall, 0.1, 30.0) for wall in (1.0, 0.5)], "slow": RUNS["slow"] * 2}
    (point,) = plot.points(compare(SEND, runs, {"slow": 5.0}))
    assert (point.holds, point.note) == (True, "6.00x, at least 5 (not in each round)")


def test_a_limit_is_drawn_as_its_distance():
    point = plot.points(FOUND)[-1]
    assert (point.measured, point.target) == (4.0, 1.0)


def test_text_stays_text(picture: str):
    assert {"send() & more | fast", "0.50x, at least 0.7"} <= texts(picture)


def test_the_picture_has_other_colours_for_dark_pages(picture: str):
    assert "prefers-color-scheme: dark" in picture


def test_the_same_results_make_the_same_bytes(picture: str):
    assert plot.draw(plot.points(FOUND)) == picture


def test_the_command_writes_picture_and_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    results, svg, rst = tmp_path / "r.json", tmp_path / "new" / "p.svg", tmp_path / "t.rst"
    write(results, {"date": "2030-01-01"}, FOUND)
    monkeypatch.setattr(sys, "argv", ["plot", str(results), str(svg), "--table", str(rst)])
    plot.main()
    assert ET.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "2030-01-01" in rst.read_text()


def test_one_file_of_all_results_draws_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    write(first, {"date": "2030-01-01"}, FOUND[:2])
    write(second, {"date": "2030-01-02"}, [FOUND[2]._replace(row="other")])
    made = [tmp_path / name for name in ("a.svg", "a.rst", "a.json", "b.svg", "b.rst", "b.json")]
    for sources, (svg, rst, whole) in (((first, second), made[:3]), ((made[2],), made[3:])):
        command = ["plot", *sources, svg, "--table", rst, "--json", whole]
        monkeypatch.setattr(sys, "argv", [str(part) for part in command])
        plot.main()
    assert [path.read_bytes() for path in made[:3]] == [path.read_bytes() for path in made[3:]]
