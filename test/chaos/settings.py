"""What brokers and members of the story must agree on."""

from __future__ import annotations

from typing import Final

#: Seconds without a heartbeat after which a member is out: the least that brokers allow.
SESSION: Final = 6
HEARTBEAT: Final = 2
#: Seconds after which the controller takes a broker that is silent for dead.
BROKER_SESSION: Final = 4

BROKER_PROPERTIES: Final = {
    "broker.session.timeout.ms": f"{BROKER_SESSION}000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "group.consumer.min.session.timeout.ms": f"{SESSION}000",
    "group.consumer.session.timeout.ms": f"{SESSION}000",
    "group.consumer.min.heartbeat.interval.ms": f"{HEARTBEAT}000",
    "group.consumer.heartbeat.interval.ms": f"{HEARTBEAT}000",
}
