"""What an error makes of a batch."""

from __future__ import annotations

from itertools import product

import pytest

from kafka.errors import KafkaError, for_code
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.batch_fate import Fate, fate_of
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


def test_every_fate_is_that_of_some_error() -> None:
    found = {fate_of(error, records=2, attempts=0, retries=3) for error in ERRORS}
    assert found == set(Fate)
