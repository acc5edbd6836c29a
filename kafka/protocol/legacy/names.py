"""What kafka-python 2.x calls the fields of a message: the table, read.  Pure."""

from __future__ import annotations

from functools import cache
from typing import Final

from kafka.protocol.legacy.table import RENAMED, rows

_BARE: Final = "*"
_LAST: Final = 2**15
_rows = cache(rows)


class Names:
    """The names in one version of a message.

    Args:
        message: its row in the table, if it has one: Kafka's name.
        version: which.
    """

    def __init__(self, message: str, version: int) -> None:
        self._rows = {
            path: [name for name, versions in found if version in versions]
            for path, found in _table(message).items()
        }

    def of(self, path: str) -> str:
        """Return the name in 2.3 of the field at *path*, which has Kafka's names with dots."""
        names = self._rows.get(path)
        return names[0] if names else path.rpartition(".")[2]

    def others(self, path: str) -> list[str]:
        """Return the other names of the field at *path*: Kafka's, and those of 2.0."""
        names = [*self._rows.get(path, []), path.rpartition(".")[2]]
        return names[1:] if names[0] != names[-1] else names[1:-1]

    def nested(self, path: str) -> str | None:
        """Return the name of the structure that holds all but the first field at *path*."""
        return next(iter(self._rows.get(f"{path}+", ())), None)

    def is_bare(self, path: str) -> bool:
        """Return whether the structures at *path* are their only field, without a tuple around."""
        return _BARE in self._rows.get(f"{path}.", ())


def row_of(message: str, module: str) -> str:
    """Return the row of *message* in the table; few of kafka-python's modules have their own."""
    own = f"{module.rpartition('.')[2]}.{message}"
    return own if own in _rows(RENAMED) else message


@cache
def _table(message: str) -> dict[str, list[tuple[str, range]]]:
    """Return the names by path, each with its versions; the first one is that of 2.3."""
    found: dict[str, list[tuple[str, range]]] = {}
    for word in _rows(RENAMED).get(message, ()):
        path, _, names = word.partition("=")
        path, _, versions = path.partition("@")
        span = _span(versions)
        found.setdefault(path, []).extend((name, span) for name in names.split(","))
    return found


def _span(text: str) -> range:
    """Return the versions that ``3``, ``3-5`` or ``3-`` says; all if it says nothing."""
    low, dash, high = text.partition("-")
    stop = int(high or _LAST) if dash or not text else int(low)
    return range(int(low or 0), stop + 1)
