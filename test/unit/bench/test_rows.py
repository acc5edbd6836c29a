"""The rows of the benchmarks: what can be asked for, and that every mode exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from test.bench import workers
from test.bench.row_choice import BEFORE, GROUPS, beside_before, chosen, sweep
from test.bench.rows import BROKERS, ROWS, Row

SIZES, CODECS = [100, 10_000], ["none", "gzip"]
WORKER = Path(workers.__file__).with_name("worker.py").read_text()
MODES = set(re.findall(r'^    "([a-z-]+\.[a-z0-9-]+)":', WORKER, re.MULTILINE)) | {"kafka.import"}


@pytest.mark.parametrize("row", [*ROWS.values(), *sweep([100], ["lz4"]).values()])
def test_every_mode_of_a_row_exists(row: Row):
    assert {row.mode, *(peer.mode for peer in row.peers.values())} <= MODES


def test_rows_beside_before_have_one_peer_of_the_same_mode_within_three_percent():
    rows = beside_before({name: ROWS[name] for name in ("poll", "latency")})
    poll, latency = (row.peers[BEFORE] for row in rows.values())
    assert [list(row.peers) for row in rows.values()] == [[BEFORE], [BEFORE]]
    assert (poll.mode, latency.mode) == ("kafka.poll", "kafka.latency")
    assert (poll.target, latency.target) == (0.97, pytest.approx(1 / 0.97))


def test_every_row_is_served_by_real_kafka():
    assert all("kafka" in row.flow.brokers for row in ROWS.values())


@pytest.mark.parametrize("row", ROWS.values())
def test_rows_of_consumers_find_records_and_all_others_an_empty_topic(row: Row):
    reading = ("poll", "iterator", "getmany", "async-for")
    assert row.flow.reads == row.mode.partition(".")[2].startswith(reading)


def test_no_row_is_served_by_an_unknown_broker():
    assert {name for row in ROWS.values() for name in row.flow.brokers} == set(BROKERS)


def test_rows_are_chosen_in_the_order_of_the_list():
    assert list(chosen("poll,send", SIZES, CODECS)) == ["poll", "send"]


def test_a_group_stands_for_its_rows():
    assert tuple(chosen("metrics", SIZES, CODECS)) == GROUPS["metrics"]


def test_a_sweep_has_both_ways_for_each_size_and_codec():
    assert len(chosen("sweep", SIZES, CODECS)) == 8


def test_all_is_every_row_and_the_sweep():
    assert list(chosen("all", SIZES, CODECS)) == [*ROWS, *sweep(SIZES, CODECS)]


def test_an_unknown_row_is_named():
    with pytest.raises(KeyError, match="fast"):
        chosen("send,fast", SIZES, CODECS)
