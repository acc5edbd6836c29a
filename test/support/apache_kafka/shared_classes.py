"""Keep the classes that a Java program has loaded for those who run it later.

Job: one archive for each program (class data sharing), beside its jars. The first run of it on a
machine that ends in order leaves it; later ones map it, and start in less than half the time.
Limits: the class path must consist of jars. What does not fit, because another Java made it or the
jars are others, is not used by the JVM, which says nothing then.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# By itself, and by SIGTERM as Java has it.
_IN_ORDER = (0, 143)


class SharedClasses:
    """The archive of one program.

    Args:
        jars: directory of the jars that form the class path.
        program: its class.
    """

    def __init__(self, jars: Path, program: str) -> None:
        self._archive = jars.parent / f"{program}.jsa"
        # Of this run; by another name, as others may be running, too.
        self._own = self._archive.with_suffix(f".{uuid.uuid4().hex}")
        self.are_there = self._archive.exists()

    def options(self) -> list[str]:
        """Return the options of the JVM: to map the archive, or to make it at the end."""
        if self.are_there:
            return [f"-XX:SharedArchiveFile={self._archive}"]
        return [f"-XX:ArchiveClassesAtExit={self._own}"]

    def keep(self, returncode: int | None) -> None:
        """Leave to later runs what this one has written, if it has ended in order."""
        if self._own.exists() and returncode in _IN_ORDER:
            self._own.replace(self._archive)
        self._own.unlink(missing_ok=True)
