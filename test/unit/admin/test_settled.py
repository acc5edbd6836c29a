"""Which errors are a broker's last word, and which ask for another attempt."""

from __future__ import annotations

import pytest

from kafka.admin.operation import Answer, Outcome
from kafka.admin.settled import Settled, joined, settled
from kafka.admin.verdicts import GROUPS as GROUP_VERDICTS
from kafka.errors import KafkaError, KafkaTimeoutError, NoError, kafka_errors
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.delete_groups import DeleteGroupsResponse

_TRIED_AGAIN = {
    Verdict.RETRY,
    Verdict.REFRESH_METADATA,
    Verdict.FIND_COORDINATOR,
    Verdict.REBOOTSTRAP,
}
ANSWER = Answer(DeleteGroupsResponse(), 3)


def test_no_error_is_done() -> None:
    found = settled(ANSWER, 0, None, "group orders", GROUP_VERDICTS)
    assert found == Settled(None)
    assert isinstance(found, Settled)
    assert found.kind is NoError


@pytest.mark.parametrize("error", [e for e in kafka_errors.values() if e is not NoError])
def test_only_a_final_error_is_settled(error: type[KafkaError]) -> None:
    code = next(code for code, kind in kafka_errors.items() if kind is error)
    found = settled(ANSWER, code, None, "group orders", GROUP_VERDICTS)
    is_settled = isinstance(found, Settled)
    assert is_settled is (verdict_for(error, GROUP_VERDICTS) not in _TRIED_AGAIN)
    reason = found.error if isinstance(found, Settled) else found
    assert isinstance(reason, error)
    assert "group orders" in str(reason)
    assert "node 3" in str(reason)


def test_parts_of_the_results_of_a_key_are_joined() -> None:
    none: frozenset[str] = frozenset()
    outcomes = [Outcome({"a": 1, "b": 2}, {}, none), Outcome({"a": 30}, {}, frozenset({"a"}))]
    assert joined(outcomes, sum) == Outcome({"a": 31, "b": 2}, {}, frozenset({"a"}))


def test_key_that_has_failed_in_a_part_has_that_error() -> None:
    late, later = KafkaTimeoutError("late"), KafkaTimeoutError("later")
    none: frozenset[str] = frozenset()
    outcomes = [
        Outcome({"a": 1, "b": 1}, {}, none),
        Outcome({"b": 2}, {"a": late}, none),
        Outcome({"b": 3}, {"a": later}, none),
    ]
    assert joined(outcomes, sum) == Outcome({"b": 6}, {"a": late}, none)
