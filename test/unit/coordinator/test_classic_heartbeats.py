"""When a classic member sends heartbeats."""

from __future__ import annotations

from kafka.coordinator.classic_heartbeats import Heartbeats
from kafka.coordinator.membership import GROUP, MemberIdentity, Send
from kafka.coordinator.outbox import Outbox
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from test.unit.coordinator.classic_bench import Bench

ME = MemberIdentity("g", "me", 1, None)
NEW = ME._replace(epoch=-1)


def heartbeats(coordinator: int | None = 1) -> tuple[Heartbeats, Outbox]:
    """Return heartbeats of a session that begins at 100 s."""
    settings = Bench().settings
    box = Outbox(settings.backoff, lambda low, _: low)
    box.on_coordinator(coordinator)
    beats = Heartbeats(settings, box)
    beats.on_session(100.0)
    return beats, box


def sent_at(beats: Heartbeats, box: Outbox, now: float, member: MemberIdentity = ME) -> bool:
    beats.beat(member, now)
    return any(isinstance(action, Send) for action in box.take_actions())


def test_one_is_sent_after_each_interval() -> None:
    beats, box = heartbeats()
    assert beats.next_wakeup(ME) == 103.0
    assert (sent_at(beats, box, 102.9), sent_at(beats, box, 103.0)) == (False, True)
    box.forget()
    assert (sent_at(beats, box, 105.9), sent_at(beats, box, 106.0)) == (False, True)


def test_interval_runs_from_one_sending_to_the_next() -> None:
    beats, box = heartbeats()
    sent_at(beats, box, 103.0)
    box.forget()
    beats.on_answered(105.0)
    assert (beats.next_wakeup(ME), beats.answered_at) == (106.0, 105.0)


def test_while_one_waits_for_its_answer_only_the_session_counts() -> None:
    beats, box = heartbeats()
    sent_at(beats, box, 103.0)
    assert beats.next_wakeup(ME) == 145.0


def test_coordinator_is_lost_once_in_a_session() -> None:
    beats, _ = heartbeats()
    assert (beats.has_lost(ME, 144.9), beats.has_lost(ME, 145.0)) == (False, True)
    assert (beats.has_lost(ME, 145.0), beats.has_lost(ME, 190.0)) == (False, True)


def test_coordinator_that_is_not_known_cannot_be_lost() -> None:
    beats, _ = heartbeats(None)
    assert not beats.has_lost(ME, 145.0)


def test_who_is_no_member_sends_none() -> None:
    beats, box = heartbeats()
    assert not sent_at(beats, box, 200.0, NEW)
    assert (beats.next_wakeup(NEW), beats.has_lost(NEW, 200.0)) == (None, False)


def test_new_member_that_waits_for_the_others_sends_them() -> None:
    beats, box = heartbeats()
    box.send(JoinGroupRequest(), GROUP, timeout=1.0, sender=NEW)
    box.take_actions()
    assert sent_at(beats, box, 103.0, NEW)


def test_member_that_has_said_goodbye_sends_none() -> None:
    beats, box = heartbeats()
    box.send(LeaveGroupRequest(), GROUP, timeout=1.0, sender=ME)
    box.take_actions()
    assert not sent_at(beats, box, 200.0)


def test_next_one_may_be_sent_at_once() -> None:
    beats, box = heartbeats()
    beats.hasten(101.0)
    assert sent_at(beats, box, 101.0)
    assert box.waits_for(HeartbeatRequest)


def test_heartbeats_read_as_a_status_line() -> None:
    assert repr(heartbeats()[0]) == "<Heartbeats due_at=103.000 session_ends=145.000>"
