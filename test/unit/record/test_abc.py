"""The abstract record."""

import pytest

from kafka.record.abc import ABCRecord


def test_a_record_without_its_fields_cannot_be_made():
    class Half(ABCRecord):
        offset = 1

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_a_class_with_every_field_is_a_record():
    class Whole(ABCRecord):
        offset, timestamp, timestamp_type, key, value, headers = 1, 2, 0, b"k", b"v", []

    assert Whole().offset == 1
