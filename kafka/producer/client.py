"""What both faces of a producer own, before it is started and after it is closed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka._base.loop_check import check_own_loop
from kafka._base.system import SystemClock
from kafka._base.waiting import seconds_of
from kafka.config.foreign_names import refuse_positional
from kafka.config.producer import ProducerConfig
from kafka.errors import IllegalStateError, UnsupportedVersionError
from kafka.metrics.producer_sensors import ProducerSensors
from kafka.net.security import prepare
from kafka.partitioner.adapt import adapt_partitioner
from kafka.producer.arguments import block_time, check_keep_prepared, check_topic, group_of
from kafka.record.compression import codec_named, load_codec
from kafka.serializer.adapt import adapt_serializer
from kafka.subscription.offsets_to_commit import offsets_to_commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kafka.cluster import ClusterMetadata
    from kafka.metrics.sensors import Values
    from kafka.net.security import Security
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.core import ProducerCore
    from kafka.producer.transactional_part import TransactionalPart
    from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition


def options_of(
    client: str, given: Sequence[object], configs: Mapping[str, object]
) -> ProducerConfig:
    """Return the checked options of a face.

    Args:
        client: name of its class.
        given: positional arguments, of which it takes none.
        configs: keyword arguments.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: positional arguments, or a value of the wrong type.
    """
    refuse_positional(client, given, ProducerConfig.OPTIONS)
    options = ProducerConfig.from_kwargs(configs)
    # For their errors: the send path adapts them when the producer starts.
    adapt_serializer(options.key_serializer, option="key_serializer")
    adapt_serializer(options.value_serializer)
    adapt_partitioner(options.partitioner)
    return options


class ProducerClient:
    """The options of a producer, what it measures, and its core once it is started.

    Its public methods are those of both faces: their names, types and docstrings are written here.

    Args:
        options: the checked options.
        security: what was prepared for the parent of a forked process, whose files may be gone.

    Attributes:
        config: the options as users see them.
        security: secures the connections.
        started: the core; ``None`` before `start`, and after a `start` that failed.
        closed: whether the producer takes no more calls.
        is_parents: whether the process that this one was forked from has transactions under the
            ``transactional_id``.
    """

    def __init__(self, options: ProducerConfig, security: Security | None = None) -> None:
        # Most of what importing a client would cost. It is needed when one is made; not later,
        # because `start` runs on the event loop of the application.
        from kafka.producer.core import ProducerCore  # noqa: PLC0415

        load_codec(codec_named(options.compression_type))
        self._make_core = ProducerCore
        self.options = options
        self.config = options.as_client_config()
        self.security = prepare(options) if security is None else security
        self.started: ProducerCore | None = None
        self.closed = False
        self.is_parents = False
        self._sensors = ProducerSensors(options, SystemClock()) if options.metrics_enabled else None

    def forked(self) -> ProducerClient:
        """Return what takes the place of this object in a forked child."""
        child = ProducerClient(self.options, self.security)
        child.closed = self.closed
        transactions = None if self.started is None else self.started.transactions
        child.is_parents = self.is_parents or (transactions is not None and transactions.is_used)
        return child

    def check_process(self) -> None:
        """Raise `IllegalStateError` where calls would disturb transactions of the parent."""
        if self.is_parents:
            raise IllegalStateError(
                f"transactional_id={self.options.transactional_id!r} belongs to the process that "
                f"this one was forked from, and so do its transactions; make a producer with "
                f"another transactional_id in this process"
            )

    @property
    def core(self) -> ProducerCore:
        """The core; raises `IllegalStateError` if there is none."""
        if self.started is None:
            state = "closed" if self.closed else "not started: use `async with` or await start()"
            raise IllegalStateError(f"the producer is {state}")
        return self.started

    @property
    def core_here(self) -> ProducerCore:
        """The core, for calls on its event loop; raises `IllegalStateError` on another one."""
        core = self.core
        self.check_loop()
        return core

    def check_loop(self) -> None:
        """Raise `IllegalStateError` if the producer runs on another loop than this call does."""
        if self.started is not None:
            check_own_loop("AsyncKafkaProducer", self.started.loop)

    @property
    def cluster(self) -> ClusterMetadata:
        """What is known of the cluster."""
        return self.core.net.cluster

    # -- life --------------------------------------------------------------------------------

    async def start(self, runner: CallbackRunner, *, yields_to_loop: bool = False) -> None:
        """Find the cluster; on the loop that owns the producer from now on.

        Args:
            runner: where callbacks run.
            yields_to_loop: whether users' threads yield to the loop when it is behind.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        if self.started is not None or self.closed:
            raise IllegalStateError("the producer was started before; make a new one")
        try:
            self.started = core = self._make_core(
                self.options,
                runner=runner,
                observer=self._sensors,
                yields_to_loop=yields_to_loop,
                security=self.security,
            )
            if self._sensors is not None:
                self._sensors.watch(core.gauges())
            await core.start(Deadline.after(core.clock.now(), self.options.bootstrap_timeout))
        except BaseException:
            self.started, self.closed = None, True
            self._close_sensors()
            raise

    def close_timeout(self, timeout: float | None) -> float:
        """Return the seconds that a close() may take which was given *timeout*; any thread.

        Raises:
            IllegalStateError: called inside a delivery callback.
        """
        if self.started is None:
            return seconds_of("close", timeout, 0.0)
        self.started.incomplete.check_not_in_callback("close")
        return seconds_of("close", timeout, self.started.incomplete.wait_timeout)

    async def close(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - public name
        *,
        raise_on_error: bool = False,
    ) -> None:
        """Deliver what was sent, then disconnect. May be called again.

        Args:
            timeout: seconds to deliver what is left; what is not delivered by then fails with
                `KafkaTimeoutError` in its future, and is logged. ``None`` (the default) waits as
                long as a delivery may take; 0 drops at once.
            raise_on_error: when all is closed, raise the failures that nobody has looked at,
                instead of logging them.

        Raises:
            UndeliveredRecordsError: see *raise_on_error*.
            IllegalStateError: called inside a delivery callback.
        """
        seconds = self.close_timeout(timeout)
        self.closed = True
        try:
            if self.started is not None:
                await self.started.close(seconds, raise_on_error=raise_on_error)
        finally:
            self._close_sensors()

    # -- transactions ------------------------------------------------------------------------

    async def init_transactions(
        self, keep_prepared: bool = False, timeout_ms: float | None = None
    ) -> None:
        """Get ready for transactions: get a producer id, and fence older producers of this name.

        Called once, before the first transaction. An open transaction of an older producer with
        the same ``transactional_id`` is aborted first.

        Args:
            keep_prepared: leave a transaction open that was prepared before (KIP-939); takes
                ``transaction_two_phase_commit_enable``.
            timeout_ms: how long to wait, in ms; ``None`` for ``max_block_ms``.

        Raises:
            KafkaTimeoutError: it has not ended in time; call it again.
            TransactionalIdAuthorizationFailedError: the ``transactional_id`` is not for this user.
            UnsupportedVersionError: the brokers have no transactions, or none in two phases; or
                *keep_prepared* without ``transaction_two_phase_commit_enable``.
            IllegalStateError: there is no ``transactional_id``, or it was called before.
            TypeError: *keep_prepared* is no bool: a time-out is given by name.
        """
        transactions = self._transactions
        check_keep_prepared(
            keep_prepared, two_phase=self.options.transaction_two_phase_commit_enable
        )
        with self._timed("init"):
            await transactions.init(self._deadline(timeout_ms), keep_prepared=keep_prepared)

    async def begin_transaction(self, timeout_ms: float | None = None) -> None:
        """Open a transaction; from here on records are part of it.

        Args:
            timeout_ms: accepted as by the others: nothing is waited for.

        Raises:
            IllegalStateError: `init_transactions` was not called, or a transaction is open.
            ProducerFencedError: another producer has taken over the ``transactional_id``.
        """
        del timeout_ms
        with self._timed("begin"):
            self._transactions.begin()

    async def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        group_metadata: ConsumerGroupMetadata | str,
        timeout_ms: float | None = None,
    ) -> None:
        """Commit offsets of a consumer group if and when the transaction is committed.

        Args:
            offsets: the offset of the next record to read, by partition; nothing is done if empty.
            group_metadata: ``consumer.group_metadata()``, by which the brokers refuse offsets of a
                consumer that has been replaced (KIP-447); with the name of the group alone they
                cannot.
            timeout_ms: how long to wait, in ms; ``None`` for ``max_block_ms``.

        Raises:
            CommitFailedError: the consumer is no member of the group any more; abort.
            TransactionAbortableError: the transaction has failed; abort it.
            KafkaTimeoutError: it has not ended in time; call it again, or abort.
            IllegalStateError: no transaction is open.
            ProducerFencedError: another producer has taken over the ``transactional_id``.
        """
        transactions = self._transactions
        group = group_of(group_metadata)
        deadline = self._deadline(timeout_ms)
        with self._timed("send-offsets"):
            await transactions.send_offsets(offsets_to_commit(offsets), group, deadline)

    async def prepare_transaction(self, timeout_ms: float | None = None) -> None:
        """Send everything, and keep the transaction open for a decision made elsewhere (KIP-939).

        Afterwards only `commit_transaction` and `abort_transaction` are possible.

        Args:
            timeout_ms: how long to wait, in ms; ``None`` for ``max_block_ms``.

        Raises:
            UnsupportedVersionError: ``transaction_two_phase_commit_enable`` is not set.
            TransactionAbortableError: a record has failed; abort the transaction.
            KafkaTimeoutError: it has not ended in time; call it again.
            IllegalStateError: no transaction is open.
        """
        transactions = self._transactions
        if not self.options.transaction_two_phase_commit_enable:
            raise UnsupportedVersionError(
                "prepare_transaction() needs transaction_two_phase_commit_enable=True, and brokers "
                "that take part (KIP-939)"
            )
        await transactions.prepare(self._deadline(timeout_ms))

    async def commit_transaction(self, timeout_ms: float | None = None) -> None:
        """Send everything, and make the records and offsets of the transaction count.

        When it returns, the callbacks of the records have run, and the decision is final; readers
        see the records very soon after.

        Args:
            timeout_ms: how long to wait, in ms; ``None`` for ``max_block_ms``.

        Raises:
            TransactionAbortableError: a record or the transaction has failed; abort it.
            KafkaTimeoutError: it has not ended in time; call it again.
            IllegalStateError: no transaction is open, or called inside a delivery callback.
            ProducerFencedError: another producer has taken over the ``transactional_id``, or the
                transaction took longer than ``transaction_timeout_ms`` and was aborted.
        """
        transactions = self._transactions
        self.core.incomplete.check_not_in_callback("commit_transaction")
        with self._timed("commit"):
            await transactions.commit(self._deadline(timeout_ms))

    async def abort_transaction(self, timeout_ms: float | None = None) -> None:
        """Drop the records and offsets of the transaction.

        Records that were not sent fail with `TransactionAbortedError`; readers with the
        ``isolation_level`` ``read_committed`` never see the others. Where ``transaction.version``
        is below 2, it waits for the answers to all requests with records, at most
        ``request_timeout_ms``: what a broker wrote later would be part of the next transaction.

        Args:
            timeout_ms: how long to wait, in ms; ``None`` for ``max_block_ms``.

        Raises:
            KafkaTimeoutError: it has not ended in time; call it again.
            IllegalStateError: no transaction is open, or called inside a delivery callback.
            ProducerFencedError: another producer has taken over the ``transactional_id``, or the
                transaction took longer than ``transaction_timeout_ms`` and was aborted.
        """
        transactions = self._transactions
        self.core.incomplete.check_not_in_callback("abort_transaction")
        with self._timed("abort"):
            await transactions.abort(self._deadline(timeout_ms))

    @property
    def _transactions(self) -> TransactionalPart:
        core = self.core
        core.check()
        if core.transactions is None:
            raise IllegalStateError(
                "the producer has no transactional_id, so it has no transactions: give it one that "
                "stays the same after a restart"
            )
        return core.transactions

    @contextmanager
    def _timed(self, call: str) -> Iterator[None]:
        """Report how long the call takes, whatever comes of it."""
        runtime = self.core.net.runtime
        began = runtime.clock.now()
        try:
            yield
        finally:
            runtime.observer.transaction_called(call, runtime.clock.now() - began)

    def _deadline(self, timeout_ms: float | None) -> Deadline:
        seconds = block_time(timeout_ms, self.options.max_block)
        return Deadline.after(self.core.clock.now(), seconds)

    # -- the end -----------------------------------------------------------------------------

    def _close_sensors(self) -> None:
        if self._sensors is not None:
            self._sensors.close()

    # -- the cluster -------------------------------------------------------------------------

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of *topic*, waiting for its metadata up to ``max_block_ms``.

        Raises:
            KafkaTimeoutError: nothing is known of the topic in time.
            IllegalStateError: called where the blocking producer cannot wait: in a signal handler
                that interrupted a send() of the same thread.
        """
        core = self.core
        core.check()
        check_topic(topic)
        deadline = Deadline.after(core.clock.now(), self.options.max_block)
        return set(await core.net.metadata.topic(topic, deadline))

    def status_line(self, name: str) -> str:
        """Return one line about the producer, a *name* of its class; any thread."""
        core = self.started
        facts = ["closed" if self.closed else "new" if core is None else "open"]
        if self.options.transactional_id is not None:
            facts.append(f"transactional_id={self.options.transactional_id}")
        if core is not None and not self.closed:
            brokers, waiting = len(core.net.cluster.snapshot.brokers), core.accumulator.records()
            facts.append("1 broker" if brokers == 1 else f"{brokers} brokers")
            facts.append("1 record waiting" if waiting == 1 else f"{waiting} records waiting")
        return f"<{name} {self.options.client_id!r} {', '.join(facts)}>"

    def bootstrap_connected(self) -> bool:
        """Return whether the producer has found its cluster and is not closed."""
        core = self.started
        return core is not None and not core.closed and bool(core.net.cluster.snapshot.brokers)

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return None if self._sensors is None else self._sensors.metrics(raw)
