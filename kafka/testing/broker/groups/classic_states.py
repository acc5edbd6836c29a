"""The states of a classic group and the moves between them.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from kafka._base.transitions import Transitions


class State(Enum):
    """The states, by the names ListGroups and DescribeGroups give them."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


TRANSITIONS = Transitions(
    {
        State.EMPTY: (State.PREPARING_REBALANCE, State.DEAD),
        State.PREPARING_REBALANCE: (State.EMPTY, State.COMPLETING_REBALANCE, State.DEAD),
        State.COMPLETING_REBALANCE: (State.PREPARING_REBALANCE, State.STABLE, State.DEAD),
        State.STABLE: (State.PREPARING_REBALANCE, State.DEAD),
        State.DEAD: (),
    }
)


class Limits(NamedTuple):
    """The limits of classic groups, from the configs.

    Attributes:
        initial_delay: seconds an empty group waits for more members than the first.
        max_size: most members.
    """

    initial_delay: float = 0.0
    max_size: int = (1 << 31) - 1
