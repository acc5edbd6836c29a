"""What stands in for keys and values that a deserializer rejects."""

from __future__ import annotations

import copy
import pickle

from kafka.errors import RecordDeserializationError
from kafka.serializer import SKIP_RECORD, UndecodedBytes


def test_undecoded_bytes_are_bytes_with_an_error() -> None:
    error = RecordDeserializationError("why")
    made = UndecodedBytes(b"data", error)
    assert (made, made.error, isinstance(made, bytes)) == (b"data", error, True)
    assert (UndecodedBytes(), UndecodedBytes().error) == (b"", None)


def test_undecoded_bytes_travel_with_their_error() -> None:
    made = UndecodedBytes(b"data", RecordDeserializationError("why"))
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert (type(again), again, str(again.error)) == (UndecodedBytes, made, str(made.error))


def test_word_for_skipping_stays_the_same_object() -> None:
    assert pickle.loads(pickle.dumps(SKIP_RECORD)) is SKIP_RECORD
