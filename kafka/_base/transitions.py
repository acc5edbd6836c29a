"""State machines as tables.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

S = TypeVar("S", bound=Enum)


class IllegalTransitionError(AssertionError):
    """A machine was told to make a move its table does not have: a mistake in this package."""


class Transitions(Generic[S]):
    """The allowed moves of one machine: ``{state: {next states}}``, a row for every state.

    Attributes:
        names: the same by the names of the states.
    """

    def __init__(self, moves: Mapping[S, Iterable[S]]) -> None:
        # By name: `Enum.__hash__` is Python code, several times slower than the hash of a string.
        self.names: Final = {
            state._name_: frozenset(target._name_ for target in targets)
            for state, targets in moves.items()
        }
        states = type(next(iter(moves)))
        missing = [state.name for state in states if state.name not in self.names]
        if missing:
            raise TypeError(
                f"no row for {', '.join(missing)} in the transitions of {states.__name__}"
            )

    def allows(self, current: S, new: S) -> bool:
        """Return whether *current* may move to *new*."""
        return new._name_ in self.names[current._name_]

    def step(self, current: S, new: S) -> S:
        """Return *new*; raise `IllegalTransitionError` if the table has no such move."""
        if new._name_ not in self.names[current._name_]:
            raise IllegalTransitionError(f"{type(new).__name__}: {current.name} -> {new.name}")
        return new
