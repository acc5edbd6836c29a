"""What is asked about transactional ids, and what the answers say."""

from __future__ import annotations

from kafka.admin.operation import Answer
from kafka.admin.operations.transactions import (
    DescribeTransactions,
    ListTransactions,
    TransactionFilter,
    state_of,
)
from kafka.admin.transaction_types import (
    TransactionDescription,
    TransactionListing,
    TransactionState,
)
from kafka.errors import CoordinatorLoadInProgressError, TransactionalIdNotFoundError
from kafka.protocol.messages.describe_transactions import DescribeTransactionsResponse
from kafka.protocol.messages.list_transactions import ListTransactionsResponse
from kafka.structs import TopicPartition

State = DescribeTransactionsResponse.TransactionState
Topic = DescribeTransactionsResponse.TopicData


def test_without_filters_every_version_can_carry_the_request() -> None:
    request = ListTransactions(TransactionFilter()).build([1], 1000)
    assert request.encode(0)


def test_filters_are_sent() -> None:
    wanted = TransactionFilter(("Ongoing",), (7,), 1000, "t.*")
    request = ListTransactions(wanted).build([1], 1000)
    assert (request.state_filters, request.producer_id_filters) == (["Ongoing"], [7])
    assert (request.duration_filter, request.transactional_id_pattern) == (1000, "t.*")


def test_listings_are_read_in_order_and_new_states_are_unknown() -> None:
    listed = ListTransactionsResponse.TransactionState
    states = [
        listed(transactional_id="a", producer_id=1, transaction_state="Ongoing"),
        listed(transactional_id="b", producer_id=2, transaction_state="Novel"),
    ]
    answer = Answer(ListTransactionsResponse(transaction_states=states), 4)
    assert ListTransactions(TransactionFilter()).read(answer, [4]) == {
        4: [
            TransactionListing("a", 1, TransactionState.ONGOING),
            TransactionListing("b", 2, TransactionState.UNKNOWN),
        ]
    }


def test_error_of_a_broker_names_it() -> None:
    code = CoordinatorLoadInProgressError.errno
    answer = Answer(ListTransactionsResponse(error_code=code), 4)
    error = ListTransactions(TransactionFilter()).read(answer, [4])[4]
    assert isinstance(error, CoordinatorLoadInProgressError)
    assert "node 4" in str(error)


def test_description_has_the_coordinator_and_the_partitions() -> None:
    state = State(
        transactional_id="tx",
        transaction_state="PrepareCommit",
        transaction_timeout_ms=60_000,
        transaction_start_time_ms=5,
        producer_id=7,
        producer_epoch=2,
        topics=[Topic(topic="t", partitions=[0, 1])],
    )
    missing = State(transactional_id="missing", error_code=TransactionalIdNotFoundError.errno)
    answer = Answer(DescribeTransactionsResponse(transaction_states=[state, missing]), 4)
    found = DescribeTransactions().read(answer, ["tx", "missing"])
    assert found["tx"] == TransactionDescription(
        coordinator_id=4,
        state=TransactionState.PREPARE_COMMIT,
        producer_id=7,
        producer_epoch=2,
        transaction_timeout_ms=60_000,
        transaction_start_time_ms=5,
        topic_partitions=frozenset({TopicPartition("t", 0), TopicPartition("t", 1)}),
    )
    assert isinstance(found["missing"], TransactionalIdNotFoundError)


def test_ids_of_one_coordinator_share_a_request() -> None:
    assert DescribeTransactions().build(["a", "b"], 1000).transactional_ids == ["a", "b"]


def test_every_state_has_its_name() -> None:
    assert [state_of(state.value) for state in TransactionState] == list(TransactionState)
