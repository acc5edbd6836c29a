"""How many arguments a user's callable wants: found out once, by its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

UNLIMITED = 1 << 30


class Arity(NamedTuple):
    """The positional arguments a callable takes; `most` is `UNLIMITED` for ``*args``."""

    least: int
    most: int

    def accepts(self, count: int) -> bool:
        """Return whether a call with *count* positional arguments fits."""
        return self.least <= count <= self.most


def arity_of(function: Callable[..., object]) -> Arity:
    """Return how many positional arguments *function* takes.

    A callable without a readable signature (some are written in C) counts as taking any number.
    """
    import inspect  # noqa: PLC0415 - slow to import, and only for users' own classes

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return Arity(0, UNLIMITED)
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    least = sum(p.default is p.empty for p in plain)
    unlimited = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return Arity(least, UNLIMITED if unlimited else len(plain))
