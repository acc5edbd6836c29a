"""Every state of a classic member meets every event, and recovers from it."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from kafka.coordinator.assignors.strategy import RebalanceProtocol
from kafka.coordinator.membership import (
    CommitConsumed,
    LeaveMode,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    InvalidGroupIdError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownError,
    UnknownMemberIdError,
)
from test.unit.coordinator.classic_bench import (
    A0,
    A1,
    COOPERATIVE,
    EAGER,
    REBALANCE_TIMEOUT,
    SESSION_TIMEOUT,
    Strategy,
)
from test.unit.coordinator.classic_world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.errors import KafkaError


EAGER_ONLY, COOPERATIVE_TOO = RebalanceProtocol.EAGER, RebalanceProtocol.COOPERATIVE


# -- states ----------------------------------------------------------------------------------


def world(state: str, *strategies: Strategy, instance_id: str | None = None) -> World:
    """Return a member that is in *state*."""
    made = World(*strategies, instance_id=instance_id)
    made.subscribe("a")
    if state == "unjoined":
        return made
    made.user_poll()
    if state == "coordinator unknown":
        return made
    made.answer_well()
    if state == "joining":
        return made
    made.answer_well()
    if state == "syncing":
        return made
    made.recover()
    later: dict[str, Callable[[], object]] = {
        "stable": lambda: None,
        "settling": lambda: give_up(made),
        "committing": lambda: (give_up(made), made.run_one()),
        "revoking": lambda: (give_up(made), made.run_one(), made.committed()),
        "losing": lambda: drop(made),
        "leaving": made.leave,
        "left": lambda: (made.leave(), made.recover()),
        "fatal": lambda: made.coordinator(None, InvalidGroupIdError()),
        "away": lambda: made.wait(REBALANCE_TIMEOUT),
    }
    later[state]()
    return made


def give_up(made: World) -> None:
    """Have the member revoke a partition, with either protocol."""
    made.given = (A0,)
    made.membership.on_rejoin("test", made.now)
    made.poll()
    while made.asked and not made.tasks:
        made.answer_well()


def drop(made: World) -> None:
    made.wait(3.0)
    sent = made.asked.pop()
    made.membership.on_response(sent, UnknownMemberIdError(), made.now)
    made.poll()


STATES: Final = [
    "unjoined",
    "coordinator unknown",
    "joining",
    "syncing",
    "stable",
    "settling",
    "committing",
    "revoking",
    "losing",
    "leaving",
    "left",
    "fatal",
    "away",
]

# -- events ----------------------------------------------------------------------------------

ERRORS: Final[list[KafkaError]] = [
    RebalanceInProgressError(),
    CoordinatorLoadInProgressError(),
    UnknownError(),
    CoordinatorNotAvailableError(),
    NotCoordinatorError(),
    IllegalGenerationError(),
    UnknownMemberIdError(),
    KafkaConnectionError("gone"),
    KafkaTimeoutError("silent"),
]
FINAL_ERRORS: Final[list[KafkaError]] = [
    FencedInstanceIdError(),
    GroupAuthorizationFailedError(),
]


def answers(error: KafkaError) -> Callable[[World], object]:
    """Return an event: each request that waits is answered with *error*."""

    def event(made: World) -> None:
        asked, made.asked = made.asked, []
        for sent in asked:
            made.membership.on_response(sent, error, made.now)
        made.poll()

    return event


def heartbeats(error: KafkaError) -> Callable[[World], object]:
    """Return an event: the next heartbeat is answered with *error*."""

    def event(made: World) -> None:
        made.wait(3.0)
        answers(error)(made)

    return event


def fail_task(made: World) -> None:
    made.begin_one()
    made.end_one(ValueError("of the listener"))


def fail_commits(made: World) -> None:
    commits: list[CommitConsumed] = list(made.commits)
    for _ in commits:
        made.committed(KafkaTimeoutError("no"))


EVENTS: Final[dict[str, Callable[[World], object]]] = {
    "poll": World.user_poll,
    "good answer": World.answer_well,
    "subscribe to more": lambda made: made.change("a", "b"),
    "subscribe to other topics": lambda made: made.change("b"),
    "subscribe to a pattern": World.change_to_pattern,
    "unsubscribe": World.unsubscribe,
    "metadata": lambda made: made.metadata({"a": 2, "b": 1}, lists_all=True),
    "topic grows": lambda made: made.metadata({"a": 3, "b": 1}, lists_all=True),
    "topic vanishes": lambda made: made.metadata({"b": 1}, lists_all=True),
    "rejoin": lambda made: (made.membership.on_rejoin("test", made.now), made.poll()),
    "interrupted": lambda made: (made.membership.on_interrupted(made.now), made.poll()),
    "leave": World.leave,
    "remain": lambda made: made.leave(LeaveMode.REMAIN),
    "coordinator lost": lambda made: made.coordinator(None),
    "coordinator moved": lambda made: made.coordinator(2),
    "task begins": World.begin_one,
    "late answers": World.answer_late,
    "listener raises": fail_task,
    "commit fails": fail_commits,
    "session over": lambda made: made.wait(SESSION_TIMEOUT),
    "application away": lambda made: made.wait(REBALANCE_TIMEOUT + 1.0),
    **{f"answer {type(error).__name__}": answers(error) for error in ERRORS},
    **{f"heartbeat {type(error).__name__}": heartbeats(error) for error in ERRORS},
}
FINAL_EVENTS: Final[dict[str, Callable[[World], object]]] = {
    **{f"answer {type(error).__name__}": answers(error) for error in FINAL_ERRORS},
    **{f"heartbeat {type(error).__name__}": heartbeats(error) for error in FINAL_ERRORS},
    "no coordinator": lambda made: made.coordinator(None, GroupAuthorizationFailedError()),
}


def heal(made: World) -> None:
    """Subscribe again, and let all go well."""
    made.recover()
    made.wait(1.0)  # of a refusal there is a back-off
    made.given = (A0, A1)
    made.change("a")
    made.metadata({"a": 2, "b": 1}, lists_all=True)
    made.membership.on_rejoin("test", made.now)
    made.recover()
    assert made.state == "stable"
    assert made.subscriptions.assignment.partitions == {A0, A1}
    assert made.withheld == set()


@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE], ids=["eager", "cooperative"])
@pytest.mark.parametrize(("state", "event"), [*product(STATES, [*EVENTS, *FINAL_EVENTS])])
def test_member_recovers_from_every_event_in_every_state(
    strategy: Strategy, state: str, event: str
) -> None:
    made = world(state, strategy, instance_id="static" if event in FINAL_EVENTS else None)
    left = made.left
    (EVENTS | FINAL_EVENTS)[event](made)
    made.recover()
    if event in {"leave", "remain", "unsubscribe"} and state not in {"unjoined", "left"}:
        assert made.left > left
        assert made.subscriptions.assignment.partitions == frozenset()
    heal(made)


@pytest.mark.parametrize("runs_user_code", [False, True])
@pytest.mark.parametrize("protocols", [[EAGER_ONLY], [EAGER_ONLY, COOPERATIVE_TOO]])
@pytest.mark.parametrize("seed", range(12))
def test_member_recovers_from_whatever_comes(
    protocols: list[RebalanceProtocol], seed: int, runs_user_code: bool
) -> None:
    choice = random.Random(seed)
    made = World(Strategy("any", *protocols, runs_user_code=runs_user_code))
    made.subscribe("a")
    made.user_poll()
    usual = [World.answer_well, World.answer_well, World.run_one, World.user_poll]
    unusual = [EVENTS[name] for name in sorted(EVENTS)]
    for _ in range(200):
        event = choice.choice(usual if choice.random() < 0.7 else unusual)
        made.given = (A0, A1)[: choice.randrange(3)]
        made.leads = choice.random() < 0.3
        event(made)
    heal(made)
