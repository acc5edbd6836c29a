"""DeleteTopics (20).

- By name; from v6 on by name or topic id. Both or neither is INVALID_REQUEST.
- Unknown names are UNKNOWN_TOPIC_OR_PARTITION, unknown ids UNKNOWN_TOPIC_ID.
- delete.topic.enable=false answers TOPIC_DELETION_DISABLED (INVALID_REQUEST before v3).
- A broker of a ZooKeeper cluster that is not the controller answers NOT_CONTROLLER.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    NotControllerError,
    TopicAuthorizationFailedError,
    TopicDeletionDisabledError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Topic
    from kafka.testing.broker.context import RequestContext

State = DeleteTopicsRequest.DeleteTopicState
Result = DeleteTopicsResponse.DeletableTopicResult


def names_topics_by_state(version: int) -> bool:
    """Return whether topics come as name or id instead of as names."""
    return version >= 6


def knows_deletion_disabled(version: int) -> bool:
    """Return whether the client knows TOPIC_DELETION_DISABLED."""
    return version >= 3


@handles(DeleteTopicsRequest, by_topic=True)
async def delete_topics(
    context: RequestContext, request: DeleteTopicsRequest
) -> DeleteTopicsResponse:
    """Delete each topic that can be deleted."""
    wanted = request.topics
    if not names_topics_by_state(context.api_version):
        wanted = [State(name=name) for name in request.topic_names]
    times = Counter((state.name, state.topic_id) for state in wanted)
    response = DeleteTopicsResponse()
    for name, topic_id in times:
        state = State(name=name, topic_id=topic_id)
        result = _result(context, state, is_duplicate=times[name, topic_id] > 1)
        response.responses.append(result)
    return response


def _result(context: RequestContext, state: State, *, is_duplicate: bool) -> Result:
    try:
        _check(context, state, is_duplicate=is_duplicate)
        topic = _find(context, state)
        _authorize(context, state, topic)
    except BrokerResponseError as error:
        return Result(
            name=state.name,
            topic_id=state.topic_id,
            error_code=error.errno,
            error_message=", ".join(map(str, error.args)) or error.description,
        )
    context.cluster.delete_topic(topic)
    return Result(name=topic.name, topic_id=topic.topic_id)


def _check(context: RequestContext, state: State, *, is_duplicate: bool) -> None:
    cluster = context.cluster
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    if not cluster.flag("delete.topic.enable"):
        if knows_deletion_disabled(context.api_version):
            raise TopicDeletionDisabledError("Topic deletion is disabled.")
        raise InvalidRequestError("Topic deletion is disabled.")
    if is_duplicate:
        raise InvalidRequestError("Duplicate topic name or id.")
    if (state.name is None) == (state.topic_id == ZERO_UUID):
        raise InvalidRequestError("Topic name and topic id must be given one without the other.")


def _find(context: RequestContext, state: State) -> Topic:
    cluster = context.cluster
    if state.name is None:
        topic = cluster.topics_by_id.get(state.topic_id)
        if topic is None:
            raise UnknownTopicIdError("This server does not host this topic ID.")
        return topic
    topic = cluster.topics.get(state.name)
    if topic is None:
        if not context.allows(Operation.DELETE, ResourceType.TOPIC, state.name):
            raise TopicAuthorizationFailedError("Authorization failed.")
        raise UnknownTopicOrPartitionError("This server does not host this topic-partition.")
    return topic


def _authorize(context: RequestContext, state: State, topic: Topic) -> None:
    refusal = context.refusal(topic.name)
    if refusal is not None:
        raise refusal.error
    if not context.allows(Operation.DELETE, ResourceType.TOPIC, topic.name):
        if state.name is None and not context.allows(
            Operation.DESCRIBE, ResourceType.TOPIC, topic.name
        ):
            # Who may not even see the topic does not learn that the id exists.
            raise UnknownTopicIdError("This server does not host this topic ID.")
        raise TopicAuthorizationFailedError("Authorization failed.")
