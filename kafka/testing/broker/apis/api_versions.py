"""ApiVersions (18): what this broker speaks.

- Advertises the APIs that have a module, with the ranges of the release the cluster imitates.
- A version that is too new is answered with UNSUPPORTED_VERSION in a v0 body; from 2.4 on it lists
  the range of ApiVersions (KIP-511).
- v3 checks the client's software name and version. Features (KIP-584): one whose lowest level is 0
  is listed only from v4 on, one that has no other level never.
- v5 (KIP-1242): a cluster or node other than the one the client meant is REBOOTSTRAP_REQUIRED;
  naming one of the two without the other is INVALID_REQUEST.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kafka.errors import (
    InvalidRequestError,
    RebootstrapRequiredError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.testing.broker.api_ranges import advertised
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?\Z")

# Key of `Peer.session`: name and version of the client's software.
SOFTWARE = "client software"


def names_software(version: int) -> bool:
    """Return whether the request names the client's software (KIP-511)."""
    return version >= 3


def lists_features_from_zero(version: int) -> bool:
    """Return whether a supported feature may start at level 0."""
    return version >= 4


@handles(ApiVersionsRequest)
async def api_versions(context: RequestContext, request: ApiVersionsRequest) -> ApiVersionsResponse:
    """Answer with the table of this broker."""
    cluster = context.cluster
    if names_software(context.api_version) and not (
        _SOFTWARE.match(request.client_software_name)
        and _SOFTWARE.match(request.client_software_version)
    ):
        return ApiVersionsResponse(error_code=InvalidRequestError.errno)
    if names_software(context.api_version):
        context.peer.session[SOFTWARE] = (
            request.client_software_name,
            request.client_software_version,
        )
    if (request.cluster_id is None) != (request.node_id == -1):
        return ApiVersionsResponse(error_code=InvalidRequestError.errno)
    if request.cluster_id not in {None, cluster.cluster_id} or request.node_id not in {
        -1,
        context.broker.node_id,
    }:
        return ApiVersionsResponse(error_code=RebootstrapRequiredError.errno)
    if context.peer.gate is not None:
        context.peer.gate.on_api_versions()
    return ApiVersionsResponse(
        api_keys=advertised(context.broker.apis.values()),
        supported_features=[
            ApiVersionsResponse.SupportedFeatureKey(
                name=name, min_version=feature.minimum, max_version=feature.maximum
            )
            for name, feature in cluster.features.items()
            if feature.minimum > 0
            or (feature.maximum > 0 and lists_features_from_zero(context.api_version))
        ],
        finalized_features_epoch=cluster.features_epoch if cluster.features else -1,
        finalized_features=[
            ApiVersionsResponse.FinalizedFeatureKey(
                name=name, max_version_level=feature.finalized, min_version_level=feature.finalized
            )
            for name, feature in cluster.features.items()
            if feature.finalized > 0
        ],
    )
