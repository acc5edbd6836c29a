"""Which group protocol a consumer speaks (KIP-848).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.protocol.features import MEMBER_ID_OF_CLIENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.protocol.api_versions import ApiVersions

CLASSIC: Final = "classic"
CONSUMER: Final = "consumer"
AUTO: Final = "auto"

# The feature that a cluster has finalized once all of its brokers speak the consumer protocol.
_FEATURE: Final = "group.version"


class ProtocolChoice(NamedTuple):
    """A protocol, and why it is this one.

    Args:
        protocol: `CLASSIC` or `CONSUMER`.
        why: for the log.
    """

    protocol: str
    why: str


def choose_protocol(group_protocol: str, finalized_features: Mapping[str, int]) -> ProtocolChoice:
    """Return the protocol to speak.

    Args:
        group_protocol: value of the option: `CLASSIC`, `CONSUMER` or `AUTO`, which takes `CONSUMER`
            where the whole cluster speaks it.
        finalized_features: feature -> level in force in the cluster.
    """
    if group_protocol != AUTO:
        return ProtocolChoice(group_protocol, f"group_protocol is {group_protocol!r}")
    level = finalized_features.get(_FEATURE)
    if level is None:
        found = f"the brokers have no feature {_FEATURE} in force"
    else:
        found = f"the cluster's {_FEATURE} is {level}"
    protocol = CONSUMER if level is not None and level >= 1 else CLASSIC
    return ProtocolChoice(protocol, f"group_protocol is {AUTO!r}, and {found}")


def choose_member_id(versions: ApiVersions, made: str) -> str:
    """Return the member id to join with: *made*, or none for brokers that make it (KIP-1082).

    Args:
        versions: what the brokers speak.
        made: an id that no other client has.
    """
    return made if versions.has(MEMBER_ID_OF_CLIENT) else ""
