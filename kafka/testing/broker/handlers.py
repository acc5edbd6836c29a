"""The registry of API handlers, and what a handler is given.

To add an API, add one module ``apis/<name>.py``, named as the API in `versions`, with::

    @handles(HeartbeatRequest)
    async def heartbeat(context: RequestContext, request: HeartbeatRequest) -> HeartbeatResponse:
        ...

Nothing else is edited: the API is advertised because the module exists (with the version range the
imitated release has), and the module is imported when the first such request comes.

- A handler returns the response, or ``None`` to answer nothing (Produce with acks 0). Fields that
  the request's version cannot carry may be set; the encoder drops those marked ignorable. What a
  version *means* is a named predicate on ``context.api_version`` in the API's module.
- All brokers of a cluster run on one loop, and handlers change state without locks: whatever has
  to be consistent happens between two awaits.
- To answer later, ``await wait_until(condition, events, timers=context.cluster.timers, ...)``
  from `waiting`. It delays later requests of the same connection, as a broker does, and no others.
- Timers and background work go on ``cluster.timers`` (``call_later``, ``call_at``; seconds on
  ``cluster.clock``), never on asyncio's, so that a stepped clock moves them.
- State of a subsystem hangs on ``cluster.component(Factory)`` or ``context.broker.component(...)``,
  made on first use from the cluster or broker.
- A handler whose answer has one error code per topic or partition says ``by_topic=True`` and asks
  ``context.refusal(topic, partition)`` for each: the control hooks inject errors there.
- A `BrokerResponseError` that escapes a handler becomes the top-level ``error_code`` of its answer;
  any other exception is a mistake here: it closes the connection and fails the test at the end.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from kafka.errors import UnsupportedVersionError
from kafka.testing.broker import apis
from kafka.testing.broker.authorizer import Operation, bit_field, supported_operations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kafka.protocol.schema import Message
    from kafka.testing.broker.authorizer import Principal, ResourceType
    from kafka.testing.broker.broker import Broker
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.faults import Refusal, Refusals
    from kafka.testing.broker.security.gate import SaslGate
    from kafka.testing.broker.versions import Release
    from kafka.testing.broker.wire import AnyRequest

    Handler = Callable[["RequestContext", Message], Awaitable[Message | None]]

Q = TypeVar("Q", bound="Message")


class Peer:
    """The client's end of a connection.

    Attributes:
        principal: changes when the connection authenticates.
        host: address it comes from.
        listener: name of the listener it came through.
        gate: its authentication by SASL, if the listener wants one.
        session: what a handler wants to remember about the connection, by the handler's key.
    """

    __slots__ = ("gate", "host", "listener", "principal", "session")

    def __init__(
        self, principal: Principal, host: str, listener: str, gate: SaslGate | None = None
    ) -> None:
        self.principal = principal
        self.host = host
        self.listener = listener
        self.gate = gate
        self.session: dict[object, object] = {}


class RequestContext:
    """Everything a handler may ask about one request.

    Attributes:
        throttle_ms: a handler may raise it; it is put into the answer, and the connection is not
            read from for that long (KIP-219).
        closes: a handler may set it; the connection is closed behind the answer.
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
        broker: Broker,
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

        Who may not describe a resource is not told what else is allowed on it.
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
        """Return the error that the control hooks want for a topic or partition."""
        return None if self._refusals is None else self._refusals.find(topic, partition)


class Registered(NamedTuple):
    """One API's handler."""

    request_type: type[Message]
    handle: Handler
    by_topic: bool


_REGISTRY: dict[int, Registered] = {}


def handles(
    request_type: type[Q], *, by_topic: bool = False
) -> Callable[
    [Callable[[RequestContext, Q], Awaitable[Message | None]]],
    Callable[[RequestContext, Q], Awaitable[Message | None]],
]:
    """Register the decorated coroutine function as the handler of *request_type*.

    Args:
        request_type: generated request class.
        by_topic: the handler asks ``context.refusal`` itself.
    """

    def register(
        handle: Callable[[RequestContext, Q], Awaitable[Message | None]],
    ) -> Callable[[RequestContext, Q], Awaitable[Message | None]]:
        # The registry gives a handler only requests of the type it is registered for.
        _REGISTRY[request_type.API_KEY] = Registered(
            request_type, cast("Handler", handle), by_topic
        )
        return handle

    return register


class Api(NamedTuple):
    """One API as a broker advertises it."""

    key: int
    name: str
    min_version: int
    max_version: int

    def handler(self) -> Registered:
        """Return its handler, imported on first use."""
        found = _REGISTRY.get(self.key)
        if found is None:
            importlib.import_module(f"{apis.__name__}.{self.name}")
            found = _REGISTRY[self.key]
        return found


@cache
def implemented() -> frozenset[str]:
    """Return the names of the APIs that have a module."""
    return frozenset(module.name for module in pkgutil.iter_modules(apis.__path__))


def api_table(release: Release) -> dict[int, Api]:
    """Return what a broker that imitates *release* serves, by API key."""
    return {
        key: Api(key, name, lowest, highest)
        for key, (name, lowest, highest) in release.ranges().items()
        if name in implemented()
    }


def registered(request_type: type[AnyRequest], release: Release) -> Registered:
    """Return the handler of *request_type*.

    Raises:
        UnsupportedVersionError: no release that the cluster imitates serves it.
    """
    api = api_table(release).get(request_type.API_KEY)
    if api is None:
        raise UnsupportedVersionError(
            f"a {release.name} cluster does not serve {request_type.NAME}"
        )
    return api.handler()
