"""What was sent, and whether the coordinator is known."""

from __future__ import annotations

from kafka._base.backoff import ExponentialBackoff
from kafka.coordinator.membership import GROUP, FindCoordinator, MemberIdentity, Send
from kafka.coordinator.outbox import Outbox
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest

ME = MemberIdentity("g", "me", 1, None)


def outbox() -> Outbox:
    return Outbox(ExponentialBackoff(1.0, 8.0, jitter=0.0), lambda low, _: low)


def send(box: Outbox) -> Send:
    box.send(HeartbeatRequest(), GROUP, timeout=5.0, sender=ME)
    (sent,) = box.take_actions()
    assert isinstance(sent, Send)
    return sent


def test_coordinator_is_looked_up_once() -> None:
    box = outbox()
    box.find_coordinator()
    box.find_coordinator()
    assert box.take_actions() == [FindCoordinator()]
    box.on_coordinator(3)
    box.find_coordinator()
    assert (box.coordinator, box.take_actions()) == (3, [])


def test_coordinator_that_is_lost_is_looked_up_again() -> None:
    box = outbox()
    box.on_coordinator(3)
    box.on_coordinator(None)
    box.find_coordinator()
    assert box.take_actions() == [FindCoordinator()]


def test_nothing_can_be_sent_without_a_coordinator_or_during_a_back_off() -> None:
    box = outbox()
    assert (box.is_open(0.0), box.opens_at()) == (False, None)
    box.on_coordinator(3)
    assert box.is_open(0.0)
    box.back_off(10.0)
    assert (box.is_open(10.9), box.opens_at(), box.is_open(11.0)) == (False, 11.0, True)
    box.back_off(11.0)
    assert box.opens_at() == 13.0
    box.on_success()
    assert box.is_open(0.0)


def test_answer_is_taken_once() -> None:
    box = outbox()
    sent = send(box)
    assert box.waits_for(HeartbeatRequest)
    assert (box.take(sent), box.take(sent)) == (True, False)


def test_answer_to_an_older_request_of_the_same_kind_is_not_taken() -> None:
    box = outbox()
    older, newer = send(box), send(box)
    assert (box.take(older), box.take(newer)) == (False, True)


def test_answer_to_what_was_forgotten_is_not_taken() -> None:
    box = outbox()
    sent = send(box)
    box.forget(LeaveGroupRequest)
    assert box.waits_for(HeartbeatRequest)
    box.forget()
    assert not box.take(sent)


def test_outbox_reads_as_a_status_line() -> None:
    box = outbox()
    assert repr(box) == "<Outbox coordinator=None waiting for nothing>"
    send(box)
    assert repr(box) == "<Outbox coordinator=None waiting for HeartbeatRequest>"
