"""``python -m kafka demo``, as the README has it."""

from __future__ import annotations

import pytest

from kafka.cli import main


def test_the_demo_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--records", "2000", "--size", "50"]) == 0
    shown = capsys.readouterr().out
    assert "sent 2,000 records of 50 bytes" in shown
    assert "the leader moved 3 times" in shown
    assert shown.endswith("every record came back, once and in order\n")


def test_the_demo_runs_with_fewer_records_than_partitions() -> None:
    assert main(["demo", "--records", "1"]) == 0
