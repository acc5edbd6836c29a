"""The states of a transactional producer, and the words about them."""

from __future__ import annotations

import pytest

from kafka.producer.transaction_states import ALLOWED, Call, TransactionState, refused


def test_each_state_says_what_may_begin() -> None:
    assert set(ALLOWED) == set(TransactionState)
    assert set().union(*ALLOWED.values()) == set(Call)


@pytest.mark.parametrize("state", TransactionState, ids=lambda state: state.name)
def test_refusal_says_state_reason_and_advice(state: TransactionState) -> None:
    error = refused(Call.BEGIN, state, transactional_id="tx", because="of this")
    assert str(error).startswith(
        "IllegalStateError: transactional_id=tx: begin_transaction() is not possible now: "
        f"the producer is {state.value} (of this); "
    )
