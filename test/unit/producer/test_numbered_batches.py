"""What outcomes make of batches that have numbers, and of those behind them."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.errors import (
    InvalidRecordError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    ProducerFencedError,
)
from kafka.producer.batch_completion import BatchCompletion
from kafka.producer.produce_request import DrainedBatch, PartitionResult, SentBatches
from kafka.producer.producer_batch import BatchState, ProducerBatch
from kafka.producer.producer_ids import ProducerIds
from kafka.producer.sequences import NO_STAMP, ProducerIdentity, Sequences
from kafka.producer.transaction_manager import TransactionManager
from test.unit.producer.sending import Surroundings
from test.unit.producer.support import TP

BACKOFF = ExponentialBackoff(0.5, 0.5)
OUT_OF_ORDER = OutOfOrderSequenceNumberError("no")
LOST = KafkaConnectionError("gone")


class Story:
    """A completion whose batches are numbered; node 0 leads."""

    def __init__(self) -> None:
        self.around = around = Surroundings(0)
        self.sequences = Sequences()
        self.sequences.on_identity(ProducerIdentity(7, 0))
        ids = ProducerIds(
            self.sequences, backoff=BACKOFF, uniform=lambda low, _: low, required=False
        )
        self.manager = TransactionManager(self.sequences, ids)
        self.completion = BatchCompletion(
            retries=10,
            backoff=BACKOFF,
            accumulator=around.accumulator,
            incomplete=around.incomplete,
            cluster=around.cluster,
            request_metadata=lambda: None,
            runtime=around.runtime,
            manager=self.manager,
        )
        self.queue = around.queue()
        self.answer(self.send())  # from here on several may be in flight

    def send(self, records: int = 1) -> ProducerBatch:
        """Write the next batch, as the sender does."""
        for number in range(records):
            self.around.send(b"%d" % number, alone=False)
        batch = self.around.accumulator.pop(self.queue)
        assert batch is not None
        if batch.state is BatchState.SEALED:
            self.around.accumulator.encode(batch, self.queue.topic_info, take_over=True)
        assert self.manager.may_drain(TP, batch.stamp, self.queue.in_flight)
        if batch.stamp is NO_STAMP:
            batch.stamp = self.manager.sequences.stamp(TP, batch.count)
        batch.move(BatchState.IN_FLIGHT)
        self.queue.in_flight += 1
        sent = SentBatches(0, [DrainedBatch(self.queue, batch)])
        self.completion.in_flight_batches[batch] = sent
        return batch

    def send_again(self) -> ProducerBatch:
        """Write the first batch of the queue."""
        return self.send(0)

    def answer(self, batch: ProducerBatch, error: KafkaError | None = None) -> None:
        result = PartitionResult(error, log_start_offset=0)
        self.completion.handle(DrainedBatch(self.queue, batch), result, self.around.clock.now())
        self.completion.in_flight_batches.pop(batch)
        self.queue.in_flight -= 1

    @property
    def queued(self) -> list[ProducerBatch]:
        return list(self.queue.batches)


def number(batch: ProducerBatch) -> tuple[int, int]:
    return batch.stamp.producer_epoch, batch.stamp.base_sequence


def error_of(batch: ProducerBatch) -> KafkaError:
    assert batch.outcome is not None
    assert batch.outcome.error is not None
    return batch.outcome.error


def test_a_batch_that_is_sent_again_keeps_its_number() -> None:
    story = Story()
    batch = story.send()
    story.answer(batch, NotEnoughReplicasError("no"))
    assert number(story.send_again()) == (0, 1)


def test_batches_that_a_broker_does_not_expect_get_new_numbers_in_their_order() -> None:
    story = Story()
    batches = [story.send(), story.send(), story.send()]
    for batch in batches:
        story.answer(batch, OUT_OF_ORDER)
    story.completion.renumber(story.queue)
    assert story.queued == batches
    numbers = []
    for _ in batches:
        batch = story.send_again()
        numbers.append(number(batch))
        story.answer(batch)
    assert numbers == [(1, 0), (1, 1), (1, 2)]


def test_a_batch_that_may_be_written_fails_when_the_others_get_new_numbers() -> None:
    story = Story()
    first, second = story.send(), story.send()
    story.answer(first, OUT_OF_ORDER)
    story.answer(second, LOST)
    story.completion.renumber(story.queue)
    assert (story.queued, error_of(second).may_be_written) == ([first], True)


@pytest.mark.parametrize(
    ("before", "error", "doubtful"),
    [
        ([], InvalidRecordError("no"), False),
        ([LOST], InvalidRecordError("no"), True),
        ([LOST], OUT_OF_ORDER, True),
        ([NotEnoughReplicasError("no")], InvalidRecordError("no"), False),
        ([], ProducerFencedError("no"), False),
    ],
    ids=repr,
)
def test_a_failed_batch_says_whether_an_attempt_may_have_written_it(
    before: list[KafkaError], error: KafkaError, *, doubtful: bool
) -> None:
    story = Story()
    batch = story.send()
    for earlier in before:
        story.answer(batch, earlier)
        assert story.send_again() is batch
    story.answer(batch, error)
    assert (type(error_of(batch)), error_of(batch).may_be_written) == (type(error), doubtful)
    assert ("may have been written" in str(error_of(batch))) is doubtful


def test_what_was_not_written_at_all_leaves_no_doubt() -> None:
    story = Story()
    batch = story.send()
    drained = DrainedBatch(story.queue, batch)
    story.completion.handle(drained, PartitionResult(LOST, written=False), 0.0)
    assert (batch.in_doubt, batch.state) == (False, BatchState.ENCODED)


def test_the_parts_of_a_batch_have_its_numbers_and_its_doubt() -> None:
    story = Story()
    batch = story.send(4)
    story.answer(batch, LOST)
    story.send_again()
    story.answer(batch, MessageSizeTooLargeError("no"))
    assert [number(part) for part in story.queued] == [(0, 1), (0, 3)]
    assert all(part.in_doubt for part in story.queued)


# -- a leader that has not answered ---------------------------------------------------------------


def test_a_new_leader_gets_what_the_old_one_has_not_answered() -> None:
    story = Story()
    batches = [story.send(), story.send()]
    story.around.cluster.lead(1)
    story.completion.take_back(story.around.cluster.snapshot)
    assert (story.queued, story.queue.in_flight) == (batches, 0)
    assert [batch.in_doubt for batch in batches] == [True, True]
    assert isinstance(batches[0].last_error, NotLeaderForPartitionError)
    assert story.around.observer.seen[-2:] == ["retried", "retried"]
    assert (story.send_again(), number(batches[0])) == (batches[0], (0, 1))


def test_who_waits_for_answers_does_not_wait_for_that_of_a_former_leader() -> None:
    story = Story()
    story.send()
    called: list[str] = []
    story.completion.when_answered(lambda: called.append("answered"))
    assert called == []
    story.around.cluster.lead(1)
    story.completion.take_back(story.around.cluster.snapshot)
    assert called == ["answered"]


def test_what_a_fenced_producer_has_in_flight_is_sent_to_no_other_leader() -> None:
    story = Story()
    fenced, batch = story.send(), story.send()
    story.answer(fenced, ProducerFencedError("no"))
    story.around.cluster.lead(1)
    story.completion.take_back(story.around.cluster.snapshot)
    assert (story.queued, story.queue.in_flight) == ([], 0)
    assert isinstance(error_of(batch), ProducerFencedError)
    assert error_of(batch).may_be_written


@pytest.mark.parametrize("leader", [0, -1])
def test_a_leader_that_is_the_same_or_unknown_goes_on(leader: int) -> None:
    story = Story()
    batch = story.send()
    story.around.cluster.lead(leader)
    story.completion.take_back(story.around.cluster.snapshot)
    assert (story.queued, batch.state) == ([], BatchState.IN_FLIGHT)


def test_without_a_number_nothing_is_sent_to_two_leaders() -> None:
    story = Story()
    batch = story.send()
    batch.stamp = NO_STAMP
    story.around.cluster.lead(1)
    story.completion.take_back(story.around.cluster.snapshot)
    assert batch.state is BatchState.IN_FLIGHT
