"""Records as columns of Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from kafka.consumer.record_batch import RecordBatch
from test.unit.consumer.test_record_batch import TP, part

pytest.importorskip("pyarrow", reason="exports to Arrow need pyarrow")


def test_arrow_gets_the_columns() -> None:
    exported = RecordBatch(TP, part(2)).to_arrow()
    stamp = datetime.fromtimestamp(1, UTC)
    assert exported.to_pydict() == {
        "offset": [5, 6],
        "timestamp": [stamp, stamp.replace(microsecond=1000)],
        "key": [None, None],
        "value": [b"v0", b"v1"],
    }


@pytest.mark.parametrize("values", [[b"a", None, b""], [None, b"a", b"b"], [b"", b"", b"a"]])
@pytest.mark.parametrize("offsets", [range(5, 8), [5, 7, 2**40]])
@pytest.mark.parametrize(
    "timestamps", [range(1, 4), [1, 2, 1], [7, 7, 7], [-(2**63), 0, 2**63 - 1]]
)
def test_arrow_gets_what_is_missing_and_what_is_empty(
    values: list[bytes | None], offsets: Sequence[int], timestamps: Sequence[int]
) -> None:
    given = part(3)._replace(values=values, offsets=offsets, timestamps=timestamps)
    exported = RecordBatch(TP, given).to_arrow()
    exported.validate(full=True)
    assert exported.column("value").to_pylist() == values
    assert exported.column("offset").to_pylist() == list(offsets)
    assert [stamp.value for stamp in exported.column("timestamp")] == list(timestamps)


def test_arrow_gets_the_columns_of_no_record() -> None:
    exported = RecordBatch(TP, part(0)).to_arrow()
    assert exported.num_rows == 0
    assert [str(field.type) for field in exported.schema] == [
        "int64",
        "timestamp[ms, tz=UTC]",
        "binary",
        "binary",
    ]


def test_arrow_gets_deserialized_values_with_a_type_of_their_own() -> None:
    exported = RecordBatch(TP, part(2), None, [1, 2]).to_arrow()
    assert str(exported.schema.field("value").type) == "int64"
