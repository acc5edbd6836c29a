"""The transactions of a cluster: the coordinator's decisions, carried out.  Pure.

Get it with ``cluster.component(Transactions)``. Markers are written at once, before EndTxn is
answered, unless they are held (`hold_markers`) or a partition has no leader; until the last one is
written, the next transaction of the same id is CONCURRENT_TRANSACTIONS.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    CoordinatorNotAvailableError,
    InvalidProducerEpochError,
    InvalidRequestError,
    InvalidTxnStateError,
    NotEnoughReplicasError,
    ProducerFencedError,
    TransactionAbortableError,
    TransactionCoordinatorFencedError,
)
from kafka.structs import TopicPartition
from kafka.testing.broker.cluster import NO_LEADER
from kafka.testing.broker.coordinators import Coordinators, KeyType, slot_of
from kafka.testing.broker.groups.coordinator import GroupCoordinator
from kafka.testing.broker.timers import Event
from kafka.testing.broker.transactions.coordinator import (
    ProducerIdAndEpoch,
    TransactionCoordinator,
)
from kafka.testing.broker.transactions.markers import Marker, end_offsets, write_marker
from kafka.testing.broker.transactions.metadata import Moment, TransactionState

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.timers import Timer
    from kafka.testing.broker.transactions.metadata import TransactionMetadata

OFFSETS_TOPIC = "__consumer_offsets"
FEATURE = "transaction.version"
_NONE = -1


class Transactions:
    """The transactions of one cluster.

    Attributes:
        coordinator: the state of every transactional id.
        changed: fires when a transaction was completed.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.coordinator = TransactionCoordinator(cluster.new_producer_id)
        self.changed = Event()
        self._cluster = cluster
        self._coordinators = cluster.component(Coordinators)
        self._offsets = cluster.component(GroupCoordinator).offsets
        self._holds_markers = False
        self._timer: Timer | None = None
        self._terms: dict[int, tuple[int, int]] = {}
        # A partition that gets a leader again can take the marker it lacks.
        cluster.metadata_changed.subscribe(self.write_markers)

    # -- shared by requests --------------------------------------------------------------------

    def at(self) -> Moment:
        """Return the cluster's time."""
        return Moment(self._cluster.clock.now(), self._cluster.clock.wall_ms())

    @property
    def bumps_on_end(self) -> bool:
        """Whether the cluster has transaction.version 2, with which every end bumps the epoch."""
        feature = self._cluster.features.get(FEATURE)
        return feature is not None and feature.finalized >= 2

    def check_coordinator(self, node_id: int, transactional_id: str) -> None:
        """Check that a node coordinates a transactional id.

        Raises:
            InvalidRequestError: the transactional id is empty.
            NotCoordinatorError: another node coordinates it.
        """
        if not transactional_id:
            raise InvalidRequestError("the transactional id is empty")
        self._coordinators.check(node_id, KeyType.TRANSACTION, transactional_id)
        self.expire()

    def expire(self) -> None:
        """Forget the transactional ids that have been unused for long."""
        lifetime = int(self._cluster.setting("transactional.id.expiration.ms")) / 1000
        self.coordinator.expire(lifetime, self.at())

    # -- transitions ----------------------------------------------------------------------------

    def init_producer_id(
        self, transactional_id: str, *, timeout_ms: int, expected: ProducerIdAndEpoch | None
    ) -> ProducerIdAndEpoch:
        """Give an id to a producer; see `TransactionCoordinator.init_producer_id`."""
        try:
            return self.coordinator.init_producer_id(
                transactional_id,
                timeout_ms=timeout_ms,
                max_timeout_ms=int(self._cluster.setting("transaction.max.timeout.ms")),
                expected=expected,
                bumps_on_end=self.bumps_on_end,
                at=self.at(),
            )
        finally:
            # A transaction that was open is being aborted now.
            self.write_markers()

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: set[TopicPartition],
    ) -> None:
        """Add partitions to a transaction; see `TransactionCoordinator.add_partitions`."""
        self.coordinator.add_partitions(transactional_id, producer, partitions, self.at())
        self._arm()

    def end(
        self, transactional_id: str, producer: ProducerIdAndEpoch, *, commit: bool, bumps: bool
    ) -> ProducerIdAndEpoch:
        """End a transaction; see `TransactionCoordinator.end`."""
        after = self.coordinator.end(
            transactional_id, producer, commit=commit, bumps=bumps, at=self.at()
        )
        self.write_markers()
        return after

    # -- partitions that join by being written to -------------------------------------------------

    def join(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partition: TopicPartition,
        *,
        may_join: bool,
        knows_abortable: bool,
    ) -> None:
        """Add a partition that is written to, or check that it has been added (KIP-890).

        Args:
            transactional_id: whose transaction.
            producer: who writes.
            partition: written to.
            may_join: the client speaks TV2: the write adds the partition.
            knows_abortable: the client's version of the request has TRANSACTION_ABORTABLE.

        Raises:
            BrokerResponseError: the partition is not part of the producer's open transaction.
        """
        try:
            if may_join:
                self._reachable(transactional_id)
                self.add_partitions(transactional_id, producer, {partition})
            elif self._verifies:
                self._reachable(transactional_id)
                self.coordinator.verify(transactional_id, producer, partition)
        except ProducerFencedError as error:
            # Clients know INVALID_PRODUCER_EPOCH from Produce since before there was fencing.
            raise InvalidProducerEpochError(*error.args) from error
        except TransactionAbortableError as error:
            if knows_abortable:
                raise
            raise InvalidTxnStateError(*error.args) from error
        except ConcurrentTransactionsError as error:
            if may_join:
                raise
            # A producer of TV1 never gets it from Produce; it retries NOT_ENOUGH_REPLICAS.
            raise NotEnoughReplicasError(*error.args) from error

    @property
    def _verifies(self) -> bool:
        # Of the releases there are, those that know the feature have verification too: both came
        # with KIP-890. Before, a write to a partition nobody had added made a hanging transaction.
        return FEATURE in self._cluster.release.features and self._cluster.flag(
            "transaction.partition.verification.enable"
        )

    def _reachable(self, transactional_id: str) -> None:
        if not transactional_id:
            raise InvalidRequestError("the transactional id is empty")
        if self._coordinators.find(KeyType.TRANSACTION, transactional_id) is None:
            raise CoordinatorNotAvailableError(f"nobody coordinates {transactional_id!r}")

    # -- markers --------------------------------------------------------------------------------

    def hold_markers(self, hold: bool = True) -> None:
        """Hold back the markers of ended transactions, or write those that wait."""
        self._holds_markers = hold
        self.write_markers()

    def write_markers(self) -> None:
        """Write the markers that can be written and complete the transactions that have all."""
        if self._holds_markers:
            return
        for found in self.coordinator.unfinished():
            for partition in sorted(found.waiting):
                if self._end_in(found, partition):
                    self.coordinator.marker_written(found, partition)
            if self.coordinator.complete(found, self.at()):
                self.changed.fire()

    def _end_in(self, found: TransactionMetadata, where: TopicPartition) -> bool:
        """End a transaction in one partition; return whether nothing is left to do there."""
        commit = found.state is TransactionState.PREPARE_COMMIT
        epoch = self.coordinator_epoch(found.transactional_id)
        marker = Marker(found.producer_id, found.epoch, epoch, commit)
        partition = self._cluster.partition(*where)
        # A newer epoch or coordinator may have ended it already.
        with suppress(InvalidProducerEpochError, TransactionCoordinatorFencedError):
            if where.topic == OFFSETS_TOPIC:
                self.end_offsets(where.partition, marker)
            elif partition is not None and partition.leader == NO_LEADER:
                return False
            elif partition is not None:
                write_marker(partition, marker, self.at())
        return True

    def end_offsets(self, slot: int, marker: Marker) -> None:
        """End a transaction in the groups whose offsets one partition of __consumer_offsets holds.

        Raises:
            BrokerResponseError: see `markers.end_offsets`.
        """
        end_offsets(self._offsets, slot, marker, self.at())

    def coordinator_epoch(self, transactional_id: str) -> int:
        """Return the term of the node that coordinates a transactional id, counted from 0."""
        slot = slot_of(transactional_id)
        node = self._coordinators.find(KeyType.TRANSACTION, transactional_id)
        node_id = _NONE if node is None else node.node_id
        last_node, epoch = self._terms.get(slot, (node_id, 0))
        if node_id != last_node:
            epoch += 1
        self._terms[slot] = node_id, epoch
        return epoch

    # -- time -----------------------------------------------------------------------------------

    def _arm(self) -> None:
        due = self.coordinator.next_wakeup()
        if self._timer is not None and self._timer.is_pending:
            if due is not None and self._timer.when <= due:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._cluster.timers.call_at(due, self._expire)

    def _expire(self) -> None:
        self.coordinator.poll(bumps_on_end=self.bumps_on_end, at=self.at())
        self.write_markers()
        self._arm()

    def set_version(self, level: int) -> None:
        """Finalize transaction.version at 0, 1 or 2; producers look at it between transactions.

        Raises:
            InvalidRequestError: the release that the cluster imitates does not have that level.
        """
        feature = self._cluster.features.get(FEATURE)
        if feature is None or not feature.minimum <= level <= feature.maximum:
            raise InvalidRequestError(
                f"{self._cluster.release.name} has no {FEATURE} {level}: {feature}"
            )
        self._cluster.features[FEATURE] = feature._replace(finalized=level)
        self._cluster.features_epoch += 1


def offsets_partition(group_id: str) -> TopicPartition:
    """Return the partition that joins a transaction with the offsets of a group."""
    return TopicPartition(OFFSETS_TOPIC, slot_of(group_id))


def fenced_code(error: BrokerResponseError, *, knows_fencing: bool) -> int:
    """Return the error code of *error* for a client that knows PRODUCER_FENCED, or does not.

    INVALID_PRODUCER_EPOCH stood for both before KIP-588.
    """
    if isinstance(error, ProducerFencedError) and not knows_fencing:
        return InvalidProducerEpochError.errno
    return error.errno
