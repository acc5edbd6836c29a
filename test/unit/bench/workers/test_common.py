"""The values that measured producers send."""

from __future__ import annotations

import statistics

import pytest

from test.bench.workers.common import Task, payloads, varied


def lengths(*, count: int, codec: str | None = None, vary: bool) -> list[int]:
    return [len(value) for value in payloads(Task("", "", count, 100, codec), vary=vary)]


@pytest.mark.parametrize("codec", [None, "lz4"])
def test_values_have_one_size_unless_they_vary(codec):
    assert lengths(count=5000, codec=codec, vary=False) == [100] * 5000


@pytest.mark.parametrize("codec", [None, "lz4"])
def test_values_that_vary_are_alike_in_all_clients(codec):
    assert lengths(count=5000, codec=codec, vary=True) == lengths(count=5000, vary=True)


def test_there_are_as_many_values_that_vary_as_records():
    assert len(lengths(count=1234, vary=True)) == 1234


@pytest.mark.parametrize("size", [100, 1000, 10_000])
def test_sizes_vary_by_half_around_the_size_asked_for(size):
    found = [len(value) for value in varied(size)]
    assert (min(found), max(found)) == (size // 2, size + size // 2)
    assert statistics.mean(found) == pytest.approx(size, rel=0.02)
