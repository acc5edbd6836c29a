"""CreatePartitions (37): let topics have more partitions (KIP-195).

- The count is the new total and must grow (INVALID_PARTITIONS); assignments, if any, are for the
  new partitions only. A topic named twice is INVALID_REQUEST.
- A broker of a ZooKeeper cluster that is not the controller answers NOT_CONTROLLER.
- validate_only changes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    NotControllerError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Wanted = CreatePartitionsRequest.CreatePartitionsTopic
Result = CreatePartitionsResponse.CreatePartitionsTopicResult


@handles(CreatePartitionsRequest, by_topic=True)
async def create_partitions(
    context: RequestContext, request: CreatePartitionsRequest
) -> CreatePartitionsResponse:
    """Extend each topic that can be extended."""
    times = Counter(topic.name for topic in request.topics)
    wanted = {topic.name: topic for topic in request.topics}
    response = CreatePartitionsResponse()
    for name, topic in wanted.items():
        result = Result(name=name)
        try:
            if times[name] > 1:
                raise InvalidRequestError("Duplicate topic name.")
            _extend(context, topic, validate_only=request.validate_only)
        except BrokerResponseError as error:
            result.error_code = error.errno
            result.error_message = ", ".join(map(str, error.args)) or None
        response.results.append(result)
    return response


def _extend(context: RequestContext, wanted: Wanted, *, validate_only: bool) -> None:
    cluster = context.cluster
    refusal = context.refusal(wanted.name)
    if refusal is not None:
        raise refusal.error
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    if not context.allows(Operation.ALTER, ResourceType.TOPIC, wanted.name):
        raise TopicAuthorizationFailedError("The topic authorization is failed.")
    topic = cluster.topics.get(wanted.name)
    if topic is None:
        raise UnknownTopicOrPartitionError
    assignments = wanted.assignments
    cluster.add_partitions(
        topic,
        wanted.count,
        None if assignments is None else [entry.broker_ids for entry in assignments],
        validate_only=validate_only,
    )
