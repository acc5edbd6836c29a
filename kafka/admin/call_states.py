"""The states of one key of a call, and the moves between them.  Pure."""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from kafka._base.transitions import Transitions


@unique
class KeyState(Enum):
    """Where one key of a call is."""

    UNPLACED = "unplaced"
    """Which node to ask about it is not known, or no longer."""
    SOUGHT = "sought"
    """A look-up of the node is in flight."""
    PLACED = "placed"
    """The node is known; the request goes out when the back-off is over."""
    IN_FLIGHT = "in flight"
    """A request about it is in flight."""
    DONE = "done"
    """It has its result or its error."""


KEY_MOVES: Final = Transitions(
    {
        KeyState.UNPLACED: (KeyState.SOUGHT, KeyState.DONE),
        KeyState.SOUGHT: (KeyState.PLACED, KeyState.UNPLACED, KeyState.DONE),
        KeyState.PLACED: (KeyState.IN_FLIGHT, KeyState.UNPLACED, KeyState.DONE),
        KeyState.IN_FLIGHT: (KeyState.PLACED, KeyState.UNPLACED, KeyState.DONE),
        KeyState.DONE: (),
    }
)
