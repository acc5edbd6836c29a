"""How many connections a broker serves."""

from __future__ import annotations

from kafka.testing.broker.room import Room, Verdict


def room(*, broker: int = 100, address: int = 100) -> Room[str]:
    limits = {"max.connections": broker, "max.connections.per.ip": address}
    return Room(limits.__getitem__)


def test_connections_above_the_limit_wait_for_their_turn() -> None:
    made = room(broker=1)
    verdicts = [made.enter(name, "h") for name in ("a", "b", "c")]
    assert verdicts == [Verdict.SERVE, Verdict.WAIT, Verdict.WAIT]
    assert made.leave("a") == ["b"]
    assert made.leave("b") == ["c"]
    assert made.leave("c") == []


def test_a_connection_that_waits_may_go() -> None:
    made = room(broker=1)
    made.enter("a", "h")
    made.enter("b", "h")
    assert made.leave("b") == []
    assert made.leave("a") == []


def test_an_address_has_a_limit_of_its_own() -> None:
    made = room(address=1)
    verdicts = [made.enter("a", "h"), made.enter("b", "h"), made.enter("c", "other")]
    assert verdicts == [Verdict.SERVE, Verdict.CUT, Verdict.SERVE]
    made.leave("a")
    assert made.enter("d", "h") is Verdict.SERVE


def test_a_connection_that_was_never_decided_about_leaves_quietly() -> None:
    assert room().leave("x") == []
