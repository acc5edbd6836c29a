"""The results as tables in reStructuredText."""

from __future__ import annotations

from test.bench.results import OURS, Header, Metric, Result, Run, compare, limit
from test.bench.table import heads_of, merge, table

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


def test_a_target_that_some_rounds_miss_is_marked():
    runs = {OURS: [RUNS[OURS][0], RUNS["fast"][0]], "slow": RUNS["slow"] * 2}
    _, first = rows(table([], compare(SEND, runs, {"slow": 5.0})))
    assert first[-1] == "at least 5 (not in each round)"


def test_a_missed_target_that_some_rounds_reach_stays_missed():
    runs = {OURS: [RUNS[OURS][0], RUNS["fast"][0]], "slow": RUNS["slow"] * 2}
    _, first = rows(table([], compare(SEND, runs, {"slow": 7.0})))
    assert first[-1] == "at least 7: **missed**"


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


def test_of_several_heads_what_is_common_is_told_once_and_the_rest_with_its_rows():
    shared = {"date": "2030-01-01", "clients": {"ours": "3", "peer": "2"}, "rounds": 5}
    heads = [
        shared | {"count": 1000, "rows": ["send", "sweep-poll-1-lz4", "sweep-poll-1-zstd"]},
        shared | {"count": 20, "rows": ["poll", "poll (replay)"]},
    ]
    assert table(heads, []).splitlines()[2:] == [
        "2030-01-01; ours 3, peer 2; medians of 5 rounds.",
        "",
        "- each of up to 1,000 records: send, sweep.",
        "- each of up to 20 records: poll, poll (replay).",
    ]


def test_a_client_of_another_version_is_told_apart():
    heads = [{"date": "2030-01-01", "clients": {"ours": v, "peer": "2"}} for v in ("3", "4")]
    assert table(heads, []).splitlines()[2:] == [
        "2030-01-01; peer 2.",
        "",
        "- ours 3.",
        "- ours 4.",
    ]


def test_a_head_names_the_rows_that_are_taken_from_its_file():
    old = [*results(), *results("mock"), *(r._replace(row="poll") for r in results())]
    heads = heads_of([({"count": 1}, old), ({"count": 2}, results())])
    assert heads == [{"count": 1, "rows": ["send (mock)", "poll"]}, {"count": 2, "rows": ["send"]}]


def test_a_head_of_which_nothing_is_taken_is_left_out():
    assert heads_of([({"count": 1}, results()), ({"count": 2}, results())]) == [
        {"count": 2, "rows": ["send"]}
    ]


def test_the_parts_of_a_file_keep_the_rows_that_are_not_replaced():
    parts = [{"count": 1, "rows": ["send", "poll"]}, {"count": 2, "rows": ["latency"]}]
    whole = [r._replace(row=row) for row in ("send", "poll", "latency") for r in results()]
    replaced = [r for r in whole if r.row in {"poll", "latency"}]
    heads = heads_of([({"parts": parts}, whole), ({"count": 3}, replaced)])
    assert heads == [{"count": 1, "rows": ["send"]}, {"count": 3, "rows": ["poll", "latency"]}]


def test_parts_of_which_the_rows_are_not_known_are_kept():
    parts = [{"count": 1}, {"count": 2}]
    assert heads_of([({"parts": parts}, results())]) == parts


def test_a_later_file_replaces_the_rows_of_an_earlier_one():
    old, new = results(), results(slow=2.0)
    assert merge([old, new]) == new


def test_rows_of_other_brokers_are_kept():
    assert merge([results(), results("mock")]) == results() + results("mock")
