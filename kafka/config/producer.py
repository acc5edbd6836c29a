"""Options of producers."""

from __future__ import annotations

import itertools
import math

from kafka._base.logs import logger
from kafka.config.common import CommonConfig
from kafka.config.option import at_least, between, not_empty, option, seconds
from kafka.errors import KafkaConfigurationError

log = logger(__name__)

_numbers = itertools.count(1)

# A broker recognises so many batches of a producer when they come again (KIP-98).
MOST_IN_FLIGHT = 5

COMPRESSION_TYPES = ("gzip", "snappy", "lz4", "zstd")


def _acks(value: object) -> int:
    acks = -1 if value == "all" else value
    if isinstance(acks, bool) or not isinstance(acks, (int, str)):
        raise TypeError("must be 0, 1 or 'all'")
    if acks not in (-1, 0, 1):
        raise ValueError("must be 0, 1 or 'all'")
    return int(acks)


def _compression_type(value: str) -> str | None:
    if value == "none":
        return None
    if value not in COMPRESSION_TYPES:
        raise ValueError(f"Not supported codec: must be None, {', '.join(COMPRESSION_TYPES)}")
    return value


def _partitioner(value: object) -> object:
    if isinstance(value, str) or callable(value) or callable(getattr(value, "partition", None)):
        return value
    raise TypeError("must be a Partitioner, or a callable of (key, all, available)")


class ProducerConfig(CommonConfig):
    """Options of `KafkaProducer` and `AsyncKafkaProducer`."""

    CLIENTS = "producers"

    client_id: str = option(
        None, not_empty, "Name of this client; None: ``kafka-python-producer-`` and a number."
    )
    # What a serializer may be is decided in kafka.serializer, where it is turned into a call.
    key_serializer: object = option(
        None,
        None,
        "Turns keys into bytes: a `Serializer` or a callable; None: keys are bytes.",
        takes="SerializerLike[K] | None",
    )
    value_serializer: object = option(
        None,
        None,
        "Turns values into bytes: a `Serializer` or a callable; None: values are bytes.",
        takes="SerializerLike[V] | None",
    )
    acks: int = option(
        -1,
        _acks,
        "Who must have a record before it counts as delivered: 0 nobody (no answer is awaited), "
        "1 the leader, ``'all'`` or -1 all replicas in sync.",
        takes="int | str",
    )
    compression_type: str | None = option(
        None, _compression_type, "``gzip``, ``snappy``, ``lz4``, ``zstd`` or None."
    )
    compression_gzip_level: int | None = option(
        None, between(1, 9, also=-1), "Level for gzip, 1 to 9; None: the library's (KIP-390)."
    )
    compression_lz4_level: int | None = option(
        None, between(1, 17), "Level for lz4, 1 to 17; None: the library's (KIP-390)."
    )
    compression_zstd_level: int | None = option(
        None, between(-131072, 22), "Level for zstd, up to 22; None: the library's (KIP-390)."
    )
    retries: float = option(
        math.inf, at_least(0), "Times a batch is sent again within ``delivery_timeout_ms``."
    )
    batch_size: int = option(
        16384, at_least(0), "Bytes of records collected into one batch; 0: one record per batch."
    )
    linger_ms: float = option(0, at_least(0), "Wait this long for a batch to fill, in ms.")
    partitioner: object = option(
        "kafka.partitioner.DefaultPartitioner",
        _partitioner,
        "Chooses the partition of records sent without one: a `Partitioner`, or a callable of "
        "(key, all partitions, available partitions). The default hashes keys as Java does and "
        "keeps records without a key together in batches (KIP-794).",
        takes="Partitioner | Callable[..., Any] | str",
    )
    partitioner_adaptive_partitioning_enable: bool = option(
        True,
        None,
        "Send more of the records without a key to partitions with short queues; False: all "
        "partitions get the same (KIP-794). Like the next two for the built-in partitioner only.",
    )
    partitioner_availability_timeout_ms: float = option(
        0,
        at_least(0),
        "Send records without a key past the partitions of a broker that has taken no batch for "
        "this long although some were due, in ms; 0: never (KIP-794).",
    )
    partitioner_ignore_keys: bool = option(
        False,
        None,
        "Choose the partition of records with a key as if they had none (KIP-794).",
    )
    buffer_memory: int = option(
        33554432,
        at_least(0),
        "Bytes of memory for records without an outcome, with the objects around them (headers, "
        "callbacks, batches); above it send() waits.",
    )
    max_block_ms: float = option(
        60000, at_least(0), "Time send() may wait for metadata and memory together, in ms."
    )
    max_request_size: int = option(
        1048576, at_least(1), "Largest request, and so the largest record, in bytes."
    )
    delivery_timeout_ms: float = option(
        120000,
        at_least(0),
        "Time from send() to success or failure of a record, retries included, in ms (KIP-91).",
    )
    enable_idempotence: bool = option(
        True,
        None,
        "Write each record once and in order in spite of retries (KIP-98). Takes ``acks='all'``, "
        "``retries`` above 0 and at most 5 requests in flight: where other values are given it is "
        "switched off, unless it was given as True; then they are an error. Brokers before 0.11 "
        "do without, or are an error in the same way.",
    )
    transactional_id: str | None = option(
        None,
        not_empty,
        "Name under which transactions go on after a restart; a new producer fences an older one "
        "of the same name (KIP-98). Implies ``enable_idempotence``.",
    )
    transaction_timeout_ms: float = option(
        60000,
        at_least(1),
        "Time after which the broker aborts an open transaction, in ms; not above the broker's "
        "``transaction.max.timeout.ms``.",
    )
    transaction_two_phase_commit_enable: bool = option(
        False,
        None,
        "Let transactions wait, without a time-out, for a decision made elsewhere (KIP-939). "
        "Brokers of no release so far take part in it unless unstable APIs are enabled.",
    )

    linger = seconds("linger_ms")
    max_block = seconds("max_block_ms")
    delivery_timeout = seconds("delivery_timeout_ms")
    partitioner_availability_timeout = seconds("partitioner_availability_timeout_ms")

    @property
    def requires_idempotence(self) -> bool:
        """Whether the user has asked for idempotence, so that doing without is an error."""
        return bool(self.__dict__["_requires_idempotence"])

    @property
    def compression_level(self) -> int | None:
        """The level set for the codec in use; None for the library's own."""
        return {
            "gzip": self.compression_gzip_level,
            "lz4": self.compression_lz4_level,
            "zstd": self.compression_zstd_level,
        }.get(self.compression_type or "")

    def _settle(self, given: frozenset[str]) -> None:
        super()._settle(given)
        if "client_id" not in given or self.client_id is None:
            self._put("client_id", f"kafka-python-producer-{next(_numbers)}")
        self._settle_idempotence(given)
        least = self.linger_ms + self.request_timeout_ms
        if self.delivery_timeout_ms >= least:
            return
        if "delivery_timeout_ms" in given:
            raise KafkaConfigurationError(
                f"delivery_timeout_ms={self.delivery_timeout_ms} must not be smaller than "
                f"linger_ms + request_timeout_ms = {least}"
            )
        log.warning("delivery_timeout_ms raised to linger_ms + request_timeout_ms = %s", least)
        self._put("delivery_timeout_ms", least)

    def _settle_idempotence(self, given: frozenset[str]) -> None:
        """Switch idempotence off if other options do not go with it; KIP-679."""
        self._settle_transactions(given)
        is_asked_for = self.enable_idempotence and "enable_idempotence" in given
        has_transactions = self.transactional_id is not None
        self._put("_requires_idempotence", is_asked_for or has_transactions)
        conflict = self._idempotence_conflict()
        if not self.enable_idempotence or not conflict:
            return
        if is_asked_for or has_transactions:
            asked = "transactional_id" if has_transactions else "enable_idempotence=True"
            raise KafkaConfigurationError(f"{asked} needs {conflict}; leave one of the two out")
        log.info("enable_idempotence is off: it needs %s", conflict)
        self._put("enable_idempotence", False)

    def _settle_transactions(self, given: frozenset[str]) -> None:
        """Refuse what does not go with transactions, or without them."""
        if self.transactional_id is not None and not self.enable_idempotence:
            raise KafkaConfigurationError(
                "transactional_id needs enable_idempotence, not False; leave one of the two out"
            )
        if not self.transaction_two_phase_commit_enable:
            return
        if self.transactional_id is None:
            raise KafkaConfigurationError(
                "transaction_two_phase_commit_enable=True needs a transactional_id"
            )
        if "transaction_timeout_ms" in given:
            raise KafkaConfigurationError(
                "with transaction_two_phase_commit_enable=True transactions have no time-out "
                "(KIP-939); leave transaction_timeout_ms out"
            )

    def _idempotence_conflict(self) -> str:
        """Return what idempotence needs that other options rule out; empty if nothing."""
        in_flight = self.max_in_flight_requests_per_connection
        if self.acks != -1:
            return f"acks='all', not {self.acks}"
        if self.retries == 0:
            return "retries above 0, not 0"
        if in_flight > MOST_IN_FLIGHT:
            return (
                f"max_in_flight_requests_per_connection of at most {MOST_IN_FLIGHT}, "
                f"not {in_flight}"
            )
        return ""
