"""The numbers of the APIs, as kafka-python has them.  Pure."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from kafka.protocol.messages import MODULES

# What brokers and controllers say to each other; no message of ours.
_AMONG_BROKERS: Final = {
    4: "LeaderAndIsr",
    5: "StopReplica",
    6: "UpdateMetadata",
    7: "ControlledShutdown",
    52: "Vote",
    53: "BeginQuorumEpoch",
    54: "EndQuorumEpoch",
    56: "AlterPartition",
    58: "Envelope",
    59: "FetchSnapshot",
    62: "BrokerRegistration",
    63: "BrokerHeartbeat",
    67: "AllocateProducerIds",
    70: "ControllerRegistration",
    73: "AssignReplicasToDirs",
    82: "UpdateRaftVoter",
    83: "InitializeShareGroupState",
    84: "ReadShareGroupState",
    85: "WriteShareGroupState",
    86: "DeleteShareGroupState",
    87: "ReadShareGroupStateSummary",
}


def _name(module: str) -> str:
    return re.sub(r"(?:^|_)(\w)", lambda match: match[1].upper(), module)


API_KEYS: Final = dict(
    sorted((_AMONG_BROKERS | {key: _name(module) for key, module in MODULES.items()}).items())
)

ApiKey = IntEnum("ApiKey", {name: key for key, name in API_KEYS.items()})  # type: ignore[misc]
ApiKey.__doc__ = "The number of each API, by Kafka's name of it (kafka-python 3.x)."
