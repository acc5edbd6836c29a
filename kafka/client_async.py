"""`KafkaClient`: requests to the brokers of a cluster, with kafka-python 2.x's interface.

The network lives on a thread with an event loop of its own, so it works where another loop runs, as
in a notebook. What a program sees stays with the program: futures are resolved and callbacks run
inside `KafkaClient.poll`, on the thread that calls it.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka._base.system import monotonic
from kafka.errors import (
    Cancelled,
    IllegalStateError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
)
from kafka.future import Future
from kafka.low_level.arguments import check_future, from_ms, seconds_of
from kafka.low_level.client_link import ClientLink, Network, nodes_of
from kafka.low_level.deliveries import Deliveries, Outcome
from kafka.low_level.options import LowLevelConfig, options_of
from kafka.low_level.outgoing import Answer, Outgoing
from kafka.low_level.own_thread import GRACE, OwnThread
from kafka.low_level.version_check import release_of
from kafka.net.network_client import NetworkClient
from kafka.net.security import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from types import TracebackType

    from kafka._base.loop_thread import EventLoopThread
    from kafka.cluster import ClusterMetadata
    from kafka.config.network import NetworkConfig
    from kafka.low_level.client_link import NodeFacts, NodeId
    from kafka.low_level.deliveries import Response
    from kafka.low_level.outgoing import AnyRequest
    from kafka.net.security import Security

T = TypeVar("T")


class KafkaClient:
    """Send requests to the brokers of a cluster. ::

        with KafkaClient(bootstrap_servers="localhost:9092") as client:
            node_id = client.least_loaded_node()
            while not client.ready(node_id):
                client.poll()
            future = client.send(node_id, MetadataRequest[4](None, True))
            client.poll(future=future)
            print(future.value)

    Args:
        hosts: the bootstrap servers, as kafka-python 1.x takes them; or ``bootstrap_servers=``.
        configs: options of `kafka.low_level.options.LowLevelConfig`; unknown ones are dropped with
            a warning.

    Attributes:
        config: the options.

    Raises:
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        KafkaConfigurationError: values that cannot work.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = LowLevelConfig.default_config()

    def __init__(self, *hosts: str | Iterable[str], **configs: object) -> None:
        configs = LowLevelConfig.sealed(configs)  # first, so that no frame shows them
        name = type(self).__name__
        if len(hosts) > 1:
            raise TypeError(f"{name} takes one positional argument, the hosts, not {len(hosts)}")
        if hosts:
            configs["bootstrap_servers"] = hosts[0]
        self._settings = settings = options_of(name, configs)
        security = prepare(settings)
        own = OwnThread(f"kafka-{settings.client_id}-io")
        self._own: OwnThread | None = own
        self._set_up(own.loop, settings)
        own.begin(self._start(security), settings.bootstrap_timeout)

    @classmethod
    def on(cls, network: Network, owner: object) -> Self:
        """Return a client on the network of another one, which closes it.

        Args:
            network: of a consumer, a producer or an admin client.
            owner: of the network; not collected before the client is.
        """
        self = cls.__new__(cls)
        self._own = None
        self._set_up(network.thread, network.options, owner)
        self._link = network.thread.call(self._attached(network), GRACE)
        return self

    def _set_up(
        self, thread: EventLoopThread, options: NetworkConfig, owner: object = None
    ) -> None:
        self._owner = owner
        self.config = options.as_client_config()
        self._options = options
        self._thread = thread
        self._deliveries = Deliveries()
        self._in_flight: dict[Future, NodeId] = {}
        self._topics: set[str] = set()
        self._closed = False  # to new calls
        self._ended = False  # all futures are resolved

    async def _start(self, security: Security) -> Callable[[], Coroutine[Any, Any, None]]:
        """Find the cluster, on the loop; return what closes the network."""
        options = self._settings.network()
        client = NetworkClient.for_client(options, Observer(), security=security)
        client.cluster.updates.deliver = self._deliveries.put
        client.metadata.want_all()
        try:
            await client.start(
                Deadline.after(client.runtime.clock.now(), options.bootstrap_timeout)
            )
        except BaseException:
            await client.close()
            raise
        network = Network(self._thread, client, options, security)
        self._link = ClientLink(network, self._deliveries.wake)
        return client.close

    async def _attached(self, network: Network) -> ClientLink:
        return ClientLink(network, self._deliveries.wake)

    @property
    def cluster(self) -> ClusterMetadata:
        """What is known of the cluster."""
        return self._link.network.cluster

    # -- nodes -----------------------------------------------------------------------------

    def ready(self, node_id: NodeId, metadata_priority: bool = True) -> bool:
        """Return whether a request can be sent to a node; begin to connect if it is not connected.

        Args:
            node_id: the node.
            metadata_priority: ignored: metadata is asked for over another connection.
        """
        self.maybe_connect(node_id)
        return self.is_ready(node_id, metadata_priority)

    def is_ready(self, node_id: NodeId, metadata_priority: bool = True) -> bool:  # noqa: ARG002 - see `ready`
        """Return whether a request can be sent to a node in this moment."""
        return self._facts(node_id).is_ready

    def maybe_connect(self, node_id: NodeId, wakeup: bool = True) -> bool:  # noqa: ARG002 - the thread is awake
        """Begin to connect to a node, unless it is connected, being dialled, or backs off.

        Returns:
            Whether the node is connected or being connected to.
        """
        facts = self._do(lambda: self._link.connect(node_id))
        return facts.is_connected or facts.is_connecting

    def await_ready(self, node_id: NodeId, timeout_ms: float = 30000) -> bool:
        """Connect to a node and wait until a request can be sent to it.

        Args:
            node_id: the node.
            timeout_ms: how long to wait, in ms.

        Raises:
            KafkaConnectionError: it was not ready in time, or the cluster has no such node.
        """
        end = monotonic() + from_ms("timeout_ms", timeout_ms)
        while not (facts := self._do(lambda: self._link.connect(node_id))).is_ready:
            left = end - monotonic()
            if not facts.is_known:
                raise KafkaConnectionError(f"node {node_id} is not part of the cluster")
            if left <= 0:
                late = f"node {node_id}: not ready within {timeout_ms} ms"
                raise KafkaConnectionError(f"{late}: {facts.why}") from facts.error
            self._wait(min(left, self._options.retry_backoff))
        return True

    def connected(self, node_id: NodeId) -> bool:
        """Return whether there is a connection to a node."""
        return self._facts(node_id).is_connected

    def is_disconnected(self, node_id: NodeId) -> bool:
        """Return whether a connection to a node has ended, or could not be made.

        It is so until the node is connected again, or `ready` begins to connect.
        """
        facts = self._facts(node_id)
        return facts.error is not None and not facts.is_connecting

    connection_failed = is_disconnected

    def connection_delay(self, node_id: NodeId) -> float:
        """Return the milliseconds until a node may be dialled; infinity while it is connected."""
        facts = self._facts(node_id)
        return math.inf if facts.is_connected else facts.delay * 1000

    def throttle_delay(self, node_id: NodeId) -> float:
        """Return the milliseconds for which a node wants no request (KIP-219)."""
        return self._facts(node_id).throttled * 1000

    def least_loaded_node(self, bootstrap_fallback: bool = False) -> int | None:  # noqa: ARG002 - see below
        """Return the node to ask what any node can answer; ``None`` if all are backing off.

        Args:
            bootstrap_fallback: ignored: the metadata goes back to the bootstrap servers by itself.
        """
        return self._do(self._link.network.least_loaded_node)

    def least_loaded_node_refresh_ms(self, bootstrap_fallback: bool = False) -> float:  # noqa: ARG002 - the same
        """Return the milliseconds until `least_loaded_node` finds a node."""
        nodes = list(self.cluster.snapshot.brokers)
        facts = [self._facts(node) for node in nodes]
        return min((found.delay for found in facts), default=math.inf) * 1000

    def bootstrap_connected(self) -> bool:
        """Return whether a broker has answered and the client is open."""
        return not self._closed and bool(self.cluster.snapshot.brokers)

    # -- requests --------------------------------------------------------------------------

    def send(
        self,
        node_id: NodeId,
        request: AnyRequest,
        wakeup: bool = True,  # noqa: ARG002 - kafka-python's signature; the thread is awake
        request_timeout_ms: float | None = None,
    ) -> Future:
        """Send a request to a node that is ready.

        Args:
            node_id: the node.
            request: made by a class of `kafka.protocol`, or by one of yours.
            wakeup: ignored.
            request_timeout_ms: time for the answer, in ms; ``None`` for the option of that name.
                When it is over the connection is closed.

        Returns:
            The future of the response, resolved by `poll`. It has failed already if nothing was
            sent: with `NodeNotReadyError` if the node was not ready, which is connected to then,
            or with `UnsupportedVersionError`.
        """
        future, outgoing = Future(), Outgoing(request)
        limit = self._options.request_timeout
        seconds = from_ms("request_timeout_ms", request_timeout_ms, none=limit)
        answer = Answer(outgoing, future, self._deliveries.put)
        self._in_flight[future] = node_id
        try:
            self._do(lambda: self._link.send(node_id, outgoing, answer, seconds))
        except BaseException as error:
            self._in_flight.pop(future, None)
            if isinstance(error, IllegalStateError) or not isinstance(error, KafkaError):
                raise
            return future.failure(error)
        if not outgoing.expects_response:
            self._in_flight.pop(future, None)
            return future.success(None)
        return future

    def send_and_receive(
        self, node_id: NodeId, request: AnyRequest, timeout_ms: float = 30000
    ) -> Response:
        """Connect to a node, send a request and return the response.

        Args:
            node_id: the node.
            request: as for `send`.
            timeout_ms: for all of it, in ms.

        Raises:
            KafkaError: there is no response.
        """
        end = monotonic() + from_ms("timeout_ms", timeout_ms)
        self.await_ready(node_id, timeout_ms)
        left = max(end - monotonic(), 0.0) * 1000
        future = self.send(node_id, request, request_timeout_ms=left)
        self.wait_for([future])
        return future.value

    def send_when_ready(self, node_id: NodeId, request: AnyRequest) -> Future:
        """Connect to a node and send a request; return its future, failed if that cannot be."""
        try:
            self.await_ready(node_id)
        except KafkaConnectionError as error:
            return Future().failure(error)
        return self.send(node_id, request)

    def wait_for(self, futures: Iterable[Future]) -> None:
        """Poll until all *futures* are resolved.

        Raises:
            KafkaError: that of the first one that failed.
            IllegalStateError: the client was closed meanwhile.
        """
        for future in futures:
            self.poll(future=future)
            if not future.is_done:
                self._check_open()
            if future.exception is not None:
                raise future.exception

    def in_flight_request_count(self, node_id: NodeId | None = None) -> int:
        """Return how many requests `poll` has not resolved yet.

        Args:
            node_id: of one node; ``None`` for all.
        """
        nodes = list(self._in_flight.values())
        return len(nodes) if node_id is None else nodes.count(node_id)

    def poll(self, timeout_ms: float | None = None, future: Future | None = None) -> list[Response]:
        """Resolve the futures whose responses have come, and run their callbacks.

        Args:
            timeout_ms: wait so long for the first one, or for *future*, in ms. ``None`` waits for
                *future* without a limit; without one, for ``request_timeout_ms`` or, if nothing is
                in flight, ``retry_backoff_ms``.
            future: go on until it is resolved.

        Returns:
            The responses that have come.
        """
        check_future(future)
        end = monotonic() + from_ms("timeout_ms", timeout_ms, none=math.inf)
        responses: list[Response] = []
        self._resolve(responses)
        while future is not None and not future.is_done and not self._ended:
            left = end - monotonic()
            if left <= 0:
                return responses
            self._wait(left, future)
            self._resolve(responses)
        if future is None and not responses:
            self._wait(min(end - monotonic(), self._longest_wait()))
            self._resolve(responses)
        return responses

    def _longest_wait(self) -> float:
        options = self._options
        return options.request_timeout if self._in_flight else options.retry_backoff

    def _wait(self, seconds: float, future: Future | None = None) -> None:
        if seconds > 0:
            self._deliveries.wait(
                seconds, lambda: self._ended or (future is not None and future.is_done)
            )

    def _resolve(self, responses: list[Response]) -> None:
        """Settle what has come, and note the *responses*."""
        self._check_process()
        self._deliveries.take(partial(self._settle, responses))

    def _settle(self, responses: list[Response], outcome: Outcome) -> None:
        self._in_flight.pop(outcome.future, None)
        if outcome.error is None:
            responses.append(outcome.response)
        outcome.settle()

    def wakeup(self) -> None:
        """End one wait in `poll`, the present or the next one; any thread."""
        self._deliveries.wake()

    # -- topics ----------------------------------------------------------------------------

    def set_topics(self, topics: Iterable[str]) -> Future:
        """Keep metadata about these topics only; about all if there are none.

        Args:
            topics: their names; a text is one name.

        Returns:
            A future with the cluster, once it is known about them.
        """
        wanted = {topics} if isinstance(topics, str) else set(topics)
        news = wanted - self._topics
        self._topics = wanted
        return self._want(is_news=bool(news))

    def add_topic(self, topic: str) -> Future:
        """Keep metadata about one more topic.

        Returns:
            A future with the cluster, once it is known about the topic.
        """
        is_news = topic not in self._topics
        self._topics.add(topic)
        return self._want(is_news=is_news)

    def _want(self, *, is_news: bool) -> Future:
        topics = frozenset(self._topics)
        self._do(lambda: self._link.want_topics(topics, only=self._own is not None))
        return self.cluster.request_update() if is_news else Future().success(set(topics))

    # -- versions --------------------------------------------------------------------------

    def check_version(
        self,
        node_id: NodeId | None = None,
        timeout: float | None = None,
        strict: bool = False,  # noqa: ARG002 - kafka-python's signature; no version is guessed
        timeout_ms: float | None = None,
    ) -> tuple[int, ...]:
        """Ask a broker which release it is.

        Args:
            node_id: the node; ``None`` for any that answers.
            timeout: seconds; ``None`` for ``bootstrap_timeout_ms``.
            strict: ignored: nothing is guessed.
            timeout_ms: kafka-python 3.x's way to say *timeout*.

        Returns:
            The newest release that its answer proves, from ``(0, 8, 0)`` to ``(4, 4)``.

        Raises:
            NodeNotReadyError: the node cannot be asked; the message says at which stage that ended.
            NoBrokersAvailable: no node can be asked.
        """
        limit = seconds_of("timeout", timeout, none=self._options.bootstrap_timeout)
        seconds = from_ms("timeout_ms", timeout_ms, none=limit)
        self._check_open()
        versions, where = self._call(self._link.versions(node_id, seconds), seconds)
        return release_of(versions, where)

    def get_broker_version(self, timeout_ms: float | None = None) -> tuple[int, ...]:
        """Return the release of a broker, as `check_version` does."""
        return self.check_version(timeout_ms=timeout_ms)

    def get_api_versions(self) -> dict[int, tuple[int, int]]:
        """Return the lowest and highest version of each API, as a broker says."""
        self._check_open()
        limit = self._options.bootstrap_timeout
        versions, _ = self._call(self._link.versions(None, limit), limit)
        return dict(versions.ranges)

    def api_version(self, operation: Any, max_version: int | None = None) -> int:  # Any: see Args
        """Return the highest version of a request that the brokers and this package speak.

        Args:
            operation: the versions of a request, such as `kafka.protocol.metadata.MetadataRequest`,
                or a list of its classes.
            max_version: go no higher; by default not higher than *operation* does.

        Raises:
            IncompatibleBrokerVersion: there is none.
        """
        own = len(operation) - 1 if max_version is None else max_version
        api_key = operation[0].API_KEY
        low, high = self._do(lambda: self._link.range_of(api_key))
        if min(own, high) < low:
            raise IncompatibleBrokerVersion(
                f"API key {api_key}: versions up to {own} are wanted, the broker speaks "
                + (f"{low} to {high}" if high >= 0 else "none")
            )
        return min(own, high)

    # -- life ------------------------------------------------------------------------------

    def close(self, node_id: NodeId | None = None) -> None:
        """Disconnect, and end the thread.

        Args:
            node_id: disconnect from one node only, and go on.
        """
        if node_id is not None:
            self._do(lambda: self._link.close_node(node_id))
            return
        self._closed = True
        try:
            if self._own is not None:
                self._own.close()
        finally:
            self._end_futures()

    def _end_futures(self) -> None:
        if not self._thread.was_forked:
            self._resolve([])
            for future in list(self._in_flight):
                # Of a door, whose owner's connections stay.
                self._settle([], Outcome(future, None, Cancelled(f"{self}")))
        self._ended = True
        self._deliveries.wake()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Return a status line."""
        state = "closed" if self._closed else "open"
        return (
            f"<KafkaClient client_id={self._options.client_id} {state} "
            f"nodes=[{nodes_of(self._link.network)}] in_flight={len(self._in_flight)}>"
        )

    # -- the loop --------------------------------------------------------------------------

    def _facts(self, node_id: NodeId) -> NodeFacts:
        return self._do(lambda: self._link.facts(node_id))

    def _do(self, function: Callable[[], T]) -> T:
        """Run *function* on the loop and return its result."""
        self._check_open()
        return self._thread.do(function, GRACE)

    def _call(self, work: Coroutine[Any, Any, T], seconds: float = 0.0) -> T:  # Any: unused
        """Run *work* on the loop and return its result."""
        return self._thread.call(work, seconds + GRACE)

    def _check_open(self) -> None:
        if self._closed:
            raise IllegalStateError(f"{self}: make a new client")

    def _check_process(self) -> None:
        if self._thread.was_forked:
            raise IllegalStateError(
                f"{self._thread.name}: this process is a fork of the one in which the client was "
                "made; make a new client"
            )
