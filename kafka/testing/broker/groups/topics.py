"""Topics as the requests about offsets name them: by name, or by id.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    TopicAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.schema import ZERO_UUID
from kafka.testing.broker.authorizer import ResourceType

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.authorizer import Operation
    from kafka.testing.broker.cluster import Topic
    from kafka.testing.broker.context import RequestContext


def name_of(context: RequestContext, name: str, topic_id: UUID, *, by_id: bool) -> str:
    """Return the name of a topic in a request.

    Raises:
        UnknownTopicIdError: the request names topics by id, and no topic has this one.
    """
    if not by_id:
        return name
    topic = context.cluster.topics_by_id.get(topic_id)
    if topic is None or topic_id == ZERO_UUID:
        raise UnknownTopicIdError(f"no topic has the id {topic_id}")
    return topic.name


def check_allowed(context: RequestContext, operation: Operation, name: str) -> None:
    """Check that the client may use a topic.

    Raises:
        TopicAuthorizationFailedError: it may not.
    """
    if not context.allows(operation, ResourceType.TOPIC, name):
        raise TopicAuthorizationFailedError


def existing_topic(context: RequestContext, name: str) -> Topic:
    """Return a topic.

    Raises:
        UnknownTopicOrPartitionError: there is no topic of that name.
    """
    topic = context.cluster.topics.get(name)
    if topic is None:
        raise UnknownTopicOrPartitionError(f"there is no topic {name!r}")
    return topic
