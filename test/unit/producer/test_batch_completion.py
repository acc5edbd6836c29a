"""What every outcome makes of a batch: done, failed, sent again or split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka import errors
from kafka._base.backoff import ExponentialBackoff
from kafka.errors import KafkaError, KafkaTimeoutError, NoError, for_code
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.batch_completion import BatchCompletion
from kafka.producer.produce_request import (
    PRODUCE_VERDICTS,
    DrainedBatch,
    LeaderHint,
    PartitionResult,
    SentBatches,
)
from kafka.producer.producer_batch import BatchState
from kafka.structs import BrokerMetadata
from test.unit.producer.sending import DELIVERY_TIMEOUT, Surroundings

if TYPE_CHECKING:
    from kafka.producer.producer_batch import ProducerBatch

BACKOFF = 0.5
CODES = range(-1, 137)
RETRIED = {Verdict.RETRY, Verdict.REFRESH_METADATA, Verdict.REBOOTSTRAP}


class Story:
    """A completion, and a batch in flight to node 0."""

    def __init__(self, *, records: int = 1, retries: float = 2, attempts: int = 0) -> None:
        self.around = around = Surroundings(0)
        self.metadata_requests = 0
        self.completion = BatchCompletion(
            retries=retries,
            backoff=ExponentialBackoff(BACKOFF, BACKOFF),
            accumulator=around.accumulator,
            incomplete=around.incomplete,
            cluster=around.cluster,
            request_metadata=self._request_metadata,
            runtime=around.runtime,
        )
        self.batch = self.in_flight(records)
        self.batch.retry = self.batch.retry._replace(attempts=attempts)

    def _request_metadata(self) -> None:
        self.metadata_requests += 1

    def in_flight(self, records: int = 1) -> ProducerBatch:
        for number in range(records):
            self.around.send(b"%d" % number, alone=False)
        queue = self.around.queue()
        batch = self.around.accumulator.pop(queue)
        assert batch is not None
        self.around.accumulator.encode(batch, queue.topic_info, take_over=True)
        batch.move(BatchState.IN_FLIGHT)
        drained = DrainedBatch(queue, batch)
        self.completion.in_flight_batches[batch] = SentBatches(0, [drained])
        return batch

    def handle(self, result: PartitionResult) -> None:
        drained = DrainedBatch(self.around.queue(), self.batch)
        self.completion.handle(drained, result, self.around.clock.now())

    def land(self) -> None:
        """Do what the sender does when the request is over."""
        self.completion.in_flight_batches.pop(self.batch)
        if self.batch.outcome is not None:
            self.around.accumulator.release(self.batch)

    @property
    def becomes(self) -> str:
        """What has become of the batch, in a word."""
        if self.batch.parts is not None:
            return "split"
        if self.batch.outcome is not None:
            return "done" if self.batch.outcome.error is None else "failed"
        return "queued" if self.batch in self.around.queue().batches else "in flight"


def expected(code: int, *, records: int, retries_left: bool) -> str:
    error = for_code(code)
    verdict = Verdict.SUCCEED if error is NoError else verdict_for(error, PRODUCE_VERDICTS)
    if verdict is Verdict.SUCCEED:
        return "done"
    if verdict is Verdict.SPLIT and records > 1:
        return "split"
    if verdict in RETRIED and retries_left:
        return "queued"
    return "failed"


@pytest.mark.parametrize("records", [1, 3])
@pytest.mark.parametrize("attempts", [0, 1, 2])
def test_every_error_code_completes_retries_or_splits_the_batch(
    records: int, attempts: int
) -> None:
    found = {}
    for code in CODES:
        story = Story(records=records, attempts=attempts, retries=2)
        error = for_code(code)
        story.handle(PartitionResult(None if error is NoError else error("t-0: no")))
        found[code] = story.becomes
        story.land()
        # Nothing is kept of what has an outcome; what waits counts.
        assert (story.around.accumulator.pool.used == 0) is (story.becomes in {"done", "failed"})
    assert found == {
        code: expected(code, records=records, retries_left=attempts < 2) for code in CODES
    }


@pytest.mark.parametrize("code", CODES)
def test_a_batch_that_expired_in_flight_stays_failed_whatever_is_answered(code: int) -> None:
    story = Story()
    story.around.clock.time += DELIVERY_TIMEOUT
    story.completion.expire(story.around.clock.now())
    error = for_code(code)
    story.handle(PartitionResult(None if error is NoError else error("t-0: no"), 5))
    assert story.batch.outcome is not None
    assert isinstance(story.batch.outcome.error, KafkaTimeoutError)
    assert story.around.observer.seen == ["failed"]
    assert not story.around.queue().batches


@pytest.mark.parametrize(
    "error",
    [
        errors.KafkaConnectionError("gone"),
        errors.RequestTimedOutError("late"),
        errors.KafkaProtocolError("garbage"),
    ],
)
def test_a_request_without_a_response_is_sent_again_with_new_metadata(error: KafkaError) -> None:
    story = Story()
    story.handle(PartitionResult(error))
    assert story.becomes == "queued"
    assert story.batch.last_error is error
    assert story.metadata_requests == 1


def test_success_says_where_the_records_are() -> None:
    story = Story(records=2)
    story.handle(PartitionResult(None, 5, 17))
    assert [story.batch.metadata_of(n)[2:5] for n in range(2)] == [
        (("t", 0), 5, 17),
        (("t", 0), 6, 17),
    ]
    assert story.around.observer.seen == ["delivered"]


def test_a_retried_batch_waits_for_its_back_off_in_its_place() -> None:
    story = Story()
    now = story.around.clock.now()
    story.around.send(b"later")
    story.handle(PartitionResult(errors.NotEnoughReplicasError("no")))
    assert story.around.waiting() == [b"0", b"later"]
    assert story.batch.state is BatchState.ENCODED
    assert story.around.queue().due_at(now, hurry=False) == now + BACKOFF
    assert story.around.observer.seen == ["retried"]
    assert story.metadata_requests == 0


def test_several_batches_that_fail_together_keep_their_order() -> None:
    story = Story()
    batches = [story.batch, *(story.in_flight() for _ in range(3))]
    for batch in reversed(batches):
        story.batch = batch
        story.handle(PartitionResult(errors.NotLeaderForPartitionError("no")))
    assert list(story.around.queue().batches) == batches


HINT = LeaderHint(2, 7, (BrokerMetadata(2, "h", 1, None),))


def test_a_new_leader_named_in_the_answer_is_used_without_back_off() -> None:
    story = Story()
    now = story.around.clock.now()
    error = errors.NotLeaderForPartitionError("no")
    story.handle(PartitionResult(error, hint=HINT))
    assert story.around.cluster.snapshot.leader_for(story.batch.topic_partition) == 2
    assert story.around.queue().due_at(now, hurry=False) <= now
    assert story.batch.retry.attempts == 1


def test_a_leader_that_is_known_already_is_sent_to_after_the_back_off() -> None:
    story = Story()
    now = story.around.clock.now()
    error = errors.NotLeaderForPartitionError("no")
    story.handle(PartitionResult(error, hint=HINT._replace(leader_epoch=1)))
    assert story.around.queue().due_at(now, hurry=False) == now + BACKOFF


def test_no_leader_is_learned_for_a_batch_that_has_no_attempt_left() -> None:
    story = Story(retries=0)
    story.handle(PartitionResult(errors.NotLeaderForPartitionError("no"), hint=HINT))
    assert story.becomes == "failed"
    assert story.metadata_requests == 0


def test_a_batch_that_is_too_large_goes_in_two_halves_before_later_batches() -> None:
    story = Story(records=4)
    story.around.send(b"later")
    story.handle(PartitionResult(errors.MessageSizeTooLargeError("no")))
    story.land()
    assert story.around.waiting() == [b"0", b"1", b"2", b"3", b"later"]
    assert [batch.count for batch in story.around.queue().batches] == [2, 2, 1]
    assert story.around.observer.seen == []


def test_the_halves_of_a_batch_free_their_memory_in_the_end() -> None:
    story = Story(records=4)
    story.handle(PartitionResult(errors.MessageSizeTooLargeError("no")))
    story.land()
    assert story.around.accumulator.pool.used > 0
    story.around.clock.time += DELIVERY_TIMEOUT
    story.completion.expire(story.around.clock.now())
    assert story.around.accumulator.pool.used == 0
    assert story.batch.is_done


def test_records_named_by_the_broker_fail_with_its_words() -> None:
    story = Story(records=2)
    named = errors.InvalidRecordError("t-0: no key")
    story.handle(PartitionResult(errors.InvalidRecordError("t-0"), record_errors={1: named}))
    assert story.batch.error_of(1) is named
    assert story.batch.error_of(0) is not named


def test_batches_expire_in_the_queue_and_in_flight_and_say_why() -> None:
    story = Story()
    first = story.around.send(b"in the queue")
    story.around.clock.time += 1
    late = story.around.send(b"later")
    story.batch.last_error = errors.NotEnoughReplicasError("no")
    story.around.clock.time += DELIVERY_TIMEOUT - 1
    story.completion.expire(story.around.clock.now())
    assert "not delivered within 120 s" in str(first.exception)
    assert "it was not sent" in str(first.exception)
    assert "last: [Error 19]" in str(story.batch.error_of(0))
    assert not late.is_done
    assert story.around.waiting() == [b"later"]
    assert story.around.accumulator.next_expiry == late_expiry(story)


def late_expiry(story: Story) -> float:
    (batch,) = story.around.queue().batches
    return batch.expires_at(DELIVERY_TIMEOUT)


def test_a_batch_that_expires_in_flight_keeps_its_memory_until_the_request_is_over() -> None:
    story = Story()
    story.around.clock.time += DELIVERY_TIMEOUT
    story.completion.expire(story.around.clock.now())
    assert story.batch.outcome is not None
    assert story.around.accumulator.pool.used > 0
    story.land()
    assert story.around.accumulator.pool.used == 0


def test_a_batch_in_flight_that_has_time_left_says_when_to_look_again() -> None:
    story = Story()
    story.around.clock.time += 1
    story.completion.expire(story.around.clock.now())
    assert story.becomes == "in flight"
    assert story.around.accumulator.next_expiry == story.batch.expires_at(DELIVERY_TIMEOUT)


# -- who waits until nothing is in flight --------------------------------------------------------


def test_who_waits_for_answers_is_called_at_once_if_nothing_is_in_flight() -> None:
    story = Story()
    story.completion.in_flight_batches.clear()
    called: list[str] = []
    story.completion.when_answered(lambda: called.append("answered"))
    assert called == ["answered"]


def test_batch_that_has_expired_is_in_flight_until_its_request_is_answered() -> None:
    story = Story()
    called: list[str] = []
    story.around.clock.time += DELIVERY_TIMEOUT
    story.completion.expire(story.around.clock.now())
    story.completion.when_answered(lambda: called.append("answered"))
    story.completion.check_answered()
    assert (called, story.batch.state) == ([], BatchState.DONE)
    story.completion.in_flight_batches.clear()
    story.completion.check_answered()
    story.completion.check_answered()
    assert called == ["answered"]
    assert not story.completion.awaits_answers
