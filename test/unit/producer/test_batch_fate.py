"""What an error makes of a batch."""

from __future__ import annotations

from itertools import product

import pytest

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NotEnoughReplicasAfterAppendError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    RequestTimedOutError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.batch_fate import Fate, doubtful, fate_of, leaves_doubt
from kafka.producer.produce_request import PRODUCE_VERDICTS

FATES = {
    Verdict.SUCCEED: Fate.DELIVERED,
    Verdict.RETRY: Fate.SENT_AGAIN,
    Verdict.REBOOTSTRAP: Fate.SENT_AGAIN,
    Verdict.REFRESH_METADATA: Fate.SENT_ELSEWHERE,
    Verdict.SPLIT: Fate.SPLIT,
}
ERRORS = [KafkaError("a client's own"), *(for_code(code)("no") for code in range(-1, 137))]
ERRORS += [kind("no") for kind in PRODUCE_VERDICTS]


@pytest.mark.parametrize(("records", "attempts"), list(product([1, 2], [0, 2, 3])))
def test_every_error_has_the_fate_of_its_verdict_while_there_is_something_to_try(
    records: int, attempts: int
) -> None:
    for error in ERRORS:
        expected = FATES.get(verdict_for(type(error), PRODUCE_VERDICTS), Fate.FAILED)
        if records == 1 and expected is Fate.SPLIT:
            expected = Fate.FAILED
        if attempts == 3 and expected in (Fate.SENT_AGAIN, Fate.SENT_ELSEWHERE):
            expected = Fate.FAILED
        found = fate_of(error, records=records, attempts=attempts, retries=3)
        assert found is expected, error


def test_every_fate_is_that_of_some_error_or_of_a_number_that_is_refused() -> None:
    found = {fate_of(error, records=2, attempts=0, retries=3) for error in ERRORS}
    assert found | {Fate.SENT_ANEW} == set(Fate)


JUDGED = {
    Verdict.RETRY: Fate.SENT_AGAIN,
    Verdict.RESET: Fate.SENT_ANEW,
    Verdict.FATAL: Fate.FAILED,
    Verdict.FENCE: Fate.FAILED,
    Verdict.ABORT: Fate.FAILED,
}


@pytest.mark.parametrize(("judged", "fate"), JUDGED.items())
@pytest.mark.parametrize("code", [3, 6, 10, 45, 46, 59, 90])
def test_what_an_error_means_for_the_number_counts_more_than_the_table(
    judged: Verdict, fate: Fate, code: int
) -> None:
    error = for_code(code)("no")
    assert fate_of(error, records=2, attempts=1, retries=2, judged=judged) is fate
    assert fate_of(error, records=2, attempts=2, retries=2, judged=judged) is Fate.FAILED


UNWRITTEN = [2, 10, 17, 18, 19, 21, 29, 31, 32, 35, 42, 43, 44, 45, 47, 48, 49, 53, 59, 76, 87, 90]


def test_only_what_is_found_out_before_writing_leaves_no_doubt() -> None:
    sure = [code for code in range(-1, 137) if not leaves_doubt(for_code(code)("no"))]
    assert sure == UNWRITTEN


@pytest.mark.parametrize(
    "error",
    [
        KafkaConnectionError("gone"),
        RequestTimedOutError("late"),
        NotLeaderForPartitionError("moved"),
        NotEnoughReplicasAfterAppendError("written once"),
        KafkaError("anything else"),
    ],
)
def test_no_answer_or_one_that_comes_after_writing_leaves_doubt(error: KafkaError) -> None:
    assert leaves_doubt(error)


def test_a_doubtful_error_says_so_and_is_the_same_otherwise() -> None:
    error = OutOfOrderSequenceNumberError("t-0: 7 came")
    error.__cause__ = cause = ValueError("why")
    told = doubtful(error)
    assert str(told) == (
        "[Error 45] OutOfOrderSequenceNumberError: t-0: 7 came, the records may have been written"
    )
    assert (type(told), told.__cause__) == (type(error), cause)
    assert (told.may_be_written, error.may_be_written) == (True, False)


def test_a_doubtful_error_is_told_once() -> None:
    error = doubtful(doubtful(KafkaConnectionError("gone")))
    assert str(error).count("may have been written") == 1
