"""What a handler may ask about a request and its client."""

from __future__ import annotations

from kafka.errors import TopicAuthorizationFailedError
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.faults import Refusal, Refusals
from test.support.cluster_state import new_cluster, new_context


class OnlyReads:
    """Lets clients read and describe, and nothing else."""

    def allows(self, principal: object, host: str, operation: Operation, *_: object) -> bool:
        return operation in {Operation.READ, Operation.DESCRIBE}

    def allows_some(self, principal: object, host: str, operation: Operation, *_: object) -> bool:
        return self.allows(principal, host, operation)


def test_the_cluster_decides_what_a_client_may_do() -> None:
    context = new_context(new_cluster())
    assert context.allows(Operation.WRITE, ResourceType.TOPIC, "t")
    context.cluster.authorizer = OnlyReads()
    assert not context.allows(Operation.WRITE, ResourceType.TOPIC, "t")
    assert not context.allows_some(Operation.WRITE, ResourceType.TOPIC)
    assert context.allows_some(Operation.READ, ResourceType.TOPIC)


def test_allowed_operations_are_bits_by_their_number() -> None:
    context = new_context(new_cluster())
    context.cluster.authorizer = OnlyReads()
    bits = context.allowed_operations(ResourceType.TOPIC, "t")
    assert bits == 1 << Operation.READ | 1 << Operation.DESCRIBE


def test_refusals_are_those_of_the_control_hooks() -> None:
    refusal = Refusal(TopicAuthorizationFailedError, applied=False)
    assert new_context(new_cluster()).refusal("t", 0) is None
    context = new_context(new_cluster(), refusals=Refusals(refusal, "t", 0))
    assert context.refusal("t", 0) is refusal
    assert context.refusal("t", 1) is None
