"""The registry of API handlers, and the rules for writing one.

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
- `RequestContext` is all that a handler is given in addition to the request.
- State of a subsystem hangs on ``cluster.component(Factory)`` or ``context.broker.component(...)``,
  made on first use from the cluster or broker. A subsystem asks for those it needs in its
  constructor and sets no attribute of another: who is asked for first must not matter.
- A handler whose answer has one error code per topic or partition says ``by_topic=True`` and asks
  ``context.refusal(topic, partition)`` for each: the control hooks inject errors there.
- A `BrokerResponseError` that escapes a handler becomes the top-level ``error_code`` of its answer;
  any other exception is a mistake here: it closes the connection and fails the test at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kafka.protocol.schema import Message
    from kafka.testing.broker.context import RequestContext

    Handler = Callable[[RequestContext, Message], Awaitable[Message | None]]

Q = TypeVar("Q", bound="Message")


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


def registered(api_key: int) -> Registered | None:
    """Return the handler of an API, or ``None`` if no module with one has been imported."""
    return _REGISTRY.get(api_key)
