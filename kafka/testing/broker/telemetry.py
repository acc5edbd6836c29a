"""Metrics that clients push (KIP-714).  Pure.

The order of the checks is that of Apache Kafka's ClientMetricsManager. The pushed metrics are kept
for tests, and not interpreted.
"""

from __future__ import annotations

import zlib
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

from kafka.errors import (
    InvalidRecordError,
    InvalidRequestError,
    KafkaError,
    TelemetryTooLargeError,
    ThrottlingQuotaExceededError,
    UnknownSubscriptionIdError,
    UnsupportedCodecError,
    UnsupportedCompressionTypeError,
)
from kafka.protocol.schema import ZERO_UUID
from kafka.record.compression import Codec, decompress
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.config_values import split_list
from kafka.testing.broker.group_configs import CLIENT_METRICS_CONFIGS, match_patterns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.testing.broker.broker_state import BrokerState

# In the order a broker offers them.
ACCEPTED_CODECS = (Codec.ZSTD, Codec.LZ4, Codec.GZIP, Codec.SNAPPY)
DEFAULT_INTERVAL_MS = int(CLIENT_METRICS_CONFIGS["interval.ms"].default)
_ALL = "*"
_MAX_BYTES = "telemetry.max.bytes"
_NAMESPACE = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
_REASONS_TO_ASK_AGAIN = (UnknownSubscriptionIdError, UnsupportedCompressionTypeError)


class Subscription(NamedTuple):
    """The metrics that one client must push, and how often."""

    subscription_id: int
    metrics: tuple[str, ...]
    interval_ms: int


class Push(NamedTuple):
    """Metrics that a client pushed: an encoded MetricsData of OTLP, uncompressed."""

    client_instance_id: UUID
    metrics: bytes
    is_terminating: bool


class _Instance:
    __slots__ = ("last_error", "last_get", "last_push", "terminating")

    def __init__(self) -> None:
        self.last_get = -1.0
        self.last_push = -1.0
        self.terminating = False
        self.last_error: type[KafkaError] | None = None


class Telemetry:
    """The clients of one broker that push metrics.

    Attributes:
        pushes: the pushed metrics, oldest first.
        max_bytes: largest payload.
    """

    def __init__(self, broker: BrokerState) -> None:
        self.pushes: list[Push] = []
        self._store = broker.cluster.component(ConfigStore)
        self._ids = (
            uuid5(_NAMESPACE, f"{broker.cluster.cluster_id}/{broker.node_id}/{number}")
            for number in count()
        )
        self._instances: dict[UUID, _Instance] = {}
        self._node_id = broker.node_id

    @property
    def max_bytes(self) -> int:
        """The size of the largest payload that is accepted, in bytes."""
        return int(self._store.broker_value(self._node_id, _MAX_BYTES) or 0)

    def new_instance_id(self) -> UUID:
        """Return an id for a client without one."""
        return next(self._ids)

    def get(self, instance_id: UUID, facts: Mapping[str, str], now: float) -> Subscription:
        """Return the subscription of a client.

        Args:
            instance_id: of the client.
            facts: about the client, by selector of the ``match`` config.
            now: the cluster's time in seconds.

        Raises:
            ThrottlingQuotaExceededError: it asks more often than it has to push.
        """
        subscription = self._subscription(instance_id, facts)
        instance = self._instances.setdefault(instance_id, _Instance())
        last = max(instance.last_get, instance.last_push)
        if last >= 0 and now - last < subscription.interval_ms / 1000:
            if instance.last_error not in _REASONS_TO_ASK_AGAIN:
                raise ThrottlingQuotaExceededError
        else:
            instance.last_get = now
        instance.last_error = None
        return subscription

    def push(
        self,
        push: Push,
        *,
        subscription_id: int,
        codec: int,
        facts: Mapping[str, str],
        now: float,
    ) -> None:
        """Accept metrics.

        Args:
            push: as received, perhaps compressed.
            subscription_id: the one that the client knows.
            codec: the compression.
            facts: about the client, by selector.
            now: the cluster's time in seconds.

        Raises:
            BrokerResponseError: the metrics are not accepted.
        """
        if push.client_instance_id == ZERO_UUID:
            raise InvalidRequestError("a push needs a client instance id")
        instance = self._instances.setdefault(push.client_instance_id, _Instance())
        try:
            subscription = self._subscription(push.client_instance_id, facts)
            self._check_time(instance, push, subscription, now)
            if subscription_id != subscription.subscription_id:
                raise UnknownSubscriptionIdError
            metrics = self._uncompressed(push.metrics, codec)
        except KafkaError as error:
            instance.last_error = type(error)
            raise
        instance.last_error = None
        self.pushes.append(push._replace(metrics=metrics))

    @staticmethod
    def _check_time(
        instance: _Instance, push: Push, subscription: Subscription, now: float
    ) -> None:
        if instance.terminating:
            raise InvalidRequestError("the client has pushed its last metrics already")
        is_first = instance.last_get > instance.last_push or instance.last_push < 0
        is_due = is_first or now - instance.last_push >= subscription.interval_ms / 1000
        if is_due:
            instance.last_push = now
        elif not push.is_terminating:
            raise ThrottlingQuotaExceededError
        instance.terminating = push.is_terminating

    def _uncompressed(self, data: bytes, codec: int) -> bytes:
        if codec not in {Codec.NONE, *ACCEPTED_CODECS}:
            raise UnsupportedCompressionTypeError
        if len(data) > self.max_bytes:
            raise TelemetryTooLargeError
        try:
            return decompress(Codec(codec), data, self.max_bytes)
        except UnsupportedCodecError as exc:
            raise UnsupportedCompressionTypeError(str(exc)) from exc
        except KafkaError as exc:
            raise InvalidRecordError(str(exc)) from exc

    def _subscription(self, instance_id: UUID, facts: Mapping[str, str]) -> Subscription:
        wanted: dict[str, None] = {}
        intervals = []
        for name in self._store.client_metrics:
            patterns = match_patterns(self._store.client_metrics_value(name, "match"))
            if all(
                pattern.fullmatch(facts.get(selector, "")) for selector, pattern in patterns.items()
            ):
                metrics = self._store.client_metrics_value(name, "metrics")
                wanted.update(dict.fromkeys(split_list(metrics)))
                intervals.append(int(self._store.client_metrics_value(name, "interval.ms")))
        chosen = (_ALL,) if _ALL in wanted else tuple(wanted)
        interval = min(intervals, default=DEFAULT_INTERVAL_MS)
        digest = zlib.crc32(repr((chosen, interval, instance_id.int)).encode())
        return Subscription(digest - (1 << 31), chosen, interval)
