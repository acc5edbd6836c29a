"""RemoveRaftVoter (81): let a controller vote no longer (KIP-853).

- Another cluster's id: INCONSISTENT_CLUSTER_ID. With kraft.version 0: UNSUPPORTED_VERSION.
- A node that does not vote, another directory than the voter's, or the last voter:
  VOTER_NOT_FOUND.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    UnsupportedVersionError,
    VoterNotFoundError,
)
from kafka.protocol.messages.remove_raft_voter import (
    RemoveRaftVoterRequest,
    RemoveRaftVoterResponse,
)
from kafka.testing.broker.apis.add_raft_voter import check_cluster_id
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quorum import Quorum

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext


@handles(RemoveRaftVoterRequest)
async def remove_raft_voter(
    context: RequestContext, request: RemoveRaftVoterRequest
) -> RemoveRaftVoterResponse:
    """Remove a voter."""
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    check_cluster_id(context, request.cluster_id)
    quorum = context.cluster.component(Quorum)
    if not quorum.has_dynamic_voters:
        return RemoveRaftVoterResponse(
            error_code=UnsupportedVersionError.errno,
            error_message="Cluster doesn't support removing voter because the kraft.version "
            "feature is 0",
        )
    voters = [node.node_id for node in quorum.voters]
    is_voter = request.voter_id in voters and (
        request.voter_directory_id == quorum.directory_id(request.voter_id)
    )
    if not is_voter or len(voters) == 1:
        raise VoterNotFoundError(
            f"Cannot remove voter {request.voter_id} from the set of voters {voters}"
        )
    quorum.not_voting.add(request.voter_id)
    return RemoveRaftVoterResponse(error_message=None)
