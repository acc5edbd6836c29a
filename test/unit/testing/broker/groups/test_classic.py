"""The machine of classic groups: every state and every request, and what time does."""

from __future__ import annotations

from itertools import count

import pytest

from kafka.errors import (
    BrokerResponseError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    MemberIdRequiredError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.testing.broker.groups.classic import NEW_MEMBER_TIMEOUT, ClassicGroup
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_states import Limits, State
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket

RANGE = (("range", b"r"),)
ERROR = type[BrokerResponseError] | None


def facts(
    member_id: str = "",
    *,
    client: str = "c",
    instance_id: str | None = None,
    protocols: tuple[tuple[str, bytes], ...] = RANGE,
    session: float = 10.0,
    rebalance: float = 60.0,
    known: bool = False,
    skip: bool = False,
    kind: str = "consumer",
) -> Join:
    return Join(
        member_id=member_id,
        instance_id=instance_id,
        client_id=client,
        client_host="/h",
        session_timeout=session,
        rebalance_timeout=rebalance,
        protocol_type=kind,
        protocols=protocols,
        requires_known_id=known,
        may_skip_assignment=skip,
    )


def new_group(limits: Limits = Limits()) -> ClassicGroup:  # noqa: B008 - immutable
    numbers = count(1)
    return ClassicGroup("g", new_id=lambda: str(next(numbers)), limits=lambda: limits)


def sync(
    group: ClassicGroup, member_id: str, generation: int, now: float = 0.0, **given: bytes
) -> Ticket[SyncOutcome]:
    assignments = {name.replace("_", "-"): data for name, data in given.items()}
    return group.sync(
        member_id, None, generation, protocol=(None, None), assignments=assignments, now=now
    )


def group_in(state: State) -> ClassicGroup:
    """Return a group whose members, if any, are c-1 (the leader) and c-2."""
    group = new_group()
    if state is State.EMPTY:
        return group
    if state is State.DEAD:
        group.bury()
        return group
    group.join(facts(), 0.0)
    group.join(facts(), 0.0)
    group.join(facts("c-1"), 0.0)
    if state is State.COMPLETING_REBALANCE:
        return group
    sync(group, "c-2", 2)
    sync(group, "c-1", 2, c_1=b"1", c_2=b"2")
    if state is State.PREPARING_REBALANCE:
        group.join(facts("c-1", protocols=(("range", b"new"),)), 0.0)
    return group


@pytest.mark.parametrize("state", State)
def test_a_group_is_in_the_state_that_the_tables_below_start_from(state: State) -> None:
    assert group_in(state).state is state


WAITS = "waits"
OK = None
JOINS: dict[State, dict[str, tuple[object, State]]] = {
    State.EMPTY: {
        "new": (OK, State.COMPLETING_REBALANCE),
        "same": (UnknownMemberIdError, State.EMPTY),
        "changed": (UnknownMemberIdError, State.EMPTY),
        "leader": (UnknownMemberIdError, State.EMPTY),
        "stranger": (UnknownMemberIdError, State.EMPTY),
        "other protocol": (OK, State.COMPLETING_REBALANCE),
        "first time": (MemberIdRequiredError, State.EMPTY),
    },
    State.PREPARING_REBALANCE: {
        "new": (WAITS, State.PREPARING_REBALANCE),
        "same": (OK, State.COMPLETING_REBALANCE),
        "changed": (OK, State.COMPLETING_REBALANCE),
        "leader": (WAITS, State.PREPARING_REBALANCE),
        "stranger": (UnknownMemberIdError, State.PREPARING_REBALANCE),
        "other protocol": (InconsistentGroupProtocolError, State.PREPARING_REBALANCE),
        "first time": (MemberIdRequiredError, State.PREPARING_REBALANCE),
    },
    State.COMPLETING_REBALANCE: {
        "new": (WAITS, State.PREPARING_REBALANCE),
        "same": (OK, State.COMPLETING_REBALANCE),
        "changed": (WAITS, State.PREPARING_REBALANCE),
        "leader": (OK, State.COMPLETING_REBALANCE),
        "stranger": (UnknownMemberIdError, State.COMPLETING_REBALANCE),
        "other protocol": (InconsistentGroupProtocolError, State.COMPLETING_REBALANCE),
        "first time": (MemberIdRequiredError, State.COMPLETING_REBALANCE),
    },
    State.STABLE: {
        "new": (WAITS, State.PREPARING_REBALANCE),
        "same": (OK, State.STABLE),
        "changed": (WAITS, State.PREPARING_REBALANCE),
        "leader": (WAITS, State.PREPARING_REBALANCE),
        "stranger": (UnknownMemberIdError, State.STABLE),
        "other protocol": (InconsistentGroupProtocolError, State.STABLE),
        "first time": (MemberIdRequiredError, State.STABLE),
    },
    State.DEAD: dict.fromkeys(
        ("new", "same", "changed", "leader", "stranger", "other protocol", "first time"),
        (CoordinatorNotAvailableError, State.DEAD),
    ),
}
ASKED = {
    "new": facts(),
    "same": facts("c-2"),
    "changed": facts("c-2", protocols=(("range", b"new"),)),
    "leader": facts("c-1"),
    "stranger": facts("x"),
    "other protocol": facts(protocols=(("mine", b""),)),
    "first time": facts(known=True),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("asked", ASKED)
def test_joining(state: State, asked: str) -> None:
    group = group_in(state)
    outcome = group.join(ASKED[asked], 0.0).outcome
    expected, after = JOINS[state][asked]
    assert (WAITS if outcome is None else outcome.error, group.state) == (expected, after)


SYNCS: dict[State, dict[str, tuple[object, State]]] = {
    State.EMPTY: dict.fromkeys(("leader", "follower", "late"), (UnknownMemberIdError, State.EMPTY)),
    State.PREPARING_REBALANCE: {
        "leader": (RebalanceInProgressError, State.PREPARING_REBALANCE),
        "follower": (RebalanceInProgressError, State.PREPARING_REBALANCE),
        "late": (IllegalGenerationError, State.PREPARING_REBALANCE),
    },
    State.COMPLETING_REBALANCE: {
        "leader": (OK, State.STABLE),
        "follower": (WAITS, State.COMPLETING_REBALANCE),
        "late": (IllegalGenerationError, State.COMPLETING_REBALANCE),
    },
    State.STABLE: {
        "leader": (OK, State.STABLE),
        "follower": (OK, State.STABLE),
        "late": (IllegalGenerationError, State.STABLE),
    },
    State.DEAD: dict.fromkeys(
        ("leader", "follower", "late"), (CoordinatorNotAvailableError, State.DEAD)
    ),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    ("who", "member", "generation"),
    [("leader", "c-1", 2), ("follower", "c-2", 2), ("late", "c-2", 1)],
)
def test_syncing(state: State, who: str, member: str, generation: int) -> None:
    group = group_in(state)
    outcome = sync(group, member, generation).outcome
    expected, after = SYNCS[state][who]
    assert (WAITS if outcome is None else outcome.error, group.state) == (expected, after)


def raised(call: object, *args: object, **options: object) -> ERROR:
    assert callable(call)
    try:
        call(*args, **options)
    except BrokerResponseError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (State.EMPTY, UnknownMemberIdError),
        (State.PREPARING_REBALANCE, RebalanceInProgressError),
        (State.COMPLETING_REBALANCE, None),
        (State.STABLE, None),
        (State.DEAD, CoordinatorNotAvailableError),
    ],
)
def test_a_heartbeat_of_a_member(state: State, error: ERROR) -> None:
    group = group_in(state)
    assert raised(group.heartbeat, "c-2", None, 2, 0.0) is error
    assert group.state is state


COMMITS = {
    # state: (a member, nobody, nobody in a transaction, a member in a transaction)
    State.EMPTY: (UnknownMemberIdError, None, None, UnknownMemberIdError),
    State.PREPARING_REBALANCE: (None, UnknownMemberIdError, None, None),
    State.COMPLETING_REBALANCE: (RebalanceInProgressError, UnknownMemberIdError, None, None),
    State.STABLE: (None, UnknownMemberIdError, None, None),
    State.DEAD: (CoordinatorNotAvailableError,) * 4,
}


@pytest.mark.parametrize("state", State)
def test_who_may_commit(state: State) -> None:
    group = group_in(state)
    found = tuple(
        raised(group.validate_commit, *who, transactional=transactional)
        for who, transactional in (
            (("c-2", None, 2), False),
            (("", None, -1), False),
            (("", None, -1), True),
            (("c-2", None, 2), True),
        )
    )
    assert found == COMMITS[state]


@pytest.mark.parametrize(
    ("state", "error", "after"),
    [
        (State.EMPTY, UnknownMemberIdError, State.EMPTY),
        (State.PREPARING_REBALANCE, None, State.COMPLETING_REBALANCE),
        (State.COMPLETING_REBALANCE, None, State.PREPARING_REBALANCE),
        (State.STABLE, None, State.PREPARING_REBALANCE),
        (State.DEAD, CoordinatorNotAvailableError, State.DEAD),
    ],
)
def test_leaving(state: State, error: ERROR, after: State) -> None:
    group = group_in(state)
    assert group.leave([("c-2", None)], 0.0) == [error]
    assert group.state is after


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.PREPARING_REBALANCE, State.COMPLETING_REBALANCE),
        (State.COMPLETING_REBALANCE, State.PREPARING_REBALANCE),
        (State.STABLE, State.PREPARING_REBALANCE),
    ],
)
def test_a_session_that_ends(state: State, after: State) -> None:
    group = group_in(state)
    if state is not State.PREPARING_REBALANCE:
        group.heartbeat("c-1", None, 2, 9.0)
    assert group.next_wakeup() == 10.0
    group.poll(10.0)
    assert list(group.roster.members) == ["c-1"]
    assert group.state is after


@pytest.mark.parametrize("state", State)
def test_nothing_happens_before_its_time(state: State) -> None:
    group = group_in(state)
    wakeup = group.next_wakeup()
    group.poll(9.999)
    assert group.state is state
    assert group.next_wakeup() == wakeup


def test_all_members_that_leave_empty_the_group() -> None:
    group = group_in(State.STABLE)
    assert group.leave([("c-1", None), ("c-2", None)], 0.0) == [None, None]
    assert (group.state, group.generation_id, group.next_wakeup()) == (State.EMPTY, 3, None)


def test_a_member_that_was_promised_an_id_holds_up_a_rebalance() -> None:
    group = group_in(State.STABLE)
    promised = group.join(facts(known=True), 0.0).outcome
    assert promised is not None
    tickets = [group.join(facts(name), 0.0) for name in ("c-1", "c-2")]
    assert [ticket.outcome for ticket in tickets] == [None, None]
    group.join(facts(promised.member_id), 1.0)
    assert all(ticket.outcome for ticket in tickets)
    assert len(group.roster.members) == 3


def test_a_promised_id_that_expires_disturbs_nobody_but_one_that_leaves_does() -> None:
    group = group_in(State.STABLE)
    group.join(facts(known=True, session=5.0), 0.0)
    group.poll(5.0)
    assert group.state is State.STABLE
    promised = group.join(facts(known=True), 5.0).outcome
    assert promised is not None
    assert group.leave([(promised.member_id, None)], 5.0) == [None]
    assert group.state is State.PREPARING_REBALANCE


def test_a_promised_id_is_given_up_in_time() -> None:
    group = group_in(State.STABLE)
    group.join(facts(known=True, session=5.0), 0.0)
    tickets = [group.join(facts(name), 0.0) for name in ("c-1", "c-2")]
    group.poll(5.0)
    assert all(ticket.outcome for ticket in tickets)


def test_a_new_member_that_waits_is_given_up_after_five_minutes() -> None:
    group = group_in(State.STABLE)
    ticket = group.join(facts(rebalance=1000.0), 0.0)
    for second in range(0, 300, 5):
        for name in ("c-1", "c-2"):
            raised(group.heartbeat, name, None, 2, float(second))
        group.poll(float(second))
    assert ticket.outcome is None
    group.poll(NEW_MEMBER_TIMEOUT)
    assert ticket.outcome == JoinOutcome("", UnknownMemberIdError)


def test_a_request_that_was_sent_again_answers_the_first() -> None:
    group = group_in(State.STABLE)
    first = group.join(facts("c-1"), 0.0)
    second = group.join(facts("c-1"), 1.0)
    assert first.outcome == JoinOutcome("c-1", RebalanceInProgressError)
    assert second.outcome is None


def test_the_protocol_most_members_prefer_is_chosen() -> None:
    group = new_group()
    both = (("a", b""), ("b", b""))
    group.join(facts(protocols=both), 0.0)
    group.join(facts(protocols=both[::-1]), 0.0)
    group.join(facts(protocols=both[::-1]), 0.0)
    group.join(facts("c-1", protocols=both), 0.0)
    group.join(facts("c-2", protocols=both[::-1]), 0.0)
    assert (group.state, group.protocol_name) == (State.COMPLETING_REBALANCE, "b")


def test_a_wrong_protocol_is_refused_when_it_is_said() -> None:
    group = group_in(State.COMPLETING_REBALANCE)
    ticket = group.sync("c-1", None, 2, protocol=("consumer", "mine"), assignments={}, now=0.0)
    assert ticket.outcome == SyncOutcome(InconsistentGroupProtocolError)


@pytest.mark.parametrize("state", [State.PREPARING_REBALANCE, State.COMPLETING_REBALANCE])
def test_a_second_holder_of_an_instance_id_fences_the_first_while_it_waits(state: State) -> None:
    group = new_group()
    group.join(facts(instance_id="a"), 0.0)
    first: Ticket[JoinOutcome] | Ticket[SyncOutcome]
    if state is State.COMPLETING_REBALANCE:
        group.join(facts(instance_id="b"), 0.0)
        group.join(facts("a-1", instance_id="a"), 0.0)
        first = group.sync("b-2", "b", 2, protocol=(None, None), assignments={}, now=0.0)
    else:
        first = group.join(facts(instance_id="b"), 0.0)
    assert group.state is state
    group.join(facts(instance_id="b"), 1.0)
    assert first.outcome is not None
    assert first.outcome.error is FencedInstanceIdError


def test_a_static_member_that_does_not_join_again_stays_until_its_session_ends() -> None:
    group = new_group()
    group.join(facts(instance_id="a", session=100.0), 0.0)
    group.join(facts(), 0.0)
    group.join(facts("a-1", instance_id="a", session=100.0), 0.0)
    group.join(facts("c-2", protocols=(("range", b"x"),)), 1.0)
    group.poll(61.0)
    assert group.state is State.COMPLETING_REBALANCE
    assert set(group.roster.members) == {"a-1", "c-2"}
    assert group.roster.leader == "c-2"


def test_the_initial_delay_grows_with_the_members_but_ends() -> None:
    group = new_group(Limits(initial_delay=3.0))
    first = group.join(facts(rebalance=7.0), 0.0)
    group.join(facts(rebalance=7.0), 2.0)
    group.poll(3.0)
    assert (first.outcome, group.next_wakeup()) == (None, 6.0)
    group.join(facts(rebalance=7.0), 5.0)
    group.poll(6.0)
    assert (first.outcome, group.next_wakeup()) == (None, 7.0)
    group.join(facts(rebalance=7.0), 6.5)
    group.poll(7.0)
    assert first.outcome is not None
    assert len(first.outcome.members) == 4
