"""Methods about the cluster as a whole: brokers, quorum, versions, features."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from kafka.admin import arguments
from kafka.admin.cluster_results import (
    api_versions_view,
    cluster_view,
    features_view,
    quorum_view,
)
from kafka.admin.failures import combined, settle
from kafka.admin.feature_updates import checked_updates
from kafka.admin.lookups import to_any, to_broker, to_controller
from kafka.admin.operation import Fallback
from kafka.admin.operations.cluster import (
    ANY_BROKER,
    CLUSTER,
    CONTROLLER,
    QUORUM,
    AskApiVersions,
    ClusterFromMetadata,
    DescribeCluster,
    DescribeQuorum,
    UpdateFeatures,
)
from kafka.admin.operations.raw import RAW, SendRaw
from kafka.admin.structures import is_structure, send_structure
from kafka.net.handshake import SOFTWARE_NAME
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.broker_version_data import BrokerVersionData
from kafka.protocol.features import CLUSTER_FEATURES
from kafka.protocol.schema import Request
from kafka.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.cluster_results import ClusterView, FeatureView, QuorumView
    from kafka.admin.feature_updates import UpdateFeatureType
    from kafka.admin.operation import Lookup
    from kafka.low_level.outgoing import VersionedRequest
    from kafka.protocol.messages.api_versions import ApiVersionsResponse

_PAIR: Final = 2
_SOFTWARE: Final = (SOFTWARE_NAME, __version__)
SEND_REQUEST_IS_OLD: Final = (
    "send_request and send_requests are those of kafka-python 2.3 and will go; there is a method "
    "for each API that programs use"
)


async def describe_cluster(admin: Admin, *, timeout_ms: float | None = None) -> ClusterView:
    """Describe the cluster: its id, its controller, its brokers, and what the caller may do.

    Args:
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{'cluster_id': ..., 'controller_id': ..., 'brokers': [...], 'authorized_operations':
        [...]}``; a broker's key ``node_id`` of 2.x is ``broker_id``.
    """
    deadline = admin.deadline(timeout_ms)
    outcome = await admin.run(
        DescribeCluster(),
        [CLUSTER],
        deadline,
        fallbacks=[
            Fallback(ClusterFromMetadata(with_operations=True)),
            Fallback(ClusterFromMetadata(with_operations=False)),
        ],
    )
    settle(outcome, {})
    return cluster_view(outcome.results[CLUSTER])


async def describe_metadata_quorum(admin: Admin, *, timeout_ms: float | None = None) -> QuorumView:
    """Describe the controllers of a cluster with KRaft, and how far each has come (KIP-836).

    Args:
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{'topics': [{'topic_name': ..., 'partitions': [{'leader_id': ..., 'current_voters':
        [...], ...}]}], 'nodes': [...]}``.

    Raises:
        UnsupportedVersionError: the brokers are older than 3.3, or use ZooKeeper.
    """
    outcome = await admin.run(DescribeQuorum(), [QUORUM], admin.deadline(timeout_ms))
    settle(outcome, {})
    return quorum_view(outcome.results[QUORUM])


async def describe_features(
    admin: Admin, send_request_to_controller: bool = False, *, timeout_ms: float | None = None
) -> dict[str, FeatureView]:
    """Describe the features of the cluster (KIP-584).

    Args:
        send_request_to_controller: whether to ask the controller, and not any broker.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        By feature: ``supported``, lowest and highest level that the broker has; and if it is in
        force ``finalized``, lowest and highest level, and ``finalized_epoch``.

    Raises:
        UnsupportedVersionError: the broker is older than 2.4.
    """
    at_controller = arguments.flag("send_request_to_controller", send_request_to_controller)
    deadline = admin.deadline(timeout_ms)
    if at_controller:
        found = await _ask_versions(admin, to_controller(), CONTROLLER, deadline)
    else:
        found = await _ask_versions(admin, to_any(), ANY_BROKER, deadline)
    ApiVersions.from_response(found).require(CLUSTER_FEATURES)
    return features_view(found)


async def update_features(
    admin: Admin,
    feature_updates: Mapping[str, int | tuple[UpdateFeatureType | str, int]],
    validate_only: bool = False,
    timeout_ms: float | None = 60000,
) -> dict[str, str]:
    """Raise or lower features of the cluster: all of them, or none (KIP-584, KIP-778).

    Args:
        feature_updates: the level by feature, or a pair of `UpdateFeatureType` and level; without
            a type a feature is raised only.
        validate_only: check only, change nothing.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``'OK'`` by feature; brokers before 4.0 may refuse single ones, which have the error.

    Raises:
        KafkaError: the controller has refused them; its ``errors`` has why, by feature.
    """
    updates = checked_updates(feature_updates)
    operation = UpdateFeatures(
        updates, validate_only=arguments.flag("validate_only", validate_only)
    )
    outcome = await admin.run(operation, updates, admin.deadline(timeout_ms))
    said = {name: str(outcome.errors[name]) if name in outcome.errors else "OK" for name in updates}
    if not outcome.results:
        raise combined(outcome, said)
    return said


async def api_versions(
    admin: Admin, *, timeout_ms: float | None = None
) -> dict[int, tuple[int, int]]:
    """Return which versions of each API a broker speaks.

    Args:
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        Lowest and highest version by `kafka.protocol.api_key.ApiKey`; APIs that this release does
        not know by number.
    """
    deadline = admin.deadline(timeout_ms)
    return api_versions_view(await _ask_versions(admin, to_any(), ANY_BROKER, deadline))


async def get_broker_version_data(
    admin: Admin, broker_id: int, *, timeout_ms: float | None = None
) -> BrokerVersionData:
    """Return the release of a broker, and which versions of each API it speaks.

    Args:
        broker_id: its node id.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Raises:
        BrokerNotAvailableError: there is no such broker.
    """
    node_id = arguments.number("broker_id", broker_id)
    lookup: Lookup[str] = to_broker(lambda _key: node_id)
    found = await _ask_versions(admin, lookup, f"broker {node_id}", admin.deadline(timeout_ms))
    return BrokerVersionData(
        api_versions={key.api_key: (key.min_version, key.max_version) for key in found.api_keys}
    )


async def send_request(
    admin: Admin,
    request: Request[Any] | VersionedRequest,  # Any: of any API
    node_id: int | None = None,
) -> Any:  # Any: the response of that API
    """Send a request and return the response, errors and all.

    Args:
        request: one of `kafka.protocol.messages` in its newest shape, which is adapted to what the
            broker speaks and repeated if it gets lost; or one of kafka-python 2.x, such as
            ``kafka.protocol.metadata.MetadataRequest[1]([])``, which is sent once as it is.
        node_id: the broker; ``None`` for any.
    """
    return await _send(admin, request, node_id, admin.deadline())


async def send_requests(
    admin: Admin,
    # Any: of any API.
    requests_and_node_ids: Iterable[tuple[Request[Any] | VersionedRequest, int | None]],
    response_fn: Callable[[Any], Any] = lambda response: response,
) -> list[Any]:
    """Send requests, as `send_request` does, and return the responses in their order.

    Args:
        requests_and_node_ids: pairs of request and broker, ``None`` for any.
        response_fn: called with each response; what it returns is returned.
    """
    deadline = admin.deadline()
    what = "requests_and_node_ids must be a list of pairs of request and node id"
    if isinstance(requests_and_node_ids, Request) or not isinstance(
        requests_and_node_ids, Iterable
    ):
        raise TypeError(what)
    pairs = list(requests_and_node_ids)
    if not all(isinstance(pair, tuple) and len(pair) == _PAIR for pair in pairs):
        raise TypeError(what)
    sent = [_send(admin, request, node_id, deadline) for request, node_id in pairs]
    return [response_fn(response) for response in await asyncio.gather(*sent)]


async def _send(admin: Admin, request: object, node_id: int | None, deadline: Deadline) -> Any:
    """Return the response.  Any: of any API."""
    node = None if node_id is None else arguments.number("node_id", node_id)
    if is_structure(request):
        return await send_structure(admin.net, request, node, deadline)
    if not isinstance(request, Request):
        raise TypeError(f"request must be one of kafka.protocol, not {request!r}")
    outcome = await admin.run(SendRaw(request, node), [RAW], deadline)
    settle(outcome, None)
    return outcome.results[RAW]


async def _ask_versions(
    admin: Admin, lookup: Lookup[str], key: str, deadline: Deadline
) -> ApiVersionsResponse:
    outcome = await admin.run(AskApiVersions(lookup, _SOFTWARE), [key], deadline)
    settle(outcome, None)
    return outcome.results[key]
