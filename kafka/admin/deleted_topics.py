"""The topics that a client has deleted lately: a broker may say for a while that they exist.  Pure.

Before KRaft a topic went away step by step after the request to delete it had been answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

# Seconds after which a deleted topic that still exists was made again by somebody else.
_MEMORY: Final = 300.0
# So many topics are remembered.
_MOST: Final = 10_000


class DeletedTopics:
    """Remember names and ids."""

    def __init__(self) -> None:
        self._deleted: dict[str, tuple[UUID, float]] = {}

    def note(self, name: str, topic_id: UUID, now: float) -> None:
        """Note that a topic was deleted; its id is zero if brokers have none (KIP-516)."""
        self._deleted.pop(name, None)
        self._deleted[name] = (topic_id, now)
        if len(self._deleted) > _MOST:
            del self._deleted[next(iter(self._deleted))]

    def forget(self, names: Iterable[str]) -> None:
        """Note that topics of these names exist again."""
        for name in names:
            self._deleted.pop(name, None)

    def id_of(self, name: str, now: float) -> UUID | None:
        """Return the id of the topic of this name that was deleted lately, else ``None``."""
        topic_id, at = self._deleted.get(name, (None, now))
        return topic_id if now - at <= _MEMORY else None
