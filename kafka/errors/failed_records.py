"""What `kafka.errors.UndeliveredRecordsError` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kafka.errors._base import KafkaError


class FailedRecords(NamedTuple):
    """Records of one partition that were not delivered.

    Args:
        topic: where they were to go.
        partition: the same; -1 if it was not known yet.
        records: how many there are.
        may_be_written: whether they may be in the log all the same: their answer was lost.
        cause: why the first of them failed.
    """

    topic: str
    partition: int
    records: int
    may_be_written: bool
    cause: KafkaError

    def __str__(self) -> str:
        """Return all of it in words."""
        place = self.topic if self.partition < 0 else f"{self.topic}-{self.partition}"
        state = "may be written" if self.may_be_written else "not written"
        return f"{place}: {self.records} records ({state}; {self.cause})"
