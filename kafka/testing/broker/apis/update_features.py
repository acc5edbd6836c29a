"""UpdateFeatures (57): raise and lower cluster features (KIP-584, KIP-1022).

- All updates are made, or none; the first that is refused is named at the top, with
  INVALID_UPDATE_VERSION. Up to v1 success is told for each feature, from v2 on only at the top.
- Lowering needs SAFE_DOWNGRADE or UNSAFE_DOWNGRADE (v0: allow_downgrade); metadata.version cannot
  be lowered at all, and kraft.version neither.
- validate_only (v1) changes nothing. A change raises the epoch that ApiVersions tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidUpdateVersionError,
    NotControllerError,
)
from kafka.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.context import RequestContext

Update = UpdateFeaturesRequest.FeatureUpdateKey
_UPGRADE, _SAFE_DOWNGRADE, _UNSAFE_DOWNGRADE = 1, 2, 3


def has_upgrade_type(version: int) -> bool:
    """Return whether an update says how far it may lower a feature (KIP-778)."""
    return version >= 1


def has_result_for_each(version: int) -> bool:
    """Return whether the answer lists every feature (until KIP-1022)."""
    return version <= 1


@handles(UpdateFeaturesRequest)
async def update_features(
    context: RequestContext, request: UpdateFeaturesRequest
) -> UpdateFeaturesResponse:
    """Check every update and then make them all."""
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    for update in request.feature_updates:
        complaint = _complaint(cluster, update, _upgrade_type(context, update))
        if complaint is not None:
            raise InvalidUpdateVersionError(
                "The update failed for all features since the following feature had an error: "
                + complaint
            )
    if not request.validate_only:
        _apply(cluster, request.feature_updates)
    response = UpdateFeaturesResponse(error_message=None)
    if has_result_for_each(context.api_version):
        response.results = [
            # A broker puts the name of the error here, even if it is none.
            UpdateFeaturesResponse.UpdatableFeatureResult(
                feature=update.feature, error_message="NONE"
            )
            for update in request.feature_updates
        ]
    return response


def _upgrade_type(context: RequestContext, update: Update) -> int:
    if has_upgrade_type(context.api_version):
        return update.upgrade_type
    return _SAFE_DOWNGRADE if update.allow_downgrade else _UPGRADE


def _complaint(cluster: Cluster, update: Update, upgrade_type: int) -> str | None:
    """Return why an update is refused, or ``None``."""
    level, name = update.max_version_level, update.feature
    invalid = f"Invalid update version {level} for feature {name}. "
    controller = f"Local controller {cluster.controller_id} "
    if upgrade_type not in {_UPGRADE, _SAFE_DOWNGRADE, _UNSAFE_DOWNGRADE}:
        return invalid + "The controller does not support the given upgrade type."
    feature = cluster.features.get(name)
    if level < 0:
        return invalid + "A feature version cannot be less than 0."
    if feature is None:
        return invalid + controller + "does not support this feature."
    if not feature.minimum <= level <= feature.maximum:
        return f"{invalid}{controller}only supports versions {feature.minimum}-{feature.maximum}"
    if level < feature.finalized:
        if upgrade_type == _UPGRADE:
            return (
                f"{invalid}Can't downgrade the version of this feature without setting the "
                "upgrade type to either safe or unsafe downgrade."
            )
        if name == "metadata.version":
            why = (
                "Refusing to perform the requested downgrade because it might delete metadata "
                "information."
                if upgrade_type == _SAFE_DOWNGRADE
                else "Unsafe metadata downgrade is not supported in this version."
            )
            return f"Unsupported {name} downgrade from {feature.finalized} to {level}. {why}"
        if name == "kraft.version":
            return invalid + "This feature cannot be downgraded."
    return None


def _apply(cluster: Cluster, updates: list[Update]) -> None:
    before = dict(cluster.features)
    for update in updates:
        feature = cluster.features[update.feature]
        cluster.features[update.feature] = feature._replace(finalized=update.max_version_level)
    if cluster.features != before:
        cluster.features_epoch += 1
