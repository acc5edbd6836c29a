"""Find a first broker: try all servers and all their addresses, and report every failure."""

from __future__ import annotations

import asyncio
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.retry import RetryState
from kafka.config.addresses import join_address, split_address
from kafka.errors import KafkaConnectionError, KafkaError
from kafka.errors.verdict import is_refusal
from kafka.net.bootstrap_trials import BootstrapTrials, Failure, bootstrap_error, not_reached
from kafka.net.diagnosis import (
    Ending,
    Stage,
    StageError,
    again,
    guess_at_refused_metadata,
    message_of,
    stage_of,
)
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.metadata_planner import refusal
from kafka.protocol.messages.metadata import MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from kafka._base.backoff import ExponentialBackoff
    from kafka._base.runtime import Runtime
    from kafka.config.network import NetworkConfig
    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection
    from kafka.net.connector import Connector
    from kafka.net.node_states import Address
    from kafka.protocol.messages.metadata import MetadataRequest

    # Any: the two unused parameters of a coroutine's type.
    Attempt = Callable[[], Coroutine[Any, Any, MetadataResponse | list[Failure]]]

log = logger("kafka.client")

# The next server or address is tried as well when the last one has been silent for so many seconds.
STAGGER: Final = 0.25
# With fewer seconds left than this, no further round is begun.
SHORTEST: Final = 0.05


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
        self._refusal: KafkaError | None = None
        self._refused_until = 0.0

    async def run(
        self, request: Callable[[], MetadataRequest], deadline: Deadline
    ) -> MetadataResponse:
        """Return the first answer; go on with back-off until *deadline*.

        A pause takes half of the time that is left at most, so that tries come closer together
        towards the end and a broker that starts shortly before it is found.

        Raises:
            NoBrokersAvailable: no server answered, or all have answered that they never will; the
                message lists what was tried.
            TlsError: TLS with a server failed, for good.
            SaslAuthenticationFailedError: a server refused the credentials, and no other one was
                ready within a second.
            KafkaError: a server refused the client in another way.
        """
        retry = RetryState()
        failures: list[Failure] = []
        trials = BootstrapTrials()
        while True:
            found = await self._round(request, deadline, trials)
            if not isinstance(found, list):
                return found
            now = self._clock.now()
            left = min(deadline.at, trials.ends_at) - now
            # A round cut short by the deadline says less than the one before.
            if left > 0 or not failures or trials.has_refusal:
                failures = found
            if left < SHORTEST or trials.is_over(failures, now):
                raise bootstrap_error(failures)
            retry = retry.failed(now, self._backoff, self._uniform)
            pause = trials.pause(min(retry.remaining(now), left / 2), now)
            log.debug("bootstrap failed, again in %.2f s", pause)
            await asyncio.sleep(min(pause, left))

    async def once(self, request: Callable[[], MetadataRequest]) -> MetadataResponse:
        """Return the first answer of one round over all servers.

        Servers that have refused the client are asked again after ``reconnect_backoff_max_ms``. One
        that is silent has not refused it: the caller tries again.

        Raises:
            NoBrokersAvailable: no server answered.
            KafkaError: that of a server which refused.
        """
        now = self._clock.now()
        if self._refusal is not None and now < self._refused_until:
            raise again(self._refusal, self._refused_until - now)
        deadline = Deadline.after(now, self._longest_attempt)
        trials = BootstrapTrials(silence_is_final=False)
        found = await self._round(request, deadline, trials)
        if not isinstance(found, list):
            self._refusal = None
            return found
        # One that refuses among others that are down is like one that is down, too.
        error = bootstrap_error(found) if trials.are_hopeless(found) else not_reached(found)
        if is_refusal(error):
            self._refusal = error
            self._refused_until = self._clock.now() + self._backoff.maximum
        raise error

    async def _round(
        self, request: Callable[[], MetadataRequest], deadline: Deadline, trials: BootstrapTrials
    ) -> MetadataResponse | list[Failure]:
        """Try each server once; return the first answer or all failures."""
        failures: list[Failure] = []
        servers = await self._servers(failures)
        attempts = [partial(self._try, server, request, deadline, trials) for server in servers]
        found = await self._staggered(attempts, trials)
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
        self,
        server: str,
        request: Callable[[], MetadataRequest],
        deadline: Deadline,
        trials: BootstrapTrials,
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
        settled = [f for a in addresses if (f := trials.settled(server, a)) is not None]
        attempts = [
            partial(self._ask, server, address, request, deadline, trials)
            for address in addresses
            if trials.settled(server, address) is None
        ]
        found = await self._staggered(attempts, trials)
        return [*settled, *found] if isinstance(found, list) else found

    def _at_most(self, deadline: Deadline) -> float:
        """Return the seconds that one attempt may take."""
        return min(deadline.remaining(self._clock.now()), self._longest_attempt)

    async def _ask(
        self,
        server: str,
        address: Address,
        request: Callable[[], MetadataRequest],
        deadline: Deadline,
        trials: BootstrapTrials,
    ) -> MetadataResponse | list[Failure]:
        """Ask one address; return its answer or why there is none."""
        endpoint = Endpoint(*split_address(server), address)
        stage = Stage.API_VERSIONS
        try:
            until = Deadline.after(self._clock.now(), self._at_most(deadline))
            connection = await self._connector.open(-1, endpoint, until, channel=MAIN)
            stage = Stage.METADATA
            try:
                return await self._metadata_of(connection, request, until, endpoint)
            finally:
                connection.close()
        except KafkaError as error:
            failure = Failure(server, address, stage_of(error, stage), error)
        trials.on_failure(failure, self._clock.now())
        return [failure]

    async def _metadata_of(
        self,
        connection: Connection,
        request: Callable[[], MetadataRequest],
        until: Deadline,
        endpoint: Endpoint,
    ) -> MetadataResponse:
        """Return the answer of one server; raise `KafkaError` if there is none."""
        try:
            response = await connection.send(request(), expires_at=until.at)
        except KafkaConnectionError as error:
            guess = guess_at_refused_metadata(self._config.security_protocol)
            text = f"{message_of(error)} ({guess})" if guess else message_of(error)
            raise StageError(text, Stage.METADATA, Ending.HUNG_UP) from error
        _name_server(response, connection, endpoint)
        refused = refusal(response)
        if refused is not None:
            raise type(refused)(f"{endpoint.name}: {message_of(refused)}")
        return response

    async def _staggered(
        self, attempts: Sequence[Attempt], trials: BootstrapTrials
    ) -> MetadataResponse | list[Failure]:
        """Make *attempts*, each `STAGGER` after the last one or when that has failed.

        Returns:
            The first answer, or the failures of all that ended before the bootstrap did.
        """
        failures: list[Failure] = []
        waiting = list(attempts)
        pending: set[asyncio.Task[MetadataResponse | list[Failure]]] = set()
        async with asyncio.TaskGroup() as group:
            while (waiting or pending) and (left := trials.ends_at - self._clock.now()) > 0:
                if waiting:
                    pending.add(group.create_task(waiting.pop(0)(), name="kafka-bootstrap"))
                done, pending = await asyncio.wait(
                    pending,
                    timeout=min(left, STAGGER) if waiting else None if left == inf else left,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    found = task.result()
                    if not isinstance(found, list):
                        _cancel(pending)
                        return found
                    failures += found
            _cancel(pending)
        return failures


def _name_server(response: MetadataResponse, connection: Connection, endpoint: Endpoint) -> None:
    """Let the server itself be a broker if an old one names none: the cluster has no topic yet."""
    versions = connection.versions
    if not response.brokers and versions is not None and not versions.names_all_brokers:
        server = MetadataResponse.MetadataResponseBroker(
            node_id=connection.node_id, host=endpoint.host, port=endpoint.port
        )
        response.brokers = [server]


def _cancel(tasks: Iterable[asyncio.Task[MetadataResponse | list[Failure]]]) -> None:
    for task in tasks:
        task.cancel()
