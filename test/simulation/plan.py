"""What a story is about: the protocol, how the members commit, what goes wrong.

All of it follows from the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import for_code
from kafka.testing.broker.faults import Delay, Disconnect, DropResponse, Fail, HalfFrame

if TYPE_CHECKING:
    from random import Random

    from kafka.testing.broker.faults import Action

PROTOCOLS: Final = ("eager", "cooperative", "consumer")

_EAGER: Final = (RangePartitionAssignor, RoundRobinPartitionAssignor, StickyPartitionAssignor)

# Errors that brokers answer at any time, by API.
_CLASSIC_ERRORS: Final = {
    "JoinGroup": (14, 15, 16, 25, 27),
    "SyncGroup": (14, 15, 16, 22, 25, 27),
    "Heartbeat": (14, 15, 16, 22, 25, 27),
    "LeaveGroup": (14, 15, 16, 25),
    "OffsetCommit": (3, 7, 14, 15, 16, 22, 25, 27),
    "OffsetFetch": (14, 15, 16, 88),
    "FindCoordinator": (14, 15),
}
_CONSUMER_ERRORS: Final = {
    "ConsumerGroupHeartbeat": (14, 15, 16, 25, 110),
    "OffsetCommit": (3, 7, 14, 15, 16, 25, 113),
    "OffsetFetch": (14, 15, 16, 25, 88, 113),
    "FindCoordinator": (14, 15),
}
_READING_ERRORS: Final = {
    "Fetch": (3, 5, 6, 9, 56, 74, 75, 78, 100, -1, 70, 71),
    "ListOffsets": (3, 5, 6, 9, 74, 75, 78),
}

_SESSION_MS: Final = 10_000
_HEARTBEAT_MS: Final = 3000
MAX_POLL_INTERVAL: Final = 60.0

#: The longest that a group may take from the end of all faults until all is read: the session of
#: a member that has crashed, a rebalance that waits for an application, requests that time out.
PATIENCE: Final = MAX_POLL_INTERVAL + 40.0


class Plan:
    """The settings of one story.

    Args:
        random: made from the seed.

    Attributes:
        protocol: one of `PROTOCOLS`.
        scales: whether the group grows and shrinks step by step, and nothing else happens.
        chaos: whether there are faults and crashes; otherwise members only come and go, slowly,
            while leaders move.
        auto_commit: the members commit by the interval, not in their listeners.
        listens: the members have listeners.
        slowness: how likely an application is slow with a record or a rebalance.
        impatience: how likely an application cancels a poll.
        static: whether members are static.
        latency: of the network, in seconds.
        pauses: for how long, in seconds.
        version: of the brokers.
        options: of the consumers.
    """

    silence: Action = Disconnect()
    version = "4.4"

    def __init__(self, random: Random) -> None:
        self._random = random
        self.protocol = random.choice(PROTOCOLS)
        self.scales = self.protocol != "eager" and random.random() < 0.1
        self.chaos = not self.scales and random.random() < 0.75
        self.auto_commit = random.random() < 0.4
        self.listens = self.scales or not self.auto_commit or random.random() < 0.5
        self.slowness = 0.0 if self.scales else random.choice([0.0, 0.01, 0.05])
        self.impatience = 0.0 if self.scales else random.choice([0.0, 0.0, 0.05])
        self.static = not self.scales and random.random() < 0.25
        self.latency = random.choice([0.0, 0.002, 0.05, 0.3])
        self.pauses = [0.1, 1.0, 5.0]
        if self.chaos:
            self.pauses += [20.0, MAX_POLL_INTERVAL + 10.0]
        self.options: dict[str, Any] = self._options()  # Any: options of every type

    def __repr__(self) -> str:
        """Return a status line."""
        kind = "scaling" if self.scales else "chaos" if self.chaos else "graceful"
        return (
            f"<Plan {self.protocol} {kind}"
            f" {'auto-commit' if self.auto_commit else 'commits'} listens={self.listens}"
            f" slowness={self.slowness} impatience={self.impatience} static={self.static}"
            f" latency={self.latency}>"
        )

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "group_protocol": "consumer" if self.protocol == "consumer" else "classic",
            "max_poll_interval_ms": MAX_POLL_INTERVAL * 1000,
            "metadata_max_age_ms": 5000,
            "request_timeout_ms": 8000,
            # A member may stand still for most of the usual time while it starts.
            "bootstrap_timeout_ms": 120_000,
            "fetch_max_wait_ms": 3000,
            "default_api_timeout_ms": 20_000,
            "auto_commit_interval_ms": 1000,
        }
        if self.protocol != "consumer":
            options["session_timeout_ms"] = _SESSION_MS
            options["heartbeat_interval_ms"] = _HEARTBEAT_MS
            eager = self._random.choice(_EAGER)
            cooperative = self.protocol == "cooperative"
            options["partition_assignment_strategy"] = [
                CooperativeStickyAssignor if cooperative else eager
            ]
        return options

    @property
    def cluster_config(self) -> dict[str, str]:
        """The configs of the brokers."""
        return {
            "default.replication.factor": "3",
            "group.consumer.session.timeout.ms": str(_SESSION_MS),
            "group.consumer.heartbeat.interval.ms": str(_HEARTBEAT_MS),
        }

    def fault(self) -> tuple[str, Action]:
        """Return an API and what goes wrong with the next request of it."""
        random = self._random
        errors = _CONSUMER_ERRORS if self.protocol == "consumer" else _CLASSIC_ERRORS
        if random.random() < 0.15:
            errors = _READING_ERRORS
        api = random.choice(list(errors))
        code = random.choice(errors[api])
        actions: list[Action] = [
            Fail(for_code(code)),
            Fail(for_code(code), applied=True),
            Disconnect(),
            Disconnect(applied=True),
            DropResponse(),
            DropResponse(applied=False),
            HalfFrame(),
            Delay(random.choice([0.2, 2.0, 6.0, 12.0])),
        ]
        weights = [6, 2, 1, 2, 2, 1, 1, 2]
        return api, random.choices(actions, weights)[0]
