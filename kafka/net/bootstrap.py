"""Find a first broker: try all servers and all their addresses, and report every failure."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.retry import RetryState
from kafka.config.addresses import join_address, split_address
from kafka.errors import KafkaError, NoBrokersAvailable, UnsupportedVersionError
from kafka.net.diagnosis import Stage, StageError
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.metadata_planner import refusal
from kafka.protocol.messages.metadata import MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.runtime import Runtime
    from kafka.config.network import NetworkConfig
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.connector import Connector
    from kafka.net.node_states import Address
    from kafka.protocol.messages.metadata import MetadataRequest

    # Any: the two unused parameters of a coroutine's type.
    Attempt = Callable[[], Coroutine[Any, Any, MetadataResponse | list["Failure"]]]

log = logger("kafka.client")

# The next server or address is tried as well when the last one has been silent for so many seconds.
STAGGER: Final = 0.25
# With fewer seconds left than this, no further round is begun.
SHORTEST: Final = 0.05


class Failure(NamedTuple):
    """Why one address of one bootstrap server gave no metadata."""

    server: str
    address: Address | None
    stage: Stage
    error: KafkaError

    @property
    def is_final(self) -> bool:
        """Whether the same server will not answer a moment later either."""
        return isinstance(self.error, UnsupportedVersionError)

    def __str__(self) -> str:
        """Return one line for the user."""
        resolved = (
            ""
            if self.address is None or str(self.address) == self.server
            else (f" ({self.address})")
        )
        text = str(self.error.args[0]) if self.error.args else str(self.error)
        text = text.removeprefix(f"{self.server}{resolved}: ")
        return f"{self.server}{resolved} [{self.stage.value}]: {text}"


class Bootstrap:
    """Ask the bootstrap servers for metadata, until one answers.

    A server that is silent holds up no other: after `STAGGER` the next one is asked as well. So
    is the next address of a name, because several brokers may share one.

    Args:
        config: the network options.
        connector: opens the connections, which serve for one request only.
        resolver: looks names up.
        runtime: the surroundings of the client.
        backoff: between two rounds over all servers.
    """

    def __init__(
        self,
        config: NetworkConfig,
        connector: Connector,
        resolver: Resolver,
        runtime: Runtime,
        *,
        backoff: ExponentialBackoff,
    ) -> None:
        self._config = config
        self._longest_attempt = min(config.connection_setup_timeout, config.request_timeout)
        self._connector = connector
        self._resolver = resolver
        self._clock = runtime.clock
        self._uniform = runtime.uniform
        self._backoff = backoff

    async def run(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse:
        """Return the first answer; go on with back-off until *deadline*.

        A pause takes half of the time that is left at most, so that tries come closer together
        towards the end and a broker that starts shortly before it is found.

        Raises:
            NoBrokersAvailable: no server answered, or all have answered that they never will; the
                message lists what was tried.
        """
        retry = RetryState()
        failures: list[Failure] = []
        while True:
            found = await self.round(request, deadline)
            if not isinstance(found, list):
                return found
            now = self._clock.now()
            left = deadline.remaining(now)
            # A round cut short by the deadline says less than the one before.
            failures = found if left > 0 or not failures else failures
            if left < SHORTEST or all(failure.is_final for failure in failures):
                raise NoBrokersAvailable(_summary(failures))
            retry = retry.failed(now, self._backoff, self._uniform)
            pause = min(retry.remaining(now), left / 2)
            log.debug("bootstrap failed, again in %.2f s", pause)
            await asyncio.sleep(pause)

    async def once(self, request: Callable[[], MetadataRequest]) -> MetadataResponse:
        """Return the first answer, or raise `NoBrokersAvailable` after one round."""
        deadline = Deadline.after(self._clock.now(), self._longest_attempt)
        found = await self.round(request, deadline)
        if isinstance(found, list):
            raise NoBrokersAvailable(_summary(found))
        return found

    async def round(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse | list[Failure]:
        """Try each server once; return the first answer or all failures."""
        failures: list[Failure] = []
        servers = await self._servers(failures)
        found = await _staggered([partial(self._try, s, request, deadline) for s in servers])
        return [*failures, *found] if isinstance(found, list) else found

    async def _servers(self, failures: list[Failure]) -> list[str]:
        """Return the servers in random order, by their canonical names if so configured."""
        servers = list(self._config.bootstrap_servers)
        if self._config.client_dns_lookup == "resolve_canonical_bootstrap_servers_only":
            names: dict[str, None] = {}
            for server in servers:
                host, port = split_address(server)
                try:
                    for name in await self._resolver.canonical_names(host):
                        names[join_address(name, port)] = None
                except KafkaError as error:
                    failures.append(Failure(server, None, Stage.DNS, error))
            servers = list(names)
        start = int(self._uniform(0, len(servers))) % max(len(servers), 1)
        return servers[start:] + servers[:start]

    async def _try(
        self, server: str, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse | list[Failure]:
        """Try all addresses of one server."""
        try:
            async with asyncio.timeout(self._at_most(deadline)):
                addresses = await self._resolver.resolve(*split_address(server))
        except KafkaError as error:
            return [Failure(server, None, Stage.DNS, error)]
        except TimeoutError as error:
            late = StageError("the name server does not answer", Stage.DNS)
            late.__cause__ = error
            return [Failure(server, None, Stage.DNS, late)]
        return await _staggered(
            [partial(self._ask, server, a, request, deadline) for a in addresses]
        )

    def _at_most(self, deadline: Deadline) -> float:
        """Return the seconds that one attempt may take."""
        return min(deadline.remaining(self._clock.now()), self._longest_attempt)

    async def _ask(
        self,
        server: str,
        address: Address,
        request: Callable[[], MetadataRequest],
        deadline: Deadline,
    ) -> MetadataResponse | list[Failure]:
        """Ask one address; return its answer or why there is none."""
        until = Deadline.after(self._clock.now(), self._at_most(deadline))
        try:
            endpoint = Endpoint(*split_address(server), address)
            connection = await self._connector.open(-1, endpoint, until, channel=MAIN)
        except StageError as error:
            return [Failure(server, address, error.stage, error)]
        try:
            response = await connection.send(request(), expires_at=until.at)
            _name_server(response, connection, endpoint)
        except KafkaError as error:
            return [Failure(server, address, Stage.METADATA, error)]
        finally:
            connection.close()
        refused = refusal(response)
        if refused is not None:
            text = f"{server}: {refused.args[0] if refused.args else refused}"
            return [Failure(server, address, Stage.METADATA, type(refused)(text))]
        return response


def _name_server(response: MetadataResponse, connection: Connection, endpoint: Endpoint) -> None:
    """Let the server itself be a broker if an old one names none: the cluster has no topic yet."""
    versions = connection.versions
    if not response.brokers and versions is not None and not versions.names_all_brokers:
        server = MetadataResponse.MetadataResponseBroker(
            node_id=connection.node_id, host=endpoint.host, port=endpoint.port
        )
        response.brokers = [server]


async def _staggered(attempts: Sequence[Attempt]) -> MetadataResponse | list[Failure]:
    """Make *attempts*, each `STAGGER` after the last one or when that has failed.

    Returns:
        The first answer, or the failures of all.
    """
    failures: list[Failure] = []
    waiting = list(attempts)
    pending: set[asyncio.Task[MetadataResponse | list[Failure]]] = set()
    async with asyncio.TaskGroup() as group:
        while waiting or pending:
            if waiting:
                pending.add(group.create_task(waiting.pop(0)(), name="kafka-bootstrap"))
            done, pending = await asyncio.wait(
                pending,
                timeout=STAGGER if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                found = task.result()
                if not isinstance(found, list):
                    for other in pending:
                        other.cancel()
                    return found
                failures += found
    return failures


def _summary(failures: Sequence[Failure]) -> str:
    lines = "\n".join(f"  {line}" for line in dict.fromkeys(map(str, failures)))
    return (
        "no bootstrap server could be reached; check bootstrap_servers and that the brokers run. "
        f"Last tried:\n{lines}"
    )
