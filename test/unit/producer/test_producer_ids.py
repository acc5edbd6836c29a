"""How a producer without transactions gets its id."""

from __future__ import annotations

import logging
from itertools import product

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    ProducerFencedError,
    UnknownServerError,
    UnsupportedVersionError,
    for_code,
)
from kafka.producer.producer_ids import (
    ID_TRANSITIONS,
    FailBatches,
    IdState,
    ProducerIds,
    Send,
    SendUnstamped,
)
from kafka.producer.sequences import LAST_EPOCH, NO_STAMP, ProducerIdentity, Sequences
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from kafka.protocol.schema import Message
from kafka.structs import TopicPartition

TP = TopicPartition("t", 0)
GIVEN = InitProducerIdResponse(producer_id=7, producer_epoch=0)
LOST = KafkaConnectionError("gone")
TOO_OLD = UnsupportedVersionError("0.10")
FENCED = ProducerFencedError("taken over")


def refused(code: int) -> InitProducerIdResponse:
    return InitProducerIdResponse(error_code=code, producer_id=-1, producer_epoch=-1)


class Story:
    """A producer that has no id yet."""

    def __init__(self, *, required: bool = False) -> None:
        self.sequences = Sequences()
        self.ids = ProducerIds(
            self.sequences,
            backoff=ExponentialBackoff(0.1, 1.0),
            uniform=lambda _low, _high: 1.0,
            required=required,
        )

    def poll(self, now: float = 0.0) -> list[object]:
        return list(self.ids.poll(now))

    def asks(self, now: float = 0.0) -> bool:
        return [type(action) for action in self.poll(now)] == [Send]

    def answer(self, answer: Message | KafkaError, now: float = 0.0) -> Story:
        assert self.asks(now)
        self.ids.on_response(answer, now)
        return self

    def use_the_last_epoch(self) -> None:
        self.sequences.on_identity(ProducerIdentity(7, LAST_EPOCH))
        assert self.sequences.may_drain(TP, NO_STAMP, 0)
        stamp = self.sequences.stamp(TP, 1)
        self.sequences.on_failed(TP, stamp, 1, in_doubt=True)
        assert not self.sequences.may_drain(TP, NO_STAMP, 0)


def test_any_node_is_asked_before_the_first_batch() -> None:
    (asked,) = Story().poll()
    assert isinstance(asked, Send)
    assert asked.to is None
    request = asked.request
    assert isinstance(request, InitProducerIdRequest)
    assert (request.transactional_id, request.transaction_timeout_ms) == (None, 2**31 - 1)
    assert (request.producer_id, request.producer_epoch) == (-1, -1)


def test_it_is_asked_for_once_at_a_time() -> None:
    story = Story()
    assert story.asks()
    assert not story.asks()
    assert not story.ids.on_wanted()


def test_the_id_is_what_batches_are_numbered_under() -> None:
    story = Story().answer(GIVEN)
    assert story.sequences.identity == (7, 0)
    assert (story.poll(), story.ids.next_wakeup(), story.ids.on_wanted()) == ([], None, False)


@pytest.mark.parametrize("code", [-1, 7, 14, 15, 16, 51])
def test_what_may_pass_is_tried_again_with_growing_back_off(code: int) -> None:
    story = Story()
    answer = LOST if code == -1 else refused(code)
    story.answer(answer, 5.0)
    assert (story.poll(5.05), story.ids.next_wakeup()) == ([], pytest.approx(5.1))
    story.answer(answer, 5.2)
    assert story.ids.next_wakeup() == pytest.approx(5.4)
    story.answer(GIVEN, 6.0)
    assert story.sequences.identity == (7, 0)


@pytest.mark.parametrize(
    "answer", [refused(31), refused(42), UnknownServerError("no"), KafkaError("no")]
)
def test_a_refusal_fails_the_batches_that_wait_and_is_asked_about_again_for_the_next(
    answer: Message | KafkaError,
) -> None:
    story = Story().answer(answer)
    (failing,) = story.poll()
    assert isinstance(failing, FailBatches)
    assert failing.error is story.ids.error
    assert (story.poll(), story.ids.next_wakeup()) == ([], None)
    assert story.ids.on_wanted()
    assert (story.poll(0.05), story.ids.next_wakeup()) == ([], pytest.approx(0.1))
    story.answer(GIVEN, 0.1)
    assert (story.sequences.identity, story.ids.error) == ((7, 0), None)


def test_the_error_of_a_refusal_says_what_was_refused() -> None:
    story = Story().answer(refused(31))
    assert isinstance(story.ids.error, ClusterAuthorizationFailedError)
    assert "no producer id" in str(story.ids.error)


def test_brokers_that_are_too_old_get_batches_without_stamps(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        story = Story().answer(TOO_OLD)
    assert story.poll() == [SendUnstamped()]
    assert (story.ids.on_wanted(), story.poll(), len(caplog.records)) == (False, [], 1)


def test_brokers_that_are_too_old_are_an_error_if_idempotence_was_asked_for() -> None:
    story = Story(required=True).answer(TOO_OLD)
    assert [type(action) for action in story.poll()] == [FailBatches]
    assert isinstance(story.ids.error, UnsupportedVersionError)
    assert "enable_idempotence=True needs brokers of 0.11 or later" in str(story.ids.error)


def test_after_a_fatal_error_every_batch_that_comes_fails() -> None:
    story = Story().answer(GIVEN)
    story.ids.on_fatal(FENCED)
    assert not story.sequences.may_drain(TP, NO_STAMP, 0)
    assert story.poll() == [FailBatches(FENCED)]
    assert story.ids.on_wanted()
    assert story.ids.on_wanted()
    assert (story.poll(), story.poll()) == ([FailBatches(FENCED)], [])


def test_only_the_first_fatal_error_counts() -> None:
    story = Story().answer(GIVEN)
    story.ids.on_fatal(FENCED)
    story.ids.on_fatal(KafkaError("later"))
    assert story.ids.error is FENCED


def test_another_id_is_asked_for_when_the_epochs_are_used_up() -> None:
    story = Story().answer(GIVEN)
    story.use_the_last_epoch()
    assert story.ids.on_wanted()
    story.answer(InitProducerIdResponse(producer_id=8, producer_epoch=0))
    assert story.sequences.identity == (8, 0)


# -- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [*product(IdState, IdState)])
def test_what_is_for_good_stays(old: IdState, new: IdState) -> None:
    if old in (IdState.UNSUPPORTED, IdState.FATAL):
        assert not ID_TRANSITIONS.allows(old, new)


def in_state(state: IdState) -> Story:
    story = Story()
    if state is IdState.WANTED:
        return story
    if state is IdState.ASKING:
        story.poll()
        return story
    answers = {IdState.ABSENT: refused(31), IdState.UNSUPPORTED: TOO_OLD}
    story.answer(answers.get(state, GIVEN))
    if state is IdState.FATAL:
        story.ids.on_fatal(FENCED)
    story.poll()
    return story


_S = IdState
# What each event leads to, by the state before it; `None`: the event cannot happen then.
EVENTS = {
    "wanted": (_S.WANTED, _S.WANTED, _S.ASKING, _S.READY, _S.UNSUPPORTED, _S.FATAL),
    "wanted at the last epoch": (None, None, None, _S.WANTED, None, None),
    "given": (_S.ABSENT, _S.WANTED, _S.READY, _S.READY, _S.UNSUPPORTED, _S.FATAL),
    "lost": (_S.ABSENT, _S.WANTED, _S.WANTED, _S.READY, _S.UNSUPPORTED, _S.FATAL),
    "refused": (_S.ABSENT, _S.WANTED, _S.ABSENT, _S.READY, _S.UNSUPPORTED, _S.FATAL),
    "too old": (_S.ABSENT, _S.WANTED, _S.UNSUPPORTED, _S.READY, _S.UNSUPPORTED, _S.FATAL),
    # Without a stamp no broker can refuse the producer that gave it.
    "fatal": (_S.FATAL, _S.FATAL, _S.FATAL, _S.FATAL, None, _S.FATAL),
    "polled": (_S.ABSENT, _S.ASKING, _S.ASKING, _S.READY, _S.UNSUPPORTED, _S.FATAL),
}


@pytest.mark.parametrize(("state", "event"), [*product(IdState, EVENTS)], ids=str)
def test_every_event_in_every_state(state: IdState, event: str) -> None:
    expected = EVENTS[event][list(IdState).index(state)]
    if expected is None:
        return
    story = in_state(state)
    ids = story.ids
    if event == "wanted at the last epoch":
        story.use_the_last_epoch()
    happens = {
        "wanted": ids.on_wanted,
        "wanted at the last epoch": ids.on_wanted,
        "given": lambda: ids.on_response(GIVEN, 1.0),
        "lost": lambda: ids.on_response(LOST, 1.0),
        "refused": lambda: ids.on_response(refused(31), 1.0),
        "too old": lambda: ids.on_response(TOO_OLD, 1.0),
        "fatal": lambda: ids.on_fatal(FENCED),
        "polled": lambda: ids.poll(1.0),
    }
    happens[event]()
    assert f" {expected.name} " in repr(ids)


def test_every_error_code_ends_in_another_attempt_or_in_failed_batches() -> None:
    for code in range(1, 137):
        story = Story().answer(refused(code))
        kinds = {type(action) for action in story.poll()}
        again = story.ids.next_wakeup() is not None
        assert (kinds == {FailBatches}) != again or kinds == {SendUnstamped}, for_code(code)
