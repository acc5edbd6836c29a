"""A measured run counts only if it did all that it was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from test.bench.brokers import Place
from test.bench.end_to_end import IDLE, IMPORT, measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from test.bench.results import Run

PLACE = Place("127.0.0.1:9092", "bench")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Return what measures an interpreter that only reports to have done *records*."""

    def measured(mode: str, count: int, *, records: int, status: int = 0) -> Run:
        said = json.dumps({"records": records, "wall": 1.0, "cpu": 0.5, "peak_rss_mb": 30.0})
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\necho '{said}'\necho no broker >&2\nexit {status}\n")
        python.chmod(0o755)
        return measure("poll, confluent", str(python), mode, PLACE, count, 100)

    return measured


@pytest.mark.parametrize(
    ("mode", "count", "records"),
    [
        ("kafka.send", 1000, 1000),
        # The last lot of a consumer may be larger than what was left.
        ("kafka.poll", 1200, 1500),
        # A record for each partition.
        ("kafka.touch", 1, 6),
        # Milliseconds.
        (IDLE, 5000, 5000),
        # One import, however many records the other rows have.
        (IMPORT, 1000, 1),
    ],
)
def test_a_run_that_did_all_counts(run, mode, count, records):
    assert run(mode, count, records=records).records == records


@pytest.mark.parametrize("mode", ["confluent.poll", "kafka.send", "kafka.fill"])
def test_a_run_that_did_less_is_refused_with_row_client_asked_and_done(run, mode):
    with pytest.raises(SystemExit, match=r"^poll, confluent: .* asked for 1,000 .* did 999;"):
        run(mode, 1000, records=999)


def test_a_run_that_failed_is_named_with_what_it_wrote(run):
    with pytest.raises(SystemExit, match=r"^poll, confluent: kafka.send failed:\nno broker"):
        run("kafka.send", 1000, records=1000, status=1)
