"""Find a first broker: all servers, all their addresses, and every failure told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.deadline import Deadline
from kafka._base.retry import RetryState
from kafka.config.addresses import join_address, split_address
from kafka.errors import KafkaError, NoBrokersAvailable, NoError, for_code
from kafka.net.diagnosis import Stage, StageError
from kafka.net.endpoint import MAIN, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka._base.clock import Clock
    from kafka.config.network import NetworkConfig
    from kafka.net.addresses import Resolver
    from kafka.net.connector import Connector
    from kafka.net.node_states import Address
    from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse

log = logging.getLogger("kafka.client")

# The next server is tried too when the last one has not answered after so many seconds.
STAGGER: Final = 0.25
# With fewer seconds left than this, no further round is begun.
SHORTEST: Final = 0.05


class Failure(NamedTuple):
    """Why one address of one bootstrap server did not do."""

    server: str
    address: Address | None
    stage: Stage
    error: KafkaError

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
    """Ask the bootstrap servers for metadata, until one answers."""

    def __init__(
        self,
        config: NetworkConfig,
        connector: Connector,
        resolver: Resolver,
        *,
        clock: Clock,
        backoff: ExponentialBackoff,
        uniform: Uniform,
    ) -> None:
        self._config = config
        self._connector = connector
        self._resolver = resolver
        self._clock = clock
        self._backoff = backoff
        self._uniform = uniform

    async def run(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse:
        """Return the first answer; go on with back-off until *deadline*.

        A pause takes half of the time that is left at most, so that tries come closer together
        towards the end and a broker that starts shortly before it is found.

        Raises:
            NoBrokersAvailable: no server answered; the message lists what was tried.
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
            if left < SHORTEST:
                raise NoBrokersAvailable(_summary(failures))
            retry = retry.failed(now, self._backoff, self._uniform)
            pause = min(retry.remaining(now), left / 2)
            log.debug("bootstrap failed, again in %.2f s", pause)
            await asyncio.sleep(pause)

    async def once(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse:
        """Return the first answer, or raise `NoBrokersAvailable` after one round."""
        found = await self.round(request, deadline)
        if isinstance(found, list):
            raise NoBrokersAvailable(_summary(found))
        return found

    async def round(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse | list[Failure]:
        """Try each server once; return the first answer or all failures."""
        failures: list[Failure] = []
        pending: set[asyncio.Task[MetadataResponse | list[Failure]]] = set()
        servers = await self._servers(failures)
        async with asyncio.TaskGroup() as group:
            while servers or pending:
                if servers:
                    work = self._try(servers.pop(0), request, deadline)
                    pending.add(group.create_task(work, name="kafka-bootstrap"))
                done, pending = await asyncio.wait(
                    pending,
                    timeout=STAGGER if servers else None,
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
        """Try all addresses of one server; each gets its share of the time that is left."""
        try:
            async with asyncio.timeout(self._share(deadline, 1)):
                addresses = await self._resolver.resolve(*split_address(server))
        except KafkaError as error:
            return [Failure(server, None, Stage.DNS, error)]
        except TimeoutError as error:
            late = StageError("the name server does not answer", Stage.DNS)
            late.__cause__ = error
            return [Failure(server, None, Stage.DNS, late)]
        failures: list[Failure] = []
        for number, address in enumerate(addresses):
            until = Deadline.after(
                self._clock.now(), self._share(deadline, len(addresses) - number)
            )
            found = await self._ask(server, address, request(), until)
            if not isinstance(found, Failure):
                return found
            failures.append(found)
        return failures

    def _share(self, deadline: Deadline, parts: int) -> float:
        left = deadline.remaining(self._clock.now())
        return min(left / parts, self._config.connection_setup_timeout)

    async def _ask(
        self, server: str, address: Address, request: MetadataRequest, deadline: Deadline
    ) -> MetadataResponse | Failure:
        try:
            endpoint = Endpoint(*split_address(server), address)
            connection = await self._connector.open(-1, endpoint, deadline, channel=MAIN)
        except StageError as error:
            return Failure(server, address, error.stage, error)
        try:
            response = await connection.send(request, expires_at=deadline.at)
        except KafkaError as error:
            return Failure(server, address, Stage.METADATA, error)
        finally:
            connection.close()
        if for_code(response.error_code) is not NoError:
            refusal = for_code(response.error_code)(f"{server}: metadata was refused")
            return Failure(server, address, Stage.METADATA, refusal)
        if not response.brokers:
            text = f"{server}: the metadata lists no broker; the cluster may still be starting"
            return Failure(server, address, Stage.METADATA, KafkaError(text))
        return response


def _summary(failures: Sequence[Failure]) -> str:
    lines = "\n".join(f"  {line}" for line in dict.fromkeys(map(str, failures)))
    return (
        "no bootstrap server could be reached; check bootstrap_servers and that the brokers run. "
        f"Last tried:\n{lines}"
    )
