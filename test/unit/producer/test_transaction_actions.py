"""The actions of transactions."""

from __future__ import annotations

from kafka.producer.transaction_actions import Operation
from kafka.producer.transaction_states import Call


def test_operations_are_told_apart_by_who_they_are() -> None:
    first, second = Operation(Call.COMMIT), Operation(Call.COMMIT)
    assert first != second
    assert repr(first) == "<Operation COMMIT>"
