"""Answers that may come later."""

from __future__ import annotations

from kafka.errors import UnknownMemberIdError
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket


def test_a_ticket_fires_once_when_its_answer_comes() -> None:
    ticket: Ticket[SyncOutcome] = Ticket()
    seen = []
    ticket.changed.subscribe(lambda: seen.append(ticket.outcome))
    assert ticket.outcome is None
    answer = SyncOutcome(assignment=b"a")
    ticket.resolve(answer)
    assert ticket.outcome is answer
    assert seen == [answer]


def test_the_first_answer_counts() -> None:
    ticket: Ticket[SyncOutcome] = Ticket()
    fired = []
    ticket.changed.subscribe(lambda: fired.append(1))
    ticket.resolve(SyncOutcome(assignment=b"first"))
    ticket.resolve(SyncOutcome(assignment=b"second"))
    assert ticket.outcome == SyncOutcome(assignment=b"first")
    assert fired == [1]


def test_a_ticket_may_have_its_answer_from_the_beginning() -> None:
    answer = JoinOutcome("m")
    ticket = Ticket(answer)
    ticket.resolve(JoinOutcome("other"))
    assert ticket.outcome is answer


def test_a_ticket_shows_its_answer_or_that_it_waits() -> None:
    assert repr(Ticket()) == "<Ticket WAITING>"
    assert "assignment=b'a'" in repr(Ticket(SyncOutcome(assignment=b"a")))


def test_an_answer_that_is_an_error_has_no_generation_and_no_members() -> None:
    outcome = JoinOutcome("m", UnknownMemberIdError)
    assert (outcome.generation_id, outcome.leader, outcome.members) == (-1, "", ())
    assert not outcome.skip_assignment
