"""Updates of cluster features, as users name them (KIP-584).  Pure."""

from __future__ import annotations

from kafka.admin import arguments
from kafka.admin.named_enum import LenientIntEnum, member_of

_ARGUMENT = "feature_updates"
_HIGHEST = 2**15 - 1


class UpdateFeatureType(LenientIntEnum):
    """How far an update may lower a feature (KIP-778)."""

    UNKNOWN = 0
    UPGRADE = 1
    SAFE_DOWNGRADE = 2
    UNSAFE_DOWNGRADE = 3


def checked_updates(feature_updates: object) -> dict[str, tuple[UpdateFeatureType, int]]:
    """Return how far each feature may be lowered, and its level, by feature.

    Args:
        feature_updates: level by feature, or pair of `UpdateFeatureType` and level.

    Raises:
        TypeError: it is no dict of that.
        ValueError: it is empty, or no level or type can be what is given.
    """
    given = arguments.mapping(_ARGUMENT, feature_updates, "a dict of feature and level")
    updates: dict[str, tuple[UpdateFeatureType, int]] = {}
    for feature, update in given.items():
        name = arguments.names(_ARGUMENT, [feature])[0]
        kind, level = update if isinstance(update, tuple) and len(update) == 2 else (1, update)
        upgrade_type = member_of(UpdateFeatureType, kind, f"{_ARGUMENT}: type of {name}")
        if upgrade_type is UpdateFeatureType.UNKNOWN:
            raise ValueError(f"{_ARGUMENT}: type of {name} must not be UNKNOWN")
        number = arguments.number(f"{_ARGUMENT}: level of {name}", level)
        if number > _HIGHEST:
            raise ValueError(f"{_ARGUMENT}: level of {name} must be at most {_HIGHEST}: {number}")
        updates[name] = upgrade_type, number
    return updates
