"""Features name versions of APIs that there are."""

from __future__ import annotations

import pytest

from kafka.protocol.features import OFFSETS_FOR_TIMES, READ_COMMITTED, ZSTD, Feature
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.schema import Request


@pytest.mark.parametrize(
    ("feature", "request_type", "version"),
    [
        (OFFSETS_FOR_TIMES, ListOffsetsRequest, 1),
        (READ_COMMITTED, FetchRequest, 4),
        (ZSTD, ProduceRequest, 7),
    ],
)
def test_a_feature_names_the_first_version_of_the_api_that_carries_it(
    feature: Feature, request_type: type[Request], version: int
) -> None:
    assert (feature.api_key, feature.api) == (request_type.API_KEY, request_type.NAME)
    assert feature.version == version
    assert version in request_type.VERSIONS


def test_a_version_before_read_committed_has_no_field_for_it() -> None:
    (field,) = (field for field in FetchRequest.FIELDS if field.name == "isolation_level")
    assert field.since == READ_COMMITTED.version
