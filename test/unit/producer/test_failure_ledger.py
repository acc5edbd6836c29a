"""Which failures are told of, where and how often."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaError, UndeliveredRecordsError
from kafka.producer.batch_fate import doubtful
from kafka.producer.failure_ledger import FailureLedger
from kafka.producer.future import future_of
from kafka.producer.producer_batch import Outcome, ProducerBatch
from kafka.structs import TopicPartition
from test.unit.producer.support import OwnerStub

NO, NEVER, LOST = KafkaError("no"), KafkaError("never"), doubtful(KafkaError("lost"))


def failed(
    ledger: FailureLedger,
    topic: str = "t",
    *,
    partition: int = 0,
    records: int = 1,
    error: KafkaError = NO,
) -> ProducerBatch:
    """Note a batch that has failed; return it, as its futures hold it."""
    batch = ProducerBatch(TopicPartition(topic, partition), OwnerStub(), order=(0,), created=0.0)
    batch.count = records
    batch.outcome = Outcome(error=error)
    ledger.note(batch, error)
    return batch


def summary(error: UndeliveredRecordsError | None) -> list[tuple[object, ...]]:
    assert error is not None
    return [tuple(failure) for failure in error.failures]


@pytest.fixture
def ledger() -> FailureLedger:
    return FailureLedger()


def test_failures_are_logged_in_one_line_for_each_topic_and_once(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    failed(ledger, records=2)
    failed(ledger, partition=1, error=NEVER)
    failed(ledger, "other", records=4, error=LOST)
    for _ in range(2):
        ledger.report(include_held=False)
    untold = "records were not delivered and nobody looked at their futures"
    assert caplog.messages == [
        f"topic=t: 3 {untold}; first cause: KafkaError: no",
        f"topic=other: 4 {untold}; 4 of them may have been written; first cause: {LOST}",
    ]
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_failures_that_somebody_may_still_look_at_are_logged_in_the_end(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    batch = failed(ledger)
    ledger.report(include_held=False)
    assert not caplog.messages
    ledger.report(include_held=True)
    assert len(caplog.messages) == 1
    assert batch.outcome is not None


def test_what_somebody_looked_at_is_not_told_again(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    batch = failed(ledger, records=2)
    assert future_of(batch, 1).exception is NO
    assert summary(ledger.take_error()) == [("t", 0, 1, False, NO)]
    batch = failed(ledger)
    assert future_of(batch, 0).failed()
    ledger.report(include_held=True)
    assert ledger.take_error() is None
    assert not caplog.messages


def test_an_error_has_the_failures_by_partition_and_takes_them_out_of_the_log(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    held = failed(ledger, records=2)
    failed(ledger, records=3, error=NEVER)
    failed(ledger, error=LOST)
    failed(ledger, "other", partition=-1)
    error = ledger.take_error()
    assert summary(error) == [
        ("t", 0, 5, False, NO),
        ("t", 0, 1, True, LOST),
        ("other", -1, 1, False, NO),
    ]
    assert error is not None
    assert error.exceptions == (NO, LOST, NO)
    assert str(error) == (
        "UndeliveredRecordsError: 7 records were not delivered: "
        "t-0: 5 records (not written; KafkaError: no); "
        f"t-0: 1 records (may be written; {LOST}); "
        "other: 1 records (not written; KafkaError: no)"
    )
    ledger.report(include_held=True)
    assert ledger.take_error() is None
    assert not caplog.messages
    assert held.outcome is not None


def test_many_failures_are_logged_before_a_call_asks_and_are_in_the_error_all_the_same(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2500):
        failed(ledger)
    assert [line.split()[1] for line in caplog.messages] == ["999", "999"]
    assert summary(ledger.take_error()) == [("t", 0, 2500, False, NO)]
    for _ in range(1000):
        failed(ledger)
    ledger.report(include_held=True)
    assert ledger.take_error() is None
    assert [line.split()[1] for line in caplog.messages[2:]] == ["999", "1"]


def test_failures_that_are_held_are_not_looked_through_each_time(
    ledger: FailureLedger, caplog: pytest.LogCaptureFixture
) -> None:
    held = [failed(ledger) for _ in range(1500)]
    for _ in range(500):
        failed(ledger)
    assert [line.split()[1] for line in caplog.messages] == ["499"]
    assert len(held) == 1500


def test_failures_of_transactions_are_logged_and_raised_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = FailureLedger(in_transactions=True)
    ledger.begin_transaction()
    for _ in range(1500):
        failed(ledger)
    ledger.report(include_held=False)
    assert not caplog.records
    ledger.report(include_held=True)
    assert [line.split()[1] for line in caplog.messages] == ["1500"]
    ledger.report(include_held=True)
    assert ledger.take_error() is None
    failed(ledger)
    assert summary(ledger.take_error()) == [("t", 0, 1, False, NO)]
    assert len(caplog.messages) == 1


def test_failures_of_a_transaction_that_is_over_are_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = FailureLedger(in_transactions=True)
    ledger.begin_transaction()
    failed(ledger)
    ledger.abort_transaction()
    failed(ledger)
    ledger.report(include_held=True)
    assert ledger.take_error() is None
    ledger.begin_transaction()
    failed(ledger)
    ledger.begin_transaction()
    assert ledger.take_error() is None
    assert not caplog.records
