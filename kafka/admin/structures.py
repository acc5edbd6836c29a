"""Send the requests of kafka-python 2.x, which have a version each, and return their responses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeGuard

from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.low_level.outgoing import Outgoing
from kafka.net.node_states import NoNodeToAskError

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka.low_level.outgoing import VersionedRequest
    from kafka.net.connection import Connection
    from kafka.net.network_client import NetworkClient
    from kafka.net.pending_response import Frame


def is_structure(request: object) -> TypeGuard[VersionedRequest]:
    """Return whether *request* is one of kafka-python 2.x, or made by a user like those."""
    wanted = ("API_KEY", "API_VERSION", "RESPONSE_TYPE", "encode", "build_header")
    return not isinstance(request, type) and all(hasattr(request, name) for name in wanted)


class _Answer:
    """Decodes the response when it comes: the memory that it is in may be used again after that."""

    def __init__(self, outgoing: Outgoing, found: asyncio.Future[Any]) -> None:  # Any: as below
        self._outgoing = outgoing
        self._found = found
        self.done = found.done
        self.set_exception = found.set_exception

    def set_result(self, frame: Frame, /) -> None:
        """Hand the response over, or why it cannot be read."""
        try:
            self._found.set_result(self._outgoing.decode(frame))
        except KafkaError as error:
            self._found.set_exception(error)


async def send_structure(
    net: NetworkClient, request: VersionedRequest, node_id: int | None, deadline: Deadline
) -> Any:  # Any: what the class of the request says
    """Send *request* once, and return the response; ``None`` if brokers do not answer it.

    Args:
        net: the network.
        request: the request.
        node_id: the broker; ``None`` for any.
        deadline: when to give up.

    Raises:
        NoNodeToAskError: no broker can be asked now.
        UnsupportedVersionError: the broker does not speak the version of the request.
        KafkaTimeoutError: there was no answer in time.
        KafkaError: the connection was lost.
    """
    outgoing = Outgoing(request)
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()  # Any: as returned
    asked = net.least_loaded_node() if node_id is None else node_id
    if asked is None:
        raise NoNodeToAskError(f"{outgoing.name}: no broker can be asked now")

    def write(connection: Connection, expires_at: float) -> None:
        if connection.versions is not None:
            outgoing.prepare(connection.versions)
        handler = _Answer(outgoing, found) if outgoing.expects_response else None
        connection.write_encoded(outgoing, handler, expires_at=expires_at)

    try:
        async with asyncio.timeout_at(deadline.timeout_at):
            await net.when_ready(asked, write)
            return await found if outgoing.expects_response else None
    except TimeoutError as error:
        raise KafkaTimeoutError(f"{outgoing.name}: no answer from node {asked} in time") from error
