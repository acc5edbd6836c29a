"""When and where to dial each node, and which node to prefer.  Pure: `now` is passed in.

KIP-144 and KIP-580 (reconnect back-off), KIP-601 (connection setup time-out), KIP-302 (all
addresses of a name), KIP-219 (throttling). Back-off belongs to the node, not to an
address. It grows while attempts fail, and while connections end that have answered nothing but
the handshake; it does not outlive a connection that has answered a request.
"""

from __future__ import annotations

import math
from enum import Enum, IntEnum, unique
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.errors import KafkaError

K = TypeVar("K", bound="Hashable")

# A node that has been silent for so many seconds is slow: what another node can answer is asked
# of another node.
PATIENCE: Final = 1.0


class Address(NamedTuple):
    """A resolved address: an IP address in text form and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        """Return it as users write it."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@unique
class NodeStatus(Enum):
    """What the connection to a node is doing."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    READY = "ready"


NODE_TRANSITIONS: Final = Transitions(
    {
        NodeStatus.DISCONNECTED: {NodeStatus.CONNECTING},
        NodeStatus.CONNECTING: {NodeStatus.READY, NodeStatus.DISCONNECTED},
        NodeStatus.READY: {NodeStatus.DISCONNECTED},
    }
)


class NoNodeToAskError(RetriableError):
    """Report that no node can be asked now, for instance because all of them back off."""


class Load(NamedTuple):
    """What waits for answers on the connection to a node.

    Attributes:
        in_flight: how many requests.
        oldest_sent_at: when the first of them was written; infinity if there is none.
        has_room: whether a request may be written now.
    """

    in_flight: int = 0
    oldest_sent_at: float = math.inf
    has_room: bool = True


@unique
class Fitness(IntEnum):
    """How well a node can answer what any node can answer; the smaller, the better."""

    READY = 0
    """It is connected, has room for a request, and answers."""
    DISCONNECTED = 1
    """It may be dialled at once; nothing speaks against it."""
    CONNECTING = 2
    """It is being dialled, and may be one that never answers."""
    BUSY = 3
    """It is connected, but has no room or owes an answer for longer than `PATIENCE`."""


class NodeState:
    """The dialling history of one node, or of one channel to it.

    Attributes:
        retry: the back-off.
        failures: attempts that have failed since the node was last connected.
    """

    __slots__ = (
        "addresses",
        "error",
        "failures",
        "last_attempt",
        "last_used",
        "ready_at",
        "retry",
        "status",
        "throttled",
    )

    def __init__(self) -> None:
        self.status = NodeStatus.DISCONNECTED
        self.retry = RetryState()
        self.failures = 0
        self.throttled = 0.0
        self.last_attempt = float("-inf")
        self.ready_at = 0.0
        self.error: KafkaError | None = None
        self.addresses: list[Address] = []
        self.last_used: Address | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<NodeState {self.status.name} failures={self.failures}>"


class NodeStates(Generic[K]):
    """The dialling history of all nodes of a client, by node id or whatever stands for a node.

    Args:
        reconnect: back-off between attempts to reach one node.
        setup: time a connection may take to be ready, growing with failed attempts.
        uniform: the source of jitter.
    """

    def __init__(
        self, *, reconnect: ExponentialBackoff, setup: ExponentialBackoff, uniform: Uniform
    ) -> None:
        self._reconnect = reconnect
        self._setup = setup
        self._uniform = uniform
        self._nodes: dict[K, NodeState] = {}

    def node(self, node_id: K) -> NodeState:
        """Return the state of *node_id*, a new one if it was never dialled."""
        state = self._nodes.get(node_id)
        if state is None:
            state = self._nodes[node_id] = NodeState()
        return state

    def needs_addresses(self, node_id: K) -> bool:
        """Return whether the name of the node must be resolved before the next attempt."""
        return not self.node(node_id).addresses

    def on_resolved(self, node_id: K, addresses: Iterable[Address]) -> None:
        """Set the addresses that the node's name resolves to.

        The address whose connection just broke goes to the end: it may be the dead one.
        """
        node = self.node(node_id)
        node.addresses = sorted(addresses, key=lambda address: address == node.last_used)

    def next_address(self, node_id: K) -> Address:
        """Take the address to dial from the list; after the last one, resolve again."""
        node = self.node(node_id)
        node.last_used = node.addresses.pop(0)
        return node.last_used

    def on_connecting(self, node_id: K, now: float) -> float:
        """Note that an attempt starts; return how long it may take, in seconds."""
        node = self.node(node_id)
        node.status = NODE_TRANSITIONS.step(node.status, NodeStatus.CONNECTING)
        node.last_attempt = now
        return self._setup.delay(node.failures, self._uniform)

    def on_ready(self, node_id: K, now: float) -> None:
        """Note that a connection finished its handshake."""
        node = self.node(node_id)
        node.status = NODE_TRANSITIONS.step(node.status, NodeStatus.READY)
        node.ready_at = now
        node.failures = 0
        node.error = None

    def on_failed(
        self, node_id: K, now: float, error: KafkaError, *, is_final: bool = False
    ) -> None:
        """Note that an attempt failed, and back off.

        Args:
            node_id: the node.
            now: the time.
            error: why.
            is_final: whether the next attempt will end in the same way: it is put off for the
                longest back-off there is.
        """
        node = self.node(node_id)
        node.status = NODE_TRANSITIONS.step(node.status, NodeStatus.DISCONNECTED)
        node.retry = node.retry.failed(now, self._reconnect, self._uniform)
        if is_final:
            node.retry = node.retry._replace(not_before=now + self._reconnect.maximum)
        node.failures += 1
        node.error = error

    def on_given_up(self, node_id: K, error: KafkaError) -> None:
        """Note that this client ended an attempt; that says nothing about the node."""
        node = self.node(node_id)
        node.status = NODE_TRANSITIONS.step(node.status, NodeStatus.DISCONNECTED)
        node.error = error

    def on_moved(self, node_id: K) -> None:
        """Note that the node is back in the cluster, or elsewhere: its past does not count."""
        node = self.node(node_id)
        node.retry = RetryState()
        node.failures = 0
        node.addresses = []

    def on_lost(
        self, node_id: K, now: float, error: KafkaError | None, *, answered: bool = False
    ) -> None:
        """Note that an established connection ended.

        The name is resolved anew, because brokers move. The smallest back-off follows a connection
        that has proved the node to be well: it has answered a request, or has lived long (with
        ``acks=0`` nothing is answered). After any other the back-off goes on growing, so that a
        broker that accepts and hangs up is not dialled in a circle.

        Args:
            node_id: the node.
            now: the time.
            error: why the connection ended by itself; ``None`` if this client closed it.
            answered: it has answered a request since its handshake.
        """
        node = self.node(node_id)
        node.status = NODE_TRANSITIONS.step(node.status, NodeStatus.DISCONNECTED)
        node.addresses = []
        node.error = error
        if error is None or answered or now - node.ready_at >= self._reconnect.maximum:
            node.retry = RetryState()
        if error is not None:
            node.retry = node.retry.failed(now, self._reconnect, self._uniform)

    def throttle(self, node_id: K, until: float) -> None:
        """Send nothing to the node before *until* (KIP-219)."""
        node = self.node(node_id)
        node.throttled = max(node.throttled, until)

    def ready_in(self, node_id: K, now: float) -> float:
        """Return the seconds of back-off and throttling left, 0.0 for none."""
        node = self._nodes.get(node_id)
        if node is None:
            return 0.0
        backoff = 0.0 if node.status is not NodeStatus.DISCONNECTED else node.retry.remaining(now)
        return max(backoff, node.throttled - now, 0.0)

    def throttled_for(self, node_id: K, now: float) -> float:
        """Return the seconds of throttling left."""
        node = self._nodes.get(node_id)
        return 0.0 if node is None else max(node.throttled - now, 0.0)

    def forget(self, node_ids: Iterable[K]) -> None:
        """Drop nodes that are no longer part of the cluster."""
        for node_id in node_ids:
            self._nodes.pop(node_id, None)

    def least_loaded(
        self,
        node_ids: Iterable[K],
        load: Callable[[K], Load],
        now: float,
        *,
        reserve: Iterable[K] = (),
    ) -> K | None:
        """Return the node to ask something that any node can answer; ``None`` if all back off.

        The fittest by `Fitness`. Among ready nodes it is one with the fewest requests in flight,
        among the others the one whose last attempt is longest ago. A node that is being dialled
        comes after one that was never tried: it may be frozen, and repeated attempts would keep
        it in that state for ever.

        Args:
            node_ids: the candidates; equals are taken at random.
            load: what is in flight to a ready node.
            now: the time.
            reserve: more candidates, each taken only if no equally fit one is in *node_ids*.
        """
        ranks: dict[K, tuple[float, ...]] = {}
        for in_reserve, candidates in ((False, node_ids), (True, reserve)):
            for node_id in candidates:
                waiting = load(node_id)
                fitness = self.fitness(node_id, waiting, now)
                if fitness is not None:
                    amount = self._amount(node_id, fitness, waiting)
                    jitter = self._uniform(0.0, 1.0)
                    ranks[node_id] = (fitness, in_reserve, amount, jitter)
        return min(ranks, key=ranks.__getitem__, default=None)

    def fitness(self, node_id: K, load: Load, now: float) -> Fitness | None:
        """Return how well a node can answer; ``None`` while it backs off or is throttled."""
        node = self._nodes.get(node_id)
        if node is None:
            return Fitness.DISCONNECTED
        if self.ready_in(node_id, now) > 0:
            return None
        if node.status is not NodeStatus.READY:
            return Fitness[node.status.name]
        is_late = now - load.oldest_sent_at >= PATIENCE
        return Fitness.READY if load.has_room and not is_late else Fitness.BUSY

    def _amount(self, node_id: K, fitness: Fitness, load: Load) -> float:
        if fitness in (Fitness.READY, Fitness.BUSY):
            return load.in_flight
        node = self._nodes.get(node_id)
        return -math.inf if node is None else node.last_attempt

    def is_slow(self, node_id: K, load: Load, now: float, *, longest_poll: float) -> bool:
        """Return whether a node leaves whoever needs it waiting.

        It backs off, is being dialled, or owes an answer for longer than `PATIENCE`.

        Args:
            node_id: the node.
            load: what is in flight to it.
            now: the time.
            longest_poll: seconds for which it may hold an answer back on request.
        """
        node = self._nodes.get(node_id)
        if node is None:
            return False
        if node.status is NodeStatus.DISCONNECTED:
            return node.retry.remaining(now) > 0
        if node.status is NodeStatus.CONNECTING:
            return now - node.last_attempt >= PATIENCE
        return now - load.oldest_sent_at >= PATIENCE + longest_poll
