"""Enums of the admin client that also take the names and the text of their members.  Pure."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TypeVar

E = TypeVar("E", bound=Enum)


def member_of(kind: type[E], given: object, argument: str) -> E:
    """Return the member of *kind* that a user means.

    Args:
        kind: the enum.
        given: a member, its value, or its name in any case.
        argument: what it is called, for the error.

    Raises:
        ValueError: it is none; the message lists those that there are.
        TypeError: it cannot be one.
    """
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        wanted = given.replace("-", "_").upper()
        found = kind.__members__.get(wanted)
        if found is not None:
            return found
    elif isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{argument} must be a {kind.__name__}, not {type(given).__name__}")
    for member in kind:
        if member.value == given:
            return member
    names = ", ".join(kind.__members__)
    raise ValueError(f"{argument}={given!r} is none of {names}")


class LenientIntEnum(IntEnum):
    """Numbers of the protocol; one that this release does not know counts as ``UNKNOWN``.

    Brokers get new ones now and then, and an answer that has one must not be lost for it.
    """

    @classmethod
    def _missing_(cls, value: object) -> LenientIntEnum | None:
        return cls.__members__.get("UNKNOWN") if isinstance(value, int) else None
