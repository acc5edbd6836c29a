"""Keep the classes that Java programs have loaded for those who run them later.

Job: one archive for each directory of jars (class data sharing). The first broker, or console
consumer, that ends in order on a machine leaves it; all programs of these jars map it from then on,
and start in half the time or less.
Limits: the class path must consist of jars. What does not fit, because another Java made it or the
jars are others, is not used by the JVM, which says nothing then.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# They load most of what any program of their jars loads.
_MAKERS = ("kafka.Kafka", "org.apache.kafka.tools.consumer.ConsoleConsumer")
# By itself, and by SIGTERM as Java has it.
_IN_ORDER = (0, 143)


class SharedClasses:
    """The archive as one run sees it.

    Args:
        jars: directory of the jars that form the class path.
        program: its class.
    """

    def __init__(self, jars: Path, program: str) -> None:
        self._archive = jars.parent / "classes.jsa"
        # What this run writes has another name until it is whole: others may write theirs, too.
        self._own = self._archive.with_suffix(f".{uuid.uuid4().hex}")
        self._is_there = self._archive.exists()
        self.is_made = not self._is_there and program in _MAKERS

    def options(self) -> list[str]:
        """Return the options of the JVM: to map the archive, or to make it at the end."""
        if self._is_there:
            return [f"-XX:SharedArchiveFile={self._archive}"]
        return [f"-XX:ArchiveClassesAtExit={self._own}"] if self.is_made else []

    def keep(self, returncode: int | None) -> None:
        """Leave to later runs what this one has written, if it has ended in order."""
        if self._own.exists() and returncode in _IN_ORDER:
            self._own.replace(self._archive)
        self._own.unlink(missing_ok=True)
