"""Cases: short functions that talk to a cluster; what they are answered is compared.

``@case()`` registers one; ``@case(MetadataRequest)`` registers it once for every version of an API
that the release serves, given to it as ``talk.version``. A case calls ``talk.send`` for the answers
that count and ``talk.quiet`` to prepare them.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import Message
from kafka.testing.broker.versions import release as embedded_release
from test.differential.clusters import RELEASES, Side
from test.differential.transcript import Scribe
from test.support.raw_client import RawClient
from test.support.sasl import log_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from uuid import UUID

    from kafka.protocol.schema import Request

    Story = Callable[["Talk"], Awaitable[None]]

R = TypeVar("R", bound=Message)

EVERY_RELEASE = tuple(RELEASES)
_PATIENCE = 60.0


class Case(NamedTuple):
    """One case in one version, for one release."""

    name: str
    story: Story
    release: str
    version: int

    @property
    def label(self) -> str:
        """Name of the test."""
        version = "" if self.version < 0 else f"-v{self.version}"
        return f"{self.release}-{self.name}{version}"


CASES: list[Case] = []


def case(
    swept: type[Request[Any]] | None = None,
    *,
    lowest: int = 0,
    highest: int = 32767,
    releases: Sequence[str] = EVERY_RELEASE,
) -> Callable[[Story], Story]:
    """Register a case.

    Args:
        swept: API whose versions the case is repeated for.
        lowest: first version to repeat it for.
        highest: last version to repeat it for.
        releases: of Apache Kafka to compare with.
    """

    def register(story: Story) -> Story:
        name = f"{story.__module__.rpartition('.')[2]}.{story.__name__}"
        for release in releases:
            versions = [-1] if swept is None else served(swept, release)
            CASES.extend(
                Case(name, story, release, version)
                for version in versions
                if version < 0 or lowest <= version <= highest
            )
        return story

    return register


def served(api: type[Request[Any]], release: str) -> list[int]:
    """Return the versions of an API that a release serves."""
    ranges = embedded_release(RELEASES[release]).ranges()
    _, lowest, highest = ranges.get(api.API_KEY, ("", 0, -1))
    return list(range(lowest, highest + 1))


class Talk:
    """What a case does its work with: one side, and the transcript of its answers.

    Attributes:
        release: of Apache Kafka, or what the embedded cluster imitates.
        version: of the API whose versions the case is repeated for; else -1.
        transcript: what has been answered so far.
    """

    def __init__(self, side: Side, found: Case, prefix: str) -> None:
        self.release = found.release
        self.version = found.version
        self.transcript: list[object] = []
        self._side = side
        self._prefix = f"{prefix}-{found.name.replace('_', '-')}-{found.version}"
        self._names = 0
        self._clients: list[RawClient] = []
        self._scribe = Scribe(side.first_node)

    # -- names and connections ------------------------------------------------------------------

    def name(self) -> str:
        """Return a name that nothing else has; the same on both sides."""
        self._names += 1
        return f"{self._prefix}-{self._names}"

    def node(self, index: int = 0) -> int:
        """Return a broker's id."""
        return self._side.first_node + index

    async def connect(self, *, client_id: str | None = "raw") -> RawClient:
        """Return a connection of its own."""
        client = await RawClient.connect(self._side.plain[0], client_id=client_id)
        self._clients.append(client)
        return client

    async def connect_sasl(self, user: str | None = None, password: str = "") -> RawClient:
        """Return a connection to the listener with SASL, of *user* if one is given."""
        client = await RawClient.connect(self._side.sasl[0])
        self._clients.append(client)
        if user is not None:
            assert (await log_in(client, user, password)).error_code == 0
        return client

    async def client(self) -> RawClient:
        """Return the connection that requests take when none is named."""
        return self._clients[0] if self._clients else await self.connect()

    @asynccontextmanager
    async def closing(self) -> AsyncIterator[Talk]:
        """Make the first connection, and close all of them."""
        try:
            await self.connect()
            yield self
        finally:
            for client in self._clients:
                client.close()

    # -- requests -------------------------------------------------------------------------------

    async def quiet(
        self,
        request: Request[R],
        version: int | None = None,
        *,
        on: RawClient | None = None,
        seconds: float = _PATIENCE,
    ) -> R:
        """Send a request whose answer does not count."""
        version = self.version if version is None else version
        return await (on or await self.client()).send(request, version, seconds=seconds)

    async def send(
        self,
        request: Request[R],
        version: int | None = None,
        *,
        on: RawClient | None = None,
        seconds: float = _PATIENCE,
        only: Callable[[R], None] | None = None,
    ) -> R:
        """Send a request and write down its answer.

        Args:
            request: what to send.
            version: of it; that of the case if left out.
            on: connection to use.
            seconds: how long to wait.
            only: takes out of the answer what other cases have left in the cluster.
        """
        answer = await self.quiet(request, version, on=on, seconds=seconds)
        if only is not None:
            only(answer)
        self.note(answer, self.version if version is None else version)
        return answer

    def note(self, answer: Message, version: int) -> None:
        """Write an answer down."""
        written = self._scribe.message(answer, version)
        self.transcript.append({type(answer).__name__: written})

    async def refused(
        self, request: Request[R], version: int, *, on: RawClient | None = None, seconds: float = 5
    ) -> None:
        """Send a request that may well be answered by closing the connection, or by silence.

        The next requests go on a new connection if this was the one that requests go on.
        """
        try:
            await self.send(request, version, on=on, seconds=seconds)
        except ConnectionError:
            self.transcript.append("closed")
            if on is None:
                self._clients.insert(0, await self.connect())
        except TimeoutError:
            self.transcript.append("silence")

    async def eventually(
        self, request: Request[R], version: int, ready: Callable[[R], bool], *, note: bool = True
    ) -> R:
        """Send a request until its answer is *ready*: Kafka spreads some news in its own time."""
        async with asyncio.timeout(_PATIENCE):
            while not ready(answer := await self.quiet(request, version)):  # noqa: ASYNC110 - only the brokers know, and tell when asked
                await asyncio.sleep(0.02)
        if note:
            self.note(answer, version)
        return answer

    # -- topics ---------------------------------------------------------------------------------

    async def topic(self, partitions: int = 1, **config: str) -> str:
        """Make a topic, wait until it has leaders, and return its name.

        Args:
            partitions: how many.
            config: by Kafka's names, with ``_`` for ``.``.
        """
        name = self.name()
        entries = [
            CreateTopicsRequest.CreatableTopicConfig(name=key.replace("_", "."), value=value)
            for key, value in config.items()
        ]
        topic = CreateTopicsRequest.CreatableTopic(
            name=name, num_partitions=partitions, replication_factor=1, configs=entries
        )
        made = await self.quiet(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 5)
        assert made.topics[0].error_code == 0, made
        await self.known(name)
        return name

    async def known(self, name: str) -> None:
        """Wait until a topic has leaders."""
        wanted = MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=name)],
            allow_auto_topic_creation=False,
        )

        def ready(answer: MetadataResponse) -> bool:
            topic = answer.topics[0]
            return topic.error_code == 0 and all(p.error_code == 0 for p in topic.partitions)

        found = await self.eventually(wanted, 9, ready, note=False)
        await self._led(
            name, [partition.partition_index for partition in found.topics[0].partitions]
        )

    async def _led(self, name: str, partitions: list[int]) -> None:
        """Wait until the leaders lead: Metadata tells of them a moment before they do."""
        asked = [
            ListOffsetsRequest.ListOffsetsPartition(partition_index=index, timestamp=-1)
            for index in partitions
        ]
        request = ListOffsetsRequest(
            replica_id=-1,
            topics=[ListOffsetsRequest.ListOffsetsTopic(name=name, partitions=asked)],
        )

        def ready(answer: ListOffsetsResponse) -> bool:
            return all(partition.error_code == 0 for partition in answer.topics[0].partitions)

        await self.eventually(request, 5, ready, note=False)

    async def topic_id(self, name: str) -> UUID:
        """Return the id of a topic."""
        wanted = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=name)])
        return (await self.quiet(wanted, 12)).topics[0].topic_id
