"""Which errors are a broker's last word, and which ask for another attempt."""

from __future__ import annotations

import pytest

from kafka.admin.operation import Answer
from kafka.admin.settled import Settled, settled
from kafka.admin.verdicts import GROUPS as GROUP_VERDICTS
from kafka.errors import KafkaError, NoError, kafka_errors
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
