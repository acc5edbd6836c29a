"""Topics as requests about offsets name them."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    TopicAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.context import RequestContext
from kafka.testing.broker.groups.topics import check_allowed, existing_topic, name_of
from test.support.cluster_state import new_cluster, new_context
from test.support.denies import Denies


@pytest.fixture
def context() -> RequestContext:
    cluster = new_cluster(1)
    cluster.create_topic("t")
    return new_context(cluster)


def test_a_request_by_name_is_taken_at_its_word(context: RequestContext) -> None:
    assert name_of(context, "whatever", UUID(int=9), by_id=False) == "whatever"


def test_a_request_by_id_gets_the_name_of_the_topic(context: RequestContext) -> None:
    topic_id = context.cluster.topics["t"].topic_id
    assert name_of(context, "", topic_id, by_id=True) == "t"


@pytest.mark.parametrize("topic_id", [UUID(int=9), UUID(int=0)])
def test_an_id_that_no_topic_has_is_unknown(context: RequestContext, topic_id: UUID) -> None:
    with pytest.raises(UnknownTopicIdError, match=f"no topic has the id {topic_id}"):
        name_of(context, "t", topic_id, by_id=True)


def test_a_topic_of_the_same_name_has_another_id(context: RequestContext) -> None:
    topic = context.cluster.topics["t"]
    context.cluster.delete_topic(topic)
    context.cluster.create_topic("t")
    with pytest.raises(UnknownTopicIdError):
        name_of(context, "t", topic.topic_id, by_id=True)


def test_a_client_needs_a_right_to_the_topic(context: RequestContext) -> None:
    check_allowed(context, Operation.READ, "t")
    context.cluster.authorizer = Denies((Operation.READ, ResourceType.TOPIC))
    check_allowed(context, Operation.DESCRIBE, "t")
    with pytest.raises(TopicAuthorizationFailedError):
        check_allowed(context, Operation.READ, "t")


def test_a_topic_is_found_by_its_name(context: RequestContext) -> None:
    assert existing_topic(context, "t") is context.cluster.topics["t"]
    with pytest.raises(UnknownTopicOrPartitionError, match="there is no topic 'u'"):
        existing_topic(context, "u")
