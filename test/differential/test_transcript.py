"""What the comparison sees, and what it must not see."""

from __future__ import annotations

from uuid import UUID

from kafka.protocol.messages.metadata import MetadataResponse
from test.differential.transcript import Scribe, differences

Topic = MetadataResponse.MetadataResponseTopic


def written(*topics: Topic, first_node: int = 0, port: int = 1) -> dict[str, object]:
    """Return how an answer of Metadata 12 is written down."""
    broker = MetadataResponse.MetadataResponseBroker(node_id=first_node, host="h", port=port)
    response = MetadataResponse(brokers=[broker], controller_id=first_node, topics=topics)
    return Scribe(first_node).message(response, 12)


def test_ids_nodes_and_ports_do_not_differ() -> None:
    mine = written(Topic(name="t", topic_id=UUID(int=5)), first_node=1, port=9)
    other = written(Topic(name="t", topic_id=UUID(int=6)), first_node=0, port=8)
    assert differences(mine, other) == []


def test_the_order_of_topics_does_not_differ() -> None:
    a, b = Topic(name="a", topic_id=UUID(int=5)), Topic(name="b", topic_id=UUID(int=6))
    assert differences(written(a, b), written(b, a)) == []


def test_an_id_that_is_missing_differs() -> None:
    found = differences(written(Topic(name="t", topic_id=UUID(int=5))), written(Topic(name="t")))
    assert [path for path, _ in found] == [".topics[0].topic_id"]


def test_an_error_code_differs() -> None:
    found = differences(written(Topic(name="t", error_code=3)), written(Topic(name="t")))
    assert found == [(".topics[0].error_code", "real 3, embedded 0")]


def test_a_topic_that_only_one_has_is_told() -> None:
    ((path, how),) = differences(
        written(Topic(name="t"), Topic(name="u")), written(Topic(name="t"))
    )
    assert path == ".topics"
    assert "'u'" in how


def test_a_field_the_version_does_not_carry_is_not_compared() -> None:
    assert "error_code" not in written()
