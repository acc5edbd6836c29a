"""What a story of producers is about: how they write, what goes wrong.

All of it follows from the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kafka.errors import for_code
from kafka.testing.broker.faults import (
    Delay,
    Disconnect,
    DropResponse,
    Fail,
    Garbage,
    HalfFrame,
    Throttle,
)

if TYPE_CHECKING:
    from random import Random

    from kafka.testing.broker.faults import Action

KINDS: Final = ("plain", "idempotent", "idempotent", "transactional", "transactional")

#: What brokers answer to Produce without having written anything.
_REFUSED: Final = (2, 3, 5, 6, 7, 10, 19, 45, 47, 56, 59, 87, -1)
#: What they answer although they have.
_WRITTEN: Final = (3, 6, 7, 20, 56, -1)
#: By API, what they answer to other requests.
_OTHERS: Final = {"Metadata": (3, 5), "InitProducerId": (7, 14, 15, 16, 51)}
#: The same of transactions. TRANSACTION_ABORTABLE (120) comes before the decision only.
OF_TRANSACTIONS: Final = {
    "FindCoordinator": (14, 15),
    "InitProducerId": (14, 15, 16, 51),
    "AddPartitionsToTxn": (3, 14, 15, 16, 51, 120),
    "AddOffsetsToTxn": (14, 15, 16, 51, 120),
    "TxnOffsetCommit": (3, 14, 15, 16, 120),
    "EndTxn": (14, 15, 16, 51),
    "Produce": (120,),
}
#: Most stories are of the newest release.
VERSIONS: Final = ("4.4", "4.4", "4.4", "4.4", "3.9", "2.8", "1.1", "0.11")

TRANSACTIONAL_IDS: Final = ("tx0", "tx1")
_REQUEST_TIMEOUT: Final = 3.0
#: The longest that a request may wait in a broker because of a fault.
_LONGEST_DELAY: Final = 12.0
#: How long after the end of all faults nothing of before may happen any more.
REST: Final = _LONGEST_DELAY + 5.0
_TRANSACTION_TIMEOUTS: Final = (10_000, 60_000)
#: How long after that the last transaction may be open that nobody has ended.
TRANSACTIONS_END: Final = max(_TRANSACTION_TIMEOUTS) / 1000 + 30.0


class ProducerPlan:
    """The settings of one story.

    Args:
        random: made from the seed.

    Attributes:
        kind: one of `KINDS`.
        chaos: whether there are faults and crashes; otherwise leaders move and writers come and go.
        hurried: how likely a writer does not wait for what it has sent.
        sizes: of the records, in bytes.
        latency: of the network, in seconds.
        version: of the brokers.
        options: of the producers.
    """

    silence: Action = Disconnect()

    def __init__(self, random: Random) -> None:
        self._random = random
        self.kind = random.choice(KINDS)
        self.chaos = random.random() < 0.85
        self.hurried = random.choice([0.5, 0.9, 1.0])
        self.sizes = random.choice([[20], [20, 200], [20, 200, 3000]])
        self.latency = random.choice([0.0, 0.002, 0.05, 0.3])
        self.version = random.choice(VERSIONS)
        self.options: dict[str, Any] = self._options()  # Any: options of every type

    def __repr__(self) -> str:
        """Return a status line."""
        options = self.options
        return (
            f"<ProducerPlan {self.kind} {'chaos' if self.chaos else 'graceful'} {self.version}"
            f" in_flight={options['max_in_flight_requests_per_connection']}"
            f" retries={options.get('retries')} delivery_timeout={options['delivery_timeout_ms']}"
            f" batch_size={options['batch_size']} linger={options['linger_ms']}"
            f" sizes={self.sizes} latency={self.latency}>"
        )

    def _options(self) -> dict[str, Any]:
        random = self._random
        options: dict[str, Any] = {
            "acks": "all",
            "enable_idempotence": self.is_exact,
            "max_in_flight_requests_per_connection": self._in_flight(),
            "metadata_max_age_ms": 5000,
            "request_timeout_ms": _REQUEST_TIMEOUT * 1000,
            "delivery_timeout_ms": random.choice([4000, 10_000, 60_000, 60_000]),
            "max_block_ms": random.choice([1000, 20_000]),
            "batch_size": random.choice([0, 300, 3000, 16_384]),
            "linger_ms": random.choice([0, 0, 10, 200]),
            "compression_type": random.choice([None, None, "gzip"]),
            "retry_backoff_ms": 50,
        }
        if random.random() < 0.2:
            options["retries"] = random.choice([1, 3] if self.is_exact else [0, 1, 3])
        if self.kind == "transactional":
            options["transaction_timeout_ms"] = random.choice(_TRANSACTION_TIMEOUTS)
        return options

    def transactional_id(self) -> str | None:
        """Return the id of a new writer; another one may have it."""
        return self._random.choice(TRANSACTIONAL_IDS) if self.kind == "transactional" else None

    def _in_flight(self) -> int:
        # Without idempotence more than one would not keep the order.
        return self._random.choice([1, 2, 5, 5]) if self.is_exact else 1

    @property
    def is_exact(self) -> bool:
        """Whether each record is written exactly once."""
        return self.kind != "plain"

    @property
    def cluster_config(self) -> dict[str, str]:
        """The configs of the brokers."""
        return {"default.replication.factor": "3", "min.insync.replicas": "2"}

    def fault(self) -> tuple[str, Action]:
        """Return an API and what goes wrong with the next request of it."""
        random = self._random
        if random.random() < (0.5 if self.kind == "transactional" else 0.1):
            others = OF_TRANSACTIONS if self.kind == "transactional" else _OTHERS
            api = random.choice(list(others))
            return api, random.choice([Fail(for_code(random.choice(others[api]))), *lost()])
        actions: list[Action] = [
            Fail(for_code(random.choice(_REFUSED))),
            Fail(for_code(random.choice(_WRITTEN)), applied=True),
            Delay(random.choice([0.2, 2.0, 6.0, _LONGEST_DELAY])),
            Throttle(random.choice([100, 2000])),
            random.choice(lost()),
        ]
        return "Produce", random.choices(actions, [5, 3, 3, 1, 8])[0]


def lost() -> list[Action]:
    """Return the ways in which a request or its answer is lost."""
    return [
        Disconnect(),
        Disconnect(applied=True),
        DropResponse(),
        DropResponse(applied=False),
        HalfFrame(),
        Garbage(b"\x00\x00\x00\x04\xff\xff\xff\xff"),
    ]
