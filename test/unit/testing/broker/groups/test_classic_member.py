"""A member of a classic group, and the protocol that members agree on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.groups.classic_member import (
    Join,
    Member,
    common_protocols,
    select_protocol,
)
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket


def join(*protocols: str, instance_id: str | None = None, session: float = 10.0) -> Join:
    return Join(
        member_id="",
        instance_id=instance_id,
        client_id="c",
        client_host="/h",
        session_timeout=session,
        rebalance_timeout=60.0,
        protocol_type="consumer",
        protocols=tuple((name, name.encode()) for name in protocols),
    )


def member(*protocols: str) -> Member:
    return Member("m", join(*protocols))


def test_a_member_takes_over_what_it_says_when_it_joins_again() -> None:
    found = Member("m", join("range", instance_id="i"))
    found.update(join("sticky", session=5.0)._replace(client_id="d", rebalance_timeout=1.0))
    assert (found.member_id, found.instance_id) == ("m", "i")
    assert (found.client_id, found.session_timeout, found.rebalance_timeout) == ("d", 5.0, 1.0)
    assert (found.metadata("sticky"), found.metadata("range")) == (b"sticky", b"")


@pytest.mark.parametrize("protocol", [None, "other"])
def test_a_member_has_said_nothing_about_another_protocol(protocol: str | None) -> None:
    assert member("range").metadata(protocol) == b""


def test_a_session_begins_afresh_whenever_something_is_heard() -> None:
    found = member("range")
    assert found.expires_at == math.inf
    found.heard(3.0)
    assert found.expires_at == 13.0
    found.heard(9.0)
    assert found.expires_at == 19.0


@pytest.mark.parametrize("attribute", ["awaiting_join", "awaiting_sync"])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_request_that_waits_keeps_a_member_unless_it_is_new(attribute: str, is_new: bool) -> None:
    found = member("range")
    found.heard(0.0)
    found.is_new = is_new
    setattr(found, attribute, Ticket())
    assert found.expires_at == (10.0 if is_new else math.inf)


def test_what_waits_is_answered_once() -> None:
    found = member("range")
    joining: Ticket[JoinOutcome] = Ticket()
    syncing: Ticket[SyncOutcome] = Ticket()
    found.awaiting_join, found.awaiting_sync = joining, syncing
    found.answer_join(JoinOutcome("m"))
    found.answer_sync(SyncOutcome(assignment=b"a"))
    assert (joining.outcome, syncing.outcome) == (JoinOutcome("m"), SyncOutcome(assignment=b"a"))
    assert (found.awaiting_join, found.awaiting_sync) == (None, None)


def test_without_a_request_that_waits_an_answer_goes_nowhere() -> None:
    found = member("range")
    found.answer_join(JoinOutcome("m"))
    found.answer_sync(SyncOutcome())
    assert (found.awaiting_join, found.awaiting_sync) == (None, None)


@pytest.mark.parametrize(
    ("members", "common", "selected"),
    [
        ([["range"]], {"range"}, "range"),
        ([["a", "b"], ["b", "a"]], {"a", "b"}, "a"),
        ([["a", "b"], ["b", "a"], ["b", "a"]], {"a", "b"}, "b"),
        ([["a", "b", "c"], ["c", "b"], ["b", "d", "c"]], {"b", "c"}, "b"),
        ([["a", "a", "b"], ["b"]], {"b"}, "b"),
    ],
)
def test_each_member_votes_for_its_first_protocol_that_all_have(
    members: list[list[str]], common: set[str], selected: str
) -> None:
    found = [member(*protocols) for protocols in members]
    assert common_protocols(found) == common
    assert select_protocol(found) == selected


@pytest.mark.parametrize("members", [[], [["a"], ["b"]], [["a", "b"], []]])
def test_members_may_have_no_protocol_in_common(members: list[list[str]]) -> None:
    assert common_protocols([member(*protocols) for protocols in members]) == set()


@given(st.lists(st.lists(st.sampled_from("abc"), unique=True), min_size=1, max_size=5))
def test_the_protocol_selected_is_one_that_all_have(extra: list[list[str]]) -> None:
    members = [member(*protocols, "shared") for protocols in extra]
    assert select_protocol(members) in common_protocols(members)
