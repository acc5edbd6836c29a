"""Which brokers there are."""

from __future__ import annotations

from kafka.admin.operation import Answer
from kafka.admin.operations.brokers import ListBrokers
from test.unit.admin.calls import metadata


def test_brokers_are_asked_for_without_topics() -> None:
    assert ListBrokers().build(["cluster"], 1000).topics == []
    found = ListBrokers().read(Answer(metadata(nodes=(0, 2)), 0), ["cluster"])
    assert found == {"cluster": (0, 2)}
