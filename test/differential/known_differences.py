"""Where the embedded cluster answers otherwise than Apache Kafka, and why it stays so.

Every row is checked: what it names must still differ, and nothing else may.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from test.differential.case import EVERY_RELEASE, Case


class Difference(NamedTuple):
    """A difference that is known.

    Attributes:
        case: name of the case.
        path: of the value, as the comparison writes it; ``*`` stands for anything.
        reason: why it stays.
        releases: of Apache Kafka that show it.
        lowest: first version of the case that shows it.
        highest: last version of the case that shows it.
    """

    case: str
    path: str
    reason: str
    releases: tuple[str, ...] = EVERY_RELEASE
    lowest: int = -1
    highest: int = 32767

    def concerns(self, case: Case) -> bool:
        """Return whether *case* shows it."""
        in_versions = self.lowest <= case.version <= self.highest
        return case.name == self.case and case.release in self.releases and in_versions

    def covers(self, path: str) -> bool:
        """Return whether the value at *path* is the one that differs."""
        # fnmatch reads brackets as sets of characters; paths have them for positions.
        return fnmatchcase(path.replace("[", "<"), self.path.replace("[", "<"))


KNOWN: tuple[Difference, ...] = ()
