"""The APIs of the admin client whose shape changes with the version; see `kafka.protocol.adapt`.

Pure.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from kafka.errors import UnsupportedVersionError

if TYPE_CHECKING:
    from kafka.protocol.messages.delete_acls import DeleteAclsRequest
    from kafka.protocol.messages.describe_acls import DescribeAclsRequest
    from kafka.protocol.messages.describe_configs import DescribeConfigsResponse
    from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
    from kafka.protocol.messages.update_features import UpdateFeaturesRequest

# What the oldest answer to DescribeConfigs says by `is_default`, in the numbers of KIP-226.
_TOPIC: Final = 2
_OF_TOPIC: Final = 1
_OF_BROKER: Final = 4
_OF_DEFAULT: Final = 5
# Telemetry subscriptions: the only resources that the first ListConfigResources lists (KIP-714).
_CLIENT_METRICS: Final = 16
# KIP-778 says how far an update may lower a feature; before, that was allowed or not.
_UPGRADE: Final = 1
# Patterns of ACLs came with KIP-290; before, all were literal.
_ANY_PATTERN: Final = 1
_LITERAL: Final = 3


def adapt_describe_acls(request: DescribeAclsRequest, version: int) -> DescribeAclsRequest:
    """Ask the first version for literal patterns if any are wanted: it knows no others."""
    if version >= 1 or request.pattern_type_filter != _ANY_PATTERN:
        return request
    twin = copy.copy(request)
    twin.pattern_type_filter = _LITERAL
    return twin


def adapt_delete_acls(request: DeleteAclsRequest, version: int) -> DeleteAclsRequest:
    """As `adapt_describe_acls`, for each filter."""
    if version >= 1:
        return request
    twin = copy.copy(request)
    twin.filters = [copy.copy(wanted) for wanted in request.filters]
    for wanted in twin.filters:
        if wanted.pattern_type_filter == _ANY_PATTERN:
            wanted.pattern_type_filter = _LITERAL
    return twin


def adapt_list_config_resources(
    request: ListConfigResourcesRequest, version: int
) -> ListConfigResourcesRequest:
    """Ask the first version for what it lists.

    Raises:
        UnsupportedVersionError: *request* asks for anything else.
    """
    if version >= 1:
        return request
    if request.resource_types != [_CLIENT_METRICS]:
        raise UnsupportedVersionError(
            f"ListConfigResourcesRequest v{version} lists client metrics subscriptions only "
            f"(type {_CLIENT_METRICS}); other types need version 1, a broker of 4.1 or later"
        )
    twin = copy.copy(request)
    twin.resource_types = []
    return twin


def adapt_update_features(request: UpdateFeaturesRequest, version: int) -> UpdateFeaturesRequest:
    """Tell the first version by a flag whether a feature may be lowered."""
    if version >= 1:
        return request
    twin = copy.copy(request)
    twin.feature_updates = []
    for update in request.feature_updates:
        flagged = copy.copy(update)
        flagged.allow_downgrade = update.upgrade_type != _UPGRADE
        flagged.upgrade_type = _UPGRADE
        twin.feature_updates.append(flagged)
    return twin


def read_describe_configs(
    response: DescribeConfigsResponse, version: int
) -> DescribeConfigsResponse:
    """Fill in the sources that the first version does not name (KIP-226)."""
    if version == 0:
        for result in response.results:
            changed = _OF_TOPIC if result.resource_type == _TOPIC else _OF_BROKER
            for config in result.configs:
                config.config_source = _OF_DEFAULT if config.is_default else changed
    return response
