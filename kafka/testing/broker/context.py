"""What a handler is given with a request: its broker, its client and what they may do.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.authorizer import Operation, bit_field, supported_operations

if TYPE_CHECKING:
    from kafka.testing.broker.authorizer import Principal, ResourceType
    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.faults import Refusal, Refusals
    from kafka.testing.broker.produce_shortcut import ProduceShortcut
    from kafka.testing.broker.security.gate import SaslGate


class ConnectionRefusedByBroker(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """The broker ends the connection without an answer."""


class Peer:
    """The client at the other end of a connection.

    Attributes:
        principal: changes when the connection authenticates.
        host: address it comes from.
        listener: name of the listener it came through.
        gate: its authentication by SASL, if the listener wants one.
        session: data that handlers keep for the connection, by a key of their own.
        shortcut: of the Produce requests of the connection, once there has been one.
    """

    __slots__ = ("gate", "host", "listener", "principal", "session", "shortcut")

    def __init__(
        self, principal: Principal, host: str, listener: str, gate: SaslGate | None = None
    ) -> None:
        self.principal = principal
        self.host = host
        self.listener = listener
        self.gate = gate
        self.session: dict[object, object] = {}
        self.shortcut: ProduceShortcut | None = None


class RequestContext:
    """Everything that a handler can know about one request.

    Attributes:
        throttle_ms: a handler may raise it; the answer says so, and the broker does not read from
            the connection for that long (KIP-219).
        closes: a handler may set it; the broker closes the connection after the answer.
    """

    __slots__ = (
        "_refusals",
        "api_version",
        "broker",
        "client_id",
        "closes",
        "cluster",
        "peer",
        "throttle_ms",
    )

    def __init__(
        self,
        broker: BrokerState,
        peer: Peer,
        *,
        api_version: int,
        client_id: str | None,
        refusals: Refusals | None = None,
    ) -> None:
        self.broker = broker
        self.cluster: Cluster = broker.cluster
        self.peer = peer
        self.api_version = api_version
        self.client_id = client_id
        self.throttle_ms = 0
        self.closes = False
        self._refusals = refusals

    def allows(self, operation: Operation, kind: ResourceType, name: str) -> bool:
        """Return whether the client may do *operation* on a resource."""
        return self.cluster.authorizer.allows(
            self.peer.principal, self.peer.host, operation, kind, name
        )

    def allows_some(self, operation: Operation, kind: ResourceType) -> bool:
        """Return whether there may be a resource on which the client may do *operation*."""
        return self.cluster.authorizer.allows_some(
            self.peer.principal, self.peer.host, operation, kind
        )

    def allowed_operations(self, kind: ResourceType, name: str) -> int:
        """Return the bit field of what the client may do on a resource (KIP-430).

        It is empty for a client that may not describe the resource.
        """
        if not self.allows(Operation.DESCRIBE, kind, name):
            return 0
        return bit_field(
            operation
            for operation in supported_operations(
                kind, group_configs=self.cluster.release.new_coordinator
            )
            if self.allows(operation, kind, name)
        )

    def refusal(self, topic: str, partition: int | None = None) -> Refusal | None:
        """Return the injected error for a topic or partition, if there is one."""
        return None if self._refusals is None else self._refusals.find(topic, partition)
