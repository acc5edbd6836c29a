"""Which connections a broker serves: ``max.connections`` and ``max.connections.per.ip``.  Pure.

A connection above the limit of its address is cut; one above the limit of the broker waits, without
an answer, until another ends. Apache Kafka does the same.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C")


class Verdict(Enum):
    """What happens to a new connection."""

    SERVE = auto()
    WAIT = auto()
    CUT = auto()


class Room(Generic[C]):
    """The connections of one broker that are served, and those that wait.

    Args:
        setting: returns a broker config that is a number.
    """

    def __init__(self, setting: Callable[[str], int]) -> None:
        self._setting = setting
        self._served: dict[C, str] = {}
        self._waiting: dict[C, str] = {}

    def enter(self, connection: C, host: str) -> Verdict:
        """Decide about a new connection from *host*."""
        hosts = [*self._served.values(), *self._waiting.values()]
        if hosts.count(host) >= self._setting("max.connections.per.ip"):
            return Verdict.CUT
        if len(self._served) >= self._setting("max.connections"):
            self._waiting[connection] = host
            return Verdict.WAIT
        self._served[connection] = host
        return Verdict.SERVE

    def leave(self, connection: C) -> list[C]:
        """Forget a connection that has ended; return those that are served in its place."""
        self._waiting.pop(connection, None)
        self._served.pop(connection, None)
        limit = self._setting("max.connections")
        let_in = []
        while self._waiting and len(self._served) < limit:
            following = next(iter(self._waiting))
            self._served[following] = self._waiting.pop(following)
            let_in.append(following)
        return let_in
