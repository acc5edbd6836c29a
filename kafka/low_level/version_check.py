"""Ask a broker which release it is.

The rule is the same everywhere: the newest release that its ApiVersions prove; for brokers before
0.10 the newest whose requests it answers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kafka._base.logs import logger
from kafka.config.addresses import join_address
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoBrokersAvailable,
    NodeNotReadyError,
    for_code,
)
from kafka.net.bootstrap_trials import Failure
from kafka.net.diagnosis import Stage, message_of, stage_of
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.handshake import SOFTWARE_NAME
from kafka.net.node_states import PATIENCE
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka._base.clock import Clock
    from kafka._base.deadline import Deadline
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.connector import Connector

log = logger(__name__)

T = TypeVar("T")
Ask = Callable[[int], Coroutine[Any, Any, T]]  # Any: the unused parameters of the type


def release_of(versions: ApiVersions, where: str) -> tuple[int, ...]:
    """Return the release of a broker, as kafka-python's ``check_version()`` does.

    Args:
        versions: what the broker speaks.
        where: the broker, for the log.
    """
    release = versions.broker_version()
    if versions.is_newer_than_known:
        known = ".".join(map(str, release))
        log.info("%s: newer than Kafka %s, the newest that this package knows", where, known)
    return release


async def ask_again(connection: Connection, deadline: Deadline) -> ApiVersions:
    """Return what the broker at the other end says it speaks now.

    Args:
        connection: one that is READY.
        deadline: when to give up; that ends the connection.

    Raises:
        KafkaError: there was no answer, or it was an error.
    """
    known = connection.versions
    if known is None or known.range_of(ApiVersionsRequest.API_KEY) is None:
        # Brokers before 0.10: the handshake has found out which; this asks whether it still lives.
        await connection.send(MetadataRequest(topics=[]), expires_at=deadline.at)
        return known or ApiVersions({})
    response = await connection.send(
        ApiVersionsRequest(client_software_name=SOFTWARE_NAME, client_software_version=__version__),
        expires_at=deadline.at,
    )
    if response.error_code:
        raise for_code(response.error_code)(f"{connection.where}: ApiVersions was refused")
    return ApiVersions.from_response(response)


async def ask_once(
    connector: Connector, resolver: Resolver, host: str, port: int, deadline: Deadline
) -> ApiVersions:
    """Return what the broker at an address speaks, over a connection made for the question.

    Raises:
        NodeNotReadyError: there was no answer; the message says at which stage it ended.
        KafkaError: the broker has refused this client.
    """
    failure: KafkaError | None = None
    for address in await resolver.resolve(host, port):
        endpoint = Endpoint(host, port, address)
        try:
            connection = await connector.open(-1, endpoint, deadline, channel=MAIN)
        except KafkaConnectionError as error:
            failure = failure or error
            continue
        connection.close()
        if connection.versions is not None:
            return connection.versions
    raise failure or KafkaConnectionError(f"{join_address(host, port)}: no address to connect to")


async def first_of(
    nodes: Iterable[int],
    ask: Ask[T],
    deadline: Deadline,
    clock: Clock,
) -> T:
    """Ask one node after the other, and return the first answer.

    A node that is silent does not use up the time of the others: the next one is asked when this
    one has had its share, and either may answer.

    Args:
        nodes: the best one first.
        ask: asks one, until *deadline*.
        deadline: when to give up.
        clock: the time.

    Raises:
        NoBrokersAvailable: each has failed with `NodeNotReadyError`; the message says why.
        KafkaError: a node has refused this client.
    """

    async with asyncio.TaskGroup() as group:
        round_ = _Round(nodes, ask, group)
        try:
            found = await round_.run(deadline, clock)
        finally:
            round_.cancel()
    if isinstance(found, KafkaError):  # raised in the group, it would become one of a group
        raise found
    return found


class _Round(Generic[T]):
    """Attempts at one node after the other."""

    def __init__(self, nodes: Iterable[int], ask: Ask[T], group: asyncio.TaskGroup) -> None:
        self._waiting = deque(nodes)
        self._ask = ask
        self._group = group
        self._asked: set[asyncio.Task[T | KafkaError]] = set()
        self._failures: list[str] = []

    async def run(self, deadline: Deadline, clock: Clock) -> T | KafkaError:
        """Return the first answer, or why there is none."""
        while self._waiting or self._asked:
            share = deadline.remaining(clock.now()) / max(len(self._waiting), 1)
            if self._waiting:
                attempt = self._attempt(self._waiting.popleft())
                self._asked.add(self._group.create_task(attempt))
            done, self._asked = await asyncio.wait(
                self._asked,
                timeout=min(share, PATIENCE) if self._waiting else None,  # each has the deadline
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                found = task.result()
                if not isinstance(found, NodeNotReadyError):
                    return found
                self._failures.append(message_of(found))
        return NoBrokersAvailable("; ".join(self._failures) or "the cluster has no broker")

    async def _attempt(self, node: int) -> T | KafkaError:
        try:
            return await self._ask(node)
        except KafkaError as error:
            return error

    def cancel(self) -> None:
        """End the attempts that still wait."""
        for task in self._asked:
            task.cancel()


def not_ready(address: str, error: KafkaError, node: str = "") -> NodeNotReadyError:
    """Return the error of a check that had no answer, which names the stage.

    Args:
        address: of the broker, as its owner writes it.
        error: how the check ended.
        node: which node that is, if it is known.
    """
    failure = Failure(address, None, stage_of(error, Stage.API_VERSIONS), error)
    return NodeNotReadyError(f"{node}{failure}")
