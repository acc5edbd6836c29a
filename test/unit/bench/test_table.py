"""The results as tables in reStructuredText."""

from __future__ import annotations

from test.bench.results import OURS, Header, Metric, Result, Run, compare, limit
from test.bench.table import merge, table

RUNS = {
    OURS: [Run(1000, 1.0, 0.1, 30.0, wakeups=30)],
    "fast": [Run(1000, 0.5, 0.1, 30.0)],
    "slow": [Run(1000, 4.0, 0.1, 30.0)],
}
SEND = Header("send", "send()", "kafka", Metric.RATE, 100)


def results(broker: str = "kafka", **targets: float) -> list[Result]:
    header = SEND._replace(broker=broker)
    return compare(header, RUNS, {"fast": None, "slow": None} | targets)


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("   * -"):
            found.append([])
        if line.startswith(("   * -", "     -")):
            found[-1].append(line[7:].strip())
    return found


def test_a_row_has_both_values_ratio_spread_and_target():
    _, first = rows(table([], results(slow=3.0)[:1] + results(slow=3.0)[2:]))
    assert first == [
        "send()",
        "slow",
        "1,000 records/s",
        "250 records/s",
        "4.00 (4.00 to 4.00)",
        "at least 3",
    ]


def test_what_is_compared_is_said_once():
    _, first, second = rows(table([], results(fast=0.1, slow=1.0)))
    assert (first[0], second[0]) == ("send()", "")


def test_a_missed_target_is_marked():
    _, first, _ = rows(table([], results(fast=0.7, slow=1.0)))
    assert first[-1] == "at least 0.7: **missed**"


def test_a_limit_has_no_peer():
    _, first = rows(table([], [limit(SEND, Metric.WAKEUPS, 20.0, RUNS[OURS])]))
    assert first == ["send()", "", "30.0 wake-ups/s", "", "", "below 20: **missed**"]


def test_rows_without_targets_stand_by_their_broker():
    text = table([], [*results(), *results("replay")])
    assert text.index("On Apache Kafka, without a target") < text.index("On a server that replays")


def test_a_sweep_has_a_table_of_its_own():
    swept = [result._replace(row="sweep-send-100-lz4") for result in results()]
    assert "list-table:: On Apache Kafka, without a target: sizes and codecs" in table([], swept)


def test_the_head_is_told_once():
    text = table([{"date": "2030-01-01", "rounds": 5, "count": 1000}] * 2, results())
    assert text.count("2030-01-01; medians of 5 rounds, each of up to 1,000 records.") == 1


def test_a_later_file_replaces_the_rows_of_an_earlier_one():
    old, new = results(), results(slow=2.0)
    assert merge([old, new]) == new


def test_rows_of_other_brokers_are_kept():
    assert merge([results(), results("mock")]) == results() + results("mock")
