"""Who is in a classic group."""

from __future__ import annotations

import math

import pytest

from kafka.errors import (
    BrokerResponseError,
    FencedInstanceIdError,
    InconsistentGroupProtocolError,
    UnknownMemberIdError,
)
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_roster import Roster, check_protocol
from kafka.testing.broker.groups.outcomes import JoinedMember, JoinOutcome, SyncOutcome, Ticket


def join(
    instance_id: str | None = None,
    *protocols: str,
    protocol_type: str = "consumer",
    rebalance: float = 60.0,
) -> Join:
    return Join(
        member_id="",
        instance_id=instance_id,
        client_id="c",
        client_host="/h",
        session_timeout=10.0,
        rebalance_timeout=rebalance,
        protocol_type=protocol_type,
        protocols=tuple((name, name.encode()) for name in protocols or ("range",)),
    )


@pytest.fixture
def roster() -> Roster:
    """Return a roster of a leader ``a`` and a static member ``s``, with ``p`` expected."""
    made = Roster()
    made.add("a", join())
    made.add("s", join("i"))
    made.pending["p"] = 300.0
    return made


def test_members_come_in_order_and_the_first_one_leads(roster: Roster) -> None:
    assert list(roster.members) == ["a", "s"]
    assert (roster.leader, roster.static) == ("a", {"i": "s"})


def test_a_member_that_comes_back_with_its_id_is_no_longer_expected(roster: Roster) -> None:
    roster.add("p", join())
    assert roster.pending == {}
    assert list(roster.members) == ["a", "s", "p"]


@pytest.mark.parametrize(
    ("member_id", "instance_id", "error"),
    [
        ("a", None, None),
        ("s", "i", None),
        ("s", None, None),
        ("x", None, UnknownMemberIdError),
        ("p", None, UnknownMemberIdError),
        ("a", "i", FencedInstanceIdError),
        ("x", "i", FencedInstanceIdError),
        ("a", "other", UnknownMemberIdError),
    ],
)
def test_a_member_is_known_by_its_id_and_its_instance_id(
    roster: Roster, member_id: str, instance_id: str | None, error: type[BrokerResponseError] | None
) -> None:
    if error is None:
        assert roster.validate(member_id, instance_id).member_id == member_id
        return
    with pytest.raises(error):
        roster.validate(member_id, instance_id)


@pytest.mark.parametrize(
    ("member_id", "instance_id", "found"),
    [
        ("a", None, "a"),
        ("s", "i", "s"),
        ("", "i", "s"),
        ("p", None, "p"),
        ("", None, UnknownMemberIdError),
        ("", "other", UnknownMemberIdError),
        ("p", "i", FencedInstanceIdError),
        ("x", None, UnknownMemberIdError),
    ],
)
def test_a_member_that_leaves_is_named_in_one_of_three_ways(
    roster: Roster, member_id: str, instance_id: str | None, found: str | type[BrokerResponseError]
) -> None:
    if isinstance(found, str):
        assert roster.find_leaving(member_id, instance_id) == found
        return
    with pytest.raises(found):
        roster.find_leaving(member_id, instance_id)


@pytest.mark.parametrize(
    ("asked", "supported"),
    [
        (join(None, "range"), True),
        (join(None, "sticky", "range"), True),
        (join(None, "sticky"), False),
        (join(None, "range", protocol_type="connect"), False),
    ],
)
def test_a_member_needs_a_protocol_in_common_with_all(
    roster: Roster, asked: Join, supported: bool
) -> None:
    assert roster.supports(asked, "consumer") is supported


@pytest.mark.parametrize(
    ("asked", "supported"),
    [
        (join(None, "any"), True),
        (join(protocol_type=""), False),
        (join()._replace(protocols=()), False),
    ],
)
def test_the_first_member_brings_its_protocols_with_it(asked: Join, supported: bool) -> None:
    assert Roster().supports(asked, "") is supported


def test_a_full_group_takes_only_members_it_has(roster: Roster) -> None:
    assert roster.has_room("new", 3, joining=False)
    assert not roster.has_room("new", 2, joining=False)
    assert roster.has_room("a", 2, joining=False)


def test_in_a_rebalance_only_members_that_have_come_take_up_room(roster: Roster) -> None:
    assert roster.has_room("new", 1, joining=True)
    roster.members["a"].awaiting_join = Ticket()
    assert not roster.has_room("new", 1, joining=True)
    assert not roster.has_room("s", 1, joining=True)
    assert roster.has_room("a", 1, joining=True)


def test_a_member_that_is_removed_is_told_and_another_one_leads(roster: Roster) -> None:
    joining: Ticket[JoinOutcome] = Ticket()
    syncing: Ticket[SyncOutcome] = Ticket()
    leader = roster.members["a"]
    leader.awaiting_join, leader.awaiting_sync = joining, syncing
    assert roster.remove("a") is leader
    assert joining.outcome == JoinOutcome("", UnknownMemberIdError)
    assert syncing.outcome == SyncOutcome(UnknownMemberIdError)
    assert roster.leader == "s"
    roster.remove("s")
    assert (roster.leader, roster.static, roster.members) == (None, {}, {})


def test_an_expected_member_is_removed_without_having_been_one(roster: Roster) -> None:
    assert roster.remove("p") is None
    assert roster.pending == {}
    assert roster.remove("nobody") is None


def test_a_static_member_gets_a_new_id_and_the_old_one_is_fenced(roster: Roster) -> None:
    roster.leader = "s"
    joining: Ticket[JoinOutcome] = Ticket()
    syncing: Ticket[SyncOutcome] = Ticket()
    member = roster.members["s"]
    member.awaiting_join, member.awaiting_sync = joining, syncing
    assert roster.replace("s", "s2") is member
    assert joining.outcome == JoinOutcome("s", FencedInstanceIdError)
    assert syncing.outcome == SyncOutcome(FencedInstanceIdError)
    assert (roster.leader, roster.static, list(roster.members)) == ("s2", {"i": "s2"}, ["a", "s2"])
    with pytest.raises(FencedInstanceIdError):
        roster.validate("s", "i")


def test_members_and_those_expected_are_given_up_in_time(roster: Roster) -> None:
    assert roster.next_overdue() == 300.0
    roster.members["a"].heard(0.0)
    assert roster.next_overdue() == 10.0
    assert roster.overdue(9.9) == []
    assert roster.overdue(10.0) == ["a"]
    assert roster.overdue(300.0) == ["p", "a"]


def test_a_roster_without_anybody_is_never_overdue() -> None:
    roster = Roster()
    assert roster.next_overdue() == math.inf
    assert (roster.overdue(9e9), roster.rebalance_timeout) == ([], 0.0)


def test_all_have_joined_when_every_member_waits_and_nobody_is_expected(roster: Roster) -> None:
    for member in roster.members.values():
        assert not roster.have_all_joined
        member.awaiting_join = Ticket()
    assert not roster.have_all_joined
    roster.pending.clear()
    assert roster.have_all_joined


def test_the_leader_stays_if_it_has_joined_else_the_first_that_has_leads(roster: Roster) -> None:
    assert not roster.elect_leader()
    roster.members["s"].awaiting_join = Ticket()
    assert roster.elect_leader()
    assert roster.leader == "s"
    roster.members["a"].awaiting_join = Ticket()
    assert roster.elect_leader()
    assert roster.leader == "s"


def test_members_wait_for_the_slowest_of_them(roster: Roster) -> None:
    roster.add("slow", join(rebalance=90.0))
    assert roster.rebalance_timeout == 90.0


def test_the_leader_is_told_of_every_member(roster: Roster) -> None:
    assert roster.select_protocol() == "range"
    assert roster.listed("range") == (
        JoinedMember("a", None, b"range"),
        JoinedMember("s", "i", b"range"),
    )
    assert [member.metadata for member in roster.listed(None)] == [b"", b""]


@pytest.mark.parametrize(
    ("said", "is_so", "consistent"),
    [
        ((None, None), ("consumer", "range"), True),
        (("consumer", "range"), ("consumer", "range"), True),
        (("consumer", "range"), (None, None), True),
        (("connect", None), ("consumer", "range"), False),
        (("consumer", "sticky"), ("consumer", "range"), False),
        (("", None), ("consumer", None), False),
    ],
)
def test_what_a_member_says_of_the_protocol_must_be_so(
    said: tuple[str | None, str | None], is_so: tuple[str | None, str | None], consistent: bool
) -> None:
    if consistent:
        check_protocol(said, is_so)
        return
    with pytest.raises(InconsistentGroupProtocolError):
        check_protocol(said, is_so)
