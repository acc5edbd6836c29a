"""What an error says about the record that failed with it.  Pure."""

from __future__ import annotations

from kafka.errors import KafkaError
from test.simulation.producers.oracle import Fate


def fate_after(error: BaseException) -> Fate:
    """Return what a user must think of a record that failed with *error*."""
    if not isinstance(error, KafkaError):
        raise error
    return Fate.UNKNOWN if error.may_be_written else Fate.ABSENT
