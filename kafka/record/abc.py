"""What every record has, whatever format it was stored in.

`ABCRecord` is for annotations and `isinstance`: instrumentation libraries name it as the type of
the records they are handed.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence


class ABCRecord(ABC):
    """One record of a partition.  Named tuples join by `ABCRecord.register`."""

    __slots__ = ()

    @property
    @abstractmethod
    def offset(self) -> int:
        """Return its place in the partition."""

    @property
    @abstractmethod
    def timestamp(self) -> int | None:
        """Return milliseconds since the epoch, or None where the format has none (magic 0)."""

    @property
    @abstractmethod
    def timestamp_type(self) -> int | None:
        """Return 0 (CreateTime), 1 (LogAppendTime), or None without timestamp."""

    @property
    @abstractmethod
    def key(self) -> object:
        """Return the key, None if there is none."""

    @property
    @abstractmethod
    def value(self) -> object:
        """Return the value, None for a tombstone."""

    @property
    @abstractmethod
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Return the headers in their order; names may repeat."""
