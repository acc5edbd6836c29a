"""What a story of copying workers is about, and what goes wrong.

All of it follows from the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kafka.errors import for_code
from kafka.testing.broker.faults import Delay, Disconnect, Fail
from test.simulation.producers.plan import OF_TRANSACTIONS, lost

if TYPE_CHECKING:
    from random import Random

    from kafka.testing.broker.faults import Action

_REQUEST_TIMEOUT_MS: Final = 3000
#: The membership of a consumer is part of a transaction from 2.5 on (KIP-447).
_VERSIONS: Final = ("4.4", "4.4", "4.4", "3.9", "2.8")
_OF_GROUPS: Final = {
    "JoinGroup": (14, 15, 16, 25, 27),
    "SyncGroup": (14, 15, 16, 22, 27),
    "Heartbeat": (14, 15, 16, 22, 25, 27),
    "OffsetFetch": (14, 15, 16, 88),
    "Fetch": (3, 6, 74, 75, 78),
    "ListOffsets": (3, 6, 74),
}
_OF_OFFSETS: Final = {"TxnOffsetCommit": (3, 14, 15, 16, 22, 25, 120)}


class CopyPlan:
    """The settings of one story.

    Args:
        random: made from the seed.

    Attributes:
        chaos: whether there are faults and crashes; otherwise workers come and go, and leaders
            move.
        latency: of the network, in seconds.
        slowness: how likely a worker is slow in a transaction.
        version: of the brokers.
    """

    silence: Action = Disconnect()

    def __init__(self, random: Random) -> None:
        self._random = random
        self.chaos = random.random() < 0.85
        self.latency = random.choice([0.0, 0.002, 0.05])
        self.slowness = random.choice([0.0, 0.02, 0.1])
        self.version = random.choice(_VERSIONS)
        self.protocol = "consumer" if self.version == "4.4" and random.random() < 0.5 else "classic"

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<CopyPlan {'chaos' if self.chaos else 'graceful'} {self.version} {self.protocol}"
            f" slowness={self.slowness} latency={self.latency}>"
        )

    @property
    def cluster_config(self) -> dict[str, str]:
        """The configs of the brokers."""
        return {"default.replication.factor": "3", "min.insync.replicas": "2"}

    @property
    def consumer_options(self) -> dict[str, Any]:  # Any: options of every type
        """The options of the consumers."""
        options: dict[str, Any] = {
            "group_protocol": self.protocol,
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            "isolation_level": "read_committed",
            "metadata_max_age_ms": 5000,
            "request_timeout_ms": 8000,
            "fetch_max_wait_ms": 500,
            "max_poll_interval_ms": 60_000,
        }
        if self.protocol == "classic":
            options |= {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 3000}
        return options

    @property
    def producer_options(self) -> dict[str, Any]:  # Any: options of every type
        """The options of the producers."""
        return {
            "metadata_max_age_ms": 5000,
            "request_timeout_ms": _REQUEST_TIMEOUT_MS,
            "delivery_timeout_ms": self._random.choice([5000, 30_000]),
            "max_block_ms": 20_000,
            "transaction_timeout_ms": self._random.choice([10_000, 30_000]),
            "linger_ms": self._random.choice([0, 10]),
            "batch_size": self._random.choice([100, 16_384]),
        }

    def fault(self) -> tuple[str, Action]:
        """Return an API and what goes wrong with the next request of it."""
        random = self._random
        errors = random.choice([OF_TRANSACTIONS, _OF_GROUPS, _OF_OFFSETS])
        api = random.choice(list(errors))
        failed = Fail(for_code(random.choice(errors[api])))
        delayed = Delay(random.choice([0.2, 2.0, 6.0]))
        return api, random.choice([failed, failed, delayed, *lost()])
