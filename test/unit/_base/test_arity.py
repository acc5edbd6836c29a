"""Counting the arguments of users' callables."""

import pytest

from kafka._base.arity import UNLIMITED, Arity, arity_of


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: 0, Arity(0, 0)),
        (lambda a, b: 0, Arity(2, 2)),
        (lambda a, b=1: 0, Arity(1, 2)),
        (lambda a, *, b: 0, Arity(1, 1)),
        (lambda a, *rest: 0, Arity(1, UNLIMITED)),
        ("".join, Arity(1, 1)),
        (max, Arity(0, UNLIMITED)),
    ],
)
def test_positional_arguments_are_counted(function: object, expected: Arity) -> None:
    assert arity_of(function) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "fits"), [(0, False), (1, True), (2, True), (3, False)])
def test_call_fits_between_least_and_most(count: int, fits: bool) -> None:
    assert Arity(1, 2).accepts(count) is fits
