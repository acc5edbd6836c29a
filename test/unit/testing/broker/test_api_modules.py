"""APIs with a module: what is advertised can be decoded and has its handler."""

from __future__ import annotations

import pytest

from kafka.testing.broker.api_modules import api_table, handler_of, implemented
from kafka.testing.broker.versions import RELEASES
from kafka.testing.broker.wire import request_type

MINE = {
    "api_versions",
    "create_partitions",
    "create_topics",
    "delete_records",
    "delete_topics",
    "describe_cluster",
    "fetch",
    "init_producer_id",
    "list_offsets",
    "metadata",
    "offset_for_leader_epoch",
    "produce",
}


def test_the_core_apis_have_modules() -> None:
    assert implemented() >= MINE


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_every_advertised_version_can_be_decoded(release: object) -> None:
    for api in api_table(release).values():  # type: ignore[arg-type] # a Release
        versions = request_type(api.key).VERSIONS
        # Produce is advertised from 0 for librdkafka's sake (KAFKA-18659).
        assert api.min_version in versions, api
        assert api.max_version in versions, api


@pytest.mark.parametrize("name", sorted(MINE))
def test_every_module_handles_the_api_it_is_named_after(name: str) -> None:
    api = next(api for api in api_table(RELEASES["4.4"]).values() if api.name == name)
    assert handler_of(api).request_type is request_type(api.key)
