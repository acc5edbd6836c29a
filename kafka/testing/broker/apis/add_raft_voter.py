"""AddRaftVoter (80): let a controller vote (KIP-853).

- Another cluster's id: INCONSISTENT_CLUSTER_ID. With kraft.version 0: UNSUPPORTED_VERSION.
- A node that votes already: DUPLICATE_VOTER. One that was removed votes again.
- There are no other controllers to reach, so any other node ends in REQUEST_TIMED_OUT, after the
  request's timeout; without an endpoint in INVALID_REQUEST, at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    DuplicateVoterError,
    InconsistentClusterIdError,
    InvalidRequestError,
    RequestTimedOutError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quorum import Quorum
from kafka.testing.broker.waiting import pause

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(AddRaftVoterRequest)
async def add_raft_voter(
    context: RequestContext, request: AddRaftVoterRequest
) -> AddRaftVoterResponse:
    """Add a voter, if it is a node of this cluster."""
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    check_cluster_id(context, request.cluster_id)
    quorum = cluster.component(Quorum)
    if not quorum.has_dynamic_voters:
        return AddRaftVoterResponse(
            error_code=UnsupportedVersionError.errno,
            error_message="Cluster doesn't support adding voter because the kraft.version feature "
            "is 0",
        )
    voter_id = request.voter_id
    if any(node.node_id == voter_id for node in quorum.voters):
        raise DuplicateVoterError(f"Node {voter_id} is already one of the voters.")
    if not request.listeners:
        raise InvalidRequestError("Add voter request didn't include an endpoint.")
    if (
        voter_id not in quorum.not_voting
        or request.voter_directory_id != quorum.directory_id(voter_id)
        or not cluster.nodes[voter_id].alive
    ):
        await pause(request.timeout_ms / 1000, cluster.timers)
        raise RequestTimedOutError(f"The new voter {voter_id} could not be reached.")
    quorum.not_voting.discard(voter_id)
    return AddRaftVoterResponse(error_message=None)


def check_cluster_id(context: RequestContext, cluster_id: str | None) -> None:
    """Refuse a request that is meant for another cluster.

    Raises:
        InconsistentClusterIdError: it is.
    """
    if cluster_id not in {None, context.cluster.cluster_id}:
        raise InconsistentClusterIdError(
            f'The given id "{cluster_id}" doesn\'t match the cluster id '
            f'"{context.cluster.cluster_id}"'
        )
