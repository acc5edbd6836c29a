"""Write Produce requests: encode what goes into them, one way or another, and send them off.

Of the loop thread.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from kafka.errors import KafkaConnectionError, KafkaError, UnsupportedVersionError
from kafka.producer.flight import Flight
from kafka.producer.produce import SentBatches
from kafka.producer.producer_batch import NO_STAMP, BatchState
from kafka.protocol.produce_stencil import ProduceStencil, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.cluster import ClusterMetadata, ClusterSnapshot
    from kafka.net.connection import Connection
    from kafka.producer.flight import Landing, ProducerIds, SenderSettings, Sent
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.results import Results
    from kafka.producer.routes import PartitionQueue
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceRequest

log = logging.getLogger("kafka.producer.sender")


class Writer:
    """Make requests of batches and write them.

    Args:
        settings: see `SenderSettings`.
        cluster: the topics' ids.
        accumulator: encodes batches.
        results: hears of batches that cannot be sent.
        land: takes the answers.
        producer_ids: makes batches idempotent; ``None`` if they are not.
    """

    def __init__(
        self,
        settings: SenderSettings,
        *,
        cluster: ClusterMetadata,
        accumulator: RecordAccumulator,
        results: Results,
        land: Callable[[Flight, Landing], None],
        producer_ids: ProducerIds | None,
    ) -> None:
        self._common = Settings(
            settings.client_id, settings.acks, int(settings.request_timeout * 1000)
        )
        self._cluster = cluster
        self._accumulator = accumulator
        self._results = results
        self._land = land
        self._producer_ids = producer_ids

    def write(
        self, connection: Connection, node_id: int, sent: list[Sent], expires_at: float
    ) -> bool:
        """Write the request; return whether there was anything left to write."""
        versions = connection.versions
        if versions is None:
            raise KafkaConnectionError(f"node {node_id}: the connection has ended")
        flying = self.fit(sent, versions)
        if not flying:
            return False
        snapshot = self._cluster.snapshot
        flight = Flight(node_id, sent, flying=flying, snapshot=snapshot, land=self._land)
        if len(flying) > 1:
            connection.write(self.request(flying, snapshot), flight, expires_at=expires_at)
            return True
        queue, batch = flying[0]
        stencil = self._stencil(queue, versions, snapshot)
        stamp = NO_STAMP if self._producer_ids is None else self._producer_ids.stamp(batch)
        connection.write_batch(stencil, batch.pieces(stamp), flight, expires_at=expires_at)
        return True

    def write_unanswered(self, connection: Connection, sent: list[Sent]) -> list[Sent]:
        """Write a request that the broker does not answer; return what is in it."""
        versions = connection.versions
        if versions is None:
            raise KafkaConnectionError(f"{connection.where}: the connection has ended")
        flying = self.fit(sent, versions)
        if flying:
            request = self.request(flying, self._cluster.snapshot)
            connection.send_without_response(request)
        return flying

    def request(self, flying: list[Sent], snapshot: ClusterSnapshot) -> ProduceRequest:
        """Return the request that carries these batches."""
        ids = self._producer_ids
        stamps = {} if ids is None else {b.topic_partition: ids.stamp(b) for _, b in flying}
        return SentBatches([batch for _, batch in flying], snapshot).request(
            acks=self._common.acks, timeout_ms=self._common.timeout_ms, stamps=stamps
        )

    def _stencil(
        self, queue: PartitionQueue, versions: ApiVersions, snapshot: ClusterSnapshot
    ) -> ProduceStencil:
        """Return what requests with one batch of *queue* are made with, made anew if need be."""
        topic, partition = queue.topic_partition
        topic_id = snapshot.topic_id(topic)
        stencil = queue.stencil
        if stencil is None or stencil.versions is not versions or stencil.topic_id is not topic_id:
            stencil = queue.stencil = ProduceStencil(
                versions, self._common, topic=topic, topic_id=topic_id, partition=partition
            )
        return stencil

    def fit(self, sent: list[Sent], versions: ApiVersions) -> list[Sent]:
        """Return what can go to a broker of *versions*, encoded anew if that takes another format.

        It joined, or was upgraded, after the batch was sealed; or others of the cluster are older
        (from Produce 3 on a broker refuses what is not of format 2).
        """
        codec = self._accumulator.settings.codec
        if codec:
            versions.require_codec(codec)
        magic = versions.record_magic
        for _, batch in sent:
            if batch.magic != magic and batch.state is BatchState.IN_FLIGHT:
                self._encode_anew(batch, magic)
        return [item for item in sent if item.batch.state is BatchState.IN_FLIGHT]

    def _encode_anew(self, batch: ProducerBatch, magic: int) -> None:
        settings = self._accumulator.settings
        batch.move(BatchState.ENCODED)
        batch.reopen()
        if magic < 2 and any(record[3] for record in batch.records):
            topic, partition = batch.topic_partition
            old = UnsupportedVersionError(
                f"{topic}-{partition}: the leader is older than Kafka 0.11 and cannot store "
                f"record headers"
            )
            self._results.fail(batch, old)
            return
        codec, level = settings.codec, settings.compression_level
        self._attempt(batch, partial(batch.encode, magic=magic, codec=codec, level=level))
        if batch.outcome is None:
            batch.move(BatchState.IN_FLIGHT)

    def encode(self, queue: PartitionQueue, batch: ProducerBatch) -> bool:
        """Make sure *batch* is encoded; return whether it can be sent."""
        if batch.state is BatchState.SEALED:
            self._attempt(
                batch, partial(self._accumulator.encode, batch, queue.route, take_over=True)
            )
        if batch.outcome is not None:
            self._accumulator.release(batch)
            return False
        return True

    def _attempt(self, batch: ProducerBatch, encode: Callable[[], object]) -> None:
        """Call *encode*, which encodes *batch*; fail the batch if it raises."""
        try:
            encode()
        except Exception as exc:
            topic, partition = batch.topic_partition
            log.exception("topic=%s partition=%d: a batch could not be encoded", topic, partition)
            error = KafkaError(f"{topic}-{partition}: the batch could not be encoded: {exc!r}")
            error.__cause__ = exc
            self._results.fail(batch, exc if isinstance(exc, KafkaError) else error)
