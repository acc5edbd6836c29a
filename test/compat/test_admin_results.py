"""What the admin client returns, method by method, as kafka-python 3.0.12 returns it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka.testing import EmbeddedCluster
from test.compat import admin_calls
from test.compat.facts import FACTS

CONFIG = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
}
# Any: JSON.
EXPECTED: dict[str, object] = json.loads(
    Path(__file__).with_name("admin_results_3_0_12.json").read_text(encoding="utf-8")
)
#: Every row here is a row of docs/compat.rst.
DIFFERENT = {
    "api_versions",
    # 3.0.12 has None for an empty list.
    "describe_topic_partitions",
    # The text of an error names the key and the node.
    "create_topics again",
    "delete_topics again",
    "describe_groups missing",
}


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, object]]:
    with EmbeddedCluster(3, config=CONFIG) as cluster:
        yield admin_calls.run(cluster.bootstrap_servers)


def test_every_method_is_called() -> None:
    public = {name for name in FACTS["methods"]["KafkaAdminClient"] if not name.startswith("_")}
    assert {name.split()[0] for name in EXPECTED} == public


@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - DIFFERENT))
def test_result_is_the_same(found: dict[str, object], name: str) -> None:
    assert json.loads(json.dumps(found[name])) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_documented_difference_is_still_one(found: dict[str, object], name: str) -> None:
    assert json.loads(json.dumps(found[name])) != EXPECTED[name]
