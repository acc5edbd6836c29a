"""What both faces of a producer own, before it is started and after it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka._base.loop_check import check_own_loop
from kafka._base.system import SystemClock
from kafka._base.waiting import seconds_of
from kafka.config.foreign_names import refuse_positional
from kafka.config.producer import ProducerConfig
from kafka.errors import IllegalStateError
from kafka.metrics.sensors import ProducerSensors
from kafka.partitioner.adapt import adapt_partitioner
from kafka.producer.arguments import check_topic
from kafka.record.compression import codec_named, load_codec
from kafka.serializer.adapt import adapt_serializer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.cluster import ClusterMetadata
    from kafka.metrics.sensors import Values
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.core import ProducerCore


def options_of(client: str, given: Sequence[object], configs: dict[str, object]) -> ProducerConfig:
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

    Attributes:
        config: the options as users see them.
        started: the core; ``None`` before `start`, and after a `start` that failed.
        closed: whether the producer takes no more calls.
    """

    def __init__(self, options: ProducerConfig) -> None:
        # Most of what importing a client would cost. It is needed when one is made; not later,
        # because `start` runs on the event loop of the application.
        from kafka.producer.core import ProducerCore  # noqa: PLC0415

        load_codec(codec_named(options.compression_type))
        self._make_core = ProducerCore
        self.options = options
        self.config = options.as_dict()
        self.started: ProducerCore | None = None
        self.closed = False
        self._sensors = ProducerSensors(options, SystemClock()) if options.metrics_enabled else None

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
                self.options, runner=runner, observer=self._sensors, yields_to_loop=yields_to_loop
            )
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

    async def close(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - public name
        """Deliver what was sent, then disconnect. May be called again.

        Args:
            timeout: seconds to deliver what is left; what is not delivered by then fails with
                `KafkaTimeoutError` in its future, and is logged. ``None`` (the default) waits as
                long as a delivery may take; 0 drops at once.

        Raises:
            IllegalStateError: called inside a delivery callback.
        """
        seconds = self.close_timeout(timeout)
        self.closed = True
        if self.started is not None:
            await self.started.close(seconds)
        self._close_sensors()

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
