"""A small Kafka cluster for tests: real protocol and logs, and trouble on demand.

    async def story() -> None:                       # with test.support.virtual_loop.run(story())
        async with ScriptedCluster(nodes=2) as cluster:          # in memory on the virtual loop
            cluster.add_topic("orders", partitions=2)            # leaders: nodes 0 and 1
            cluster.log("orders", 0).append_values(b"a", b"b")
            cluster.fail_next(FetchRequest, Close())             # or Delay(2.0), ErrorCode(6), ...
            ... client with bootstrap_servers=cluster.bootstrap_servers ...
            assert len(cluster.requests(FetchRequest)) == 2

    with ScriptedCluster.in_thread(nodes=1) as cluster: ...      # TCP; change it before the client

`on(RequestClass, handler)` replaces the answer of an API: ``handler(request, call)`` returns a
response, a fault, or ``None`` for no answer, and may be ``async``. Defaults: ApiVersions, Metadata,
Produce, Fetch (no sessions; waits as asked), ListOffsets. A broker handles the requests of a
connection one after the other. No groups, no transactions, no record magics 0 and 1.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from uuid import UUID, uuid5

from kafka.errors import KafkaError
from kafka.protocol.headers import decode_request, encode_response
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from test.support import scripted_answers as answers
from test.support.scripted_log import PartitionLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from kafka.protocol.schema import Message, Request


class Close(NamedTuple):
    """Hang up instead of answering."""


class Drop(NamedTuple):
    """Never answer."""


class Delay(NamedTuple):
    """Answer as usual after some seconds."""

    seconds: float


class Garbage(NamedTuple):
    """Send these bytes instead of an answer."""

    data: bytes


class WrongCorrelationId(NamedTuple):
    """Answer another request."""


class HalfFrame(NamedTuple):
    """Send the first half of the answer, then hang up."""


class ErrorCode(NamedTuple):
    """Put this code into every ``error_code`` of the answer; nothing is stored or read."""

    code: int


Fault = Close | Drop | Delay | Garbage | WrongCorrelationId | HalfFrame | ErrorCode
Answer = "Message | Fault | None"
Handler = Any  # Callable[[RequestClass, Call], Answer | Awaitable[Answer]], one per API
Q = TypeVar("Q", bound="Request[Any]")


class Call(NamedTuple):
    """Where a request came in."""

    cluster: ScriptedCluster
    node_id: int
    version: int
    client_id: str | None


class Recorded(NamedTuple):
    """A request that came in, and when (time of the loop)."""

    node_id: int
    version: int
    request: Message
    at: float


class ScriptedCluster:
    """Brokers with ids 0 to *nodes* - 1 on 127.0.0.1."""

    def __init__(
        self,
        nodes: int = 1,
        *,
        host: str = "127.0.0.1",
        auto_create: bool = False,
        versions: dict[type[Request[Any]], tuple[int, int]] | None = None,
        cluster_id: str = "scripted",
    ) -> None:
        """Make the cluster; *versions* narrows what an API answers (ApiVersions says so too)."""
        self.host = host
        self.cluster_id = cluster_id
        self.auto_create = auto_create
        self.rack: dict[int, str] = {}
        self.controller = 0
        self.topics: dict[str, list[PartitionLog]] = {}
        self.topic_ids: dict[str, UUID] = {}
        self.topic_errors: dict[str, int] = {}
        self.received: list[Recorded] = []
        self.connections: dict[int, set[asyncio.Transport]] = defaultdict(set)
        self.accepted: dict[int, int] = defaultdict(int)
        self.ports: dict[int, int] = {}
        self.advertised: dict[int, tuple[str, int]] = {}
        self.versions = dict(versions or {})
        self._nodes = nodes
        self._handlers: dict[int, Handler] = {}
        self._apis: dict[int, type[Request[Any]]] = {}
        self._faults: dict[type[Message], list[tuple[int | None, Any]]] = defaultdict(list)
        self._servers: dict[int, asyncio.AbstractServer] = {}
        self._appended: set[asyncio.Future[None]] = set()
        self.on(ApiVersionsRequest, answers.api_versions)
        self.on(MetadataRequest, answers.metadata)
        self.on(ProduceRequest, answers.produce)
        self.on(FetchRequest, answers.fetch)
        self.on(ListOffsetsRequest, answers.list_offsets)

    # -- what a test says ------------------------------------------------------------------

    @property
    def bootstrap_servers(self) -> list[str]:
        return [f"{self.host}:{port}" for port in self.ports.values()]

    def on(self, request_class: type[Request[Any]], handler: Handler) -> None:
        """Answer requests of this class with *handler* from now on."""
        self._handlers[request_class.API_KEY] = handler
        self._apis[request_class.API_KEY] = request_class

    def fail_next(
        self,
        request_class: type[Request[Any]],
        *faults: Fault | Message,
        node_id: int | None = None,
    ) -> None:
        """Meet the next requests of this class with *faults*, one each, then go on as before.

        A message instead of a fault is sent as the answer.
        """
        self._faults[request_class].extend((node_id, fault) for fault in faults)

    def add_topic(
        self, name: str, partitions: int = 1, *, leader: int | None = None, topic_id: bool = True
    ) -> None:
        """Create a topic; leaders go round the nodes unless *leader* is given."""
        replicas = tuple(range(self._nodes))
        self.topics[name] = [
            PartitionLog(number % self._nodes if leader is None else leader, replicas)
            for number in range(partitions)
        ]
        incarnation = sum(1 for known in self.topic_ids if known == name)
        self.topic_ids[name] = (
            uuid5(UUID(int=1), f"{name}-{incarnation}") if topic_id else UUID(int=0)
        )

    def log(self, topic: str, partition: int) -> PartitionLog:
        return self.topics[topic][partition]

    def move_leader(self, topic: str, partition: int, leader: int) -> None:
        """Make another node the leader, in a new epoch; -1 for no leader."""
        log = self.log(topic, partition)
        log.leader = leader
        log.leader_epoch += 1

    def requests(self, request_class: type[Q], *, node_id: int | None = None) -> list[Q]:
        """Return the requests of this class that came in, oldest first."""
        return [
            r.request
            for r in self.received
            if isinstance(r.request, request_class) and node_id in (None, r.node_id)
        ]

    def disconnect(self, node_id: int) -> None:
        """Hang up all connections to a node."""
        for transport in list(self.connections[node_id]):
            transport.abort()

    async def kill(self, node_id: int) -> None:
        """Stop a node: hang up and refuse connections."""
        server = self._servers.pop(node_id, None)
        if server is not None:
            server.close()
        self.disconnect(node_id)

    async def revive(self, node_id: int) -> None:
        """Start a node again on its port."""
        await self._listen(node_id)

    def records_arrived(self) -> None:
        """Wake fetches that wait; Produce does so itself."""
        waiting, self._appended = self._appended, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait_for_records(self, seconds: float) -> None:
        """Wait until something is appended, at most *seconds*."""
        future = asyncio.get_running_loop().create_future()
        self._appended.add(future)
        await asyncio.wait({future}, timeout=seconds)

    def api_ranges(self) -> dict[int, tuple[int, int]]:
        """Return the versions of each API that has a handler."""
        return {
            key: self.versions.get(api, (api.VERSIONS.min, api.VERSIONS.max))
            for key, api in self._apis.items()
        }

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        for node_id in range(self._nodes):
            await self._listen(node_id)

    async def stop(self) -> None:
        for node_id in list(self._servers):
            await self.kill(node_id)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(cls, nodes: int = 1, **options: Any) -> Iterator[Self]:
        """Run a cluster over TCP in a thread of its own, for blocking clients."""
        cluster = cls(nodes, **options)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="scripted-broker", daemon=True)
        thread.start()

        def call(work: Any) -> None:
            asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

        async def end() -> None:
            await cluster.stop()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        cluster.call_in_thread = call
        try:
            call(cluster.start())
            yield cluster
        finally:
            call(end())
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    call_in_thread: Callable[[Awaitable[None]], None]

    async def _listen(self, node_id: int) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Peer(self, node_id), self.host, self.ports.get(node_id, 0)
        )
        self._servers[node_id] = server
        self.ports[node_id] = server.sockets[0].getsockname()[1]

    # -- answering -------------------------------------------------------------------------

    async def answer(self, request: Message, call: Call) -> Any:
        """Return the answer to *request*: a response, a fault, or None."""
        self.received.append(
            Recorded(call.node_id, call.version, request, asyncio.get_running_loop().time())
        )
        fault = self._take_fault(type(request), call.node_id)
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        elif isinstance(fault, ErrorCode):
            return answers.with_error(self, request, fault.code)
        elif fault is not None and not isinstance(fault, WrongCorrelationId | HalfFrame):
            return fault
        handler = self._handlers.get(type(request).API_KEY)
        if handler is None:
            return Close()
        found = handler(request, call)
        if inspect.isawaitable(found):
            found = await found
        return (fault, found) if isinstance(fault, WrongCorrelationId | HalfFrame) else found

    def _take_fault(self, request_class: type[Message], node_id: int) -> Any:
        faults = self._faults[request_class]
        for position, (node, fault) in enumerate(faults):
            if node in (None, node_id):
                del faults[position]
                return fault
        return None


class _Peer(asyncio.Protocol):
    """The broker's side of one connection."""

    def __init__(self, cluster: ScriptedCluster, node_id: int) -> None:
        self._cluster = cluster
        self._node_id = node_id
        self._data = bytearray()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._cluster.connections[self._node_id].add(transport)
        self._cluster.accepted[self._node_id] += 1
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def data_received(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= 4:
            size = int.from_bytes(self._data[:4], "big")
            if len(self._data) < 4 + size:
                return
            self._frames.put_nowait(bytes(self._data[4 : 4 + size]))
            del self._data[: 4 + size]

    def connection_lost(self, exc: Exception | None) -> None:
        self._cluster.connections[self._node_id].discard(self._transport)
        self._worker.cancel()

    async def _work(self) -> None:
        while True:
            frame = await self._frames.get()
            api_key, version = (int.from_bytes(frame[i : i + 2], "big") for i in (0, 2))
            low, high = self._cluster.api_ranges().get(api_key, (0, -1))
            if not low <= version <= high:
                if api_key != ApiVersionsRequest.API_KEY or high < 0:
                    self._transport.abort()
                    return
                self._refuse_version(frame)
                continue
            try:
                header, request = decode_request(frame)
            except KafkaError:
                self._transport.abort()
                raise
            call = Call(self._cluster, self._node_id, version, header.client_id)
            self._send(await self._cluster.answer(request, call), header.correlation_id, version)

    def _refuse_version(self, frame: bytes) -> None:
        """Answer in version 0 with the range this broker speaks (KIP-511)."""
        low, high = self._cluster.api_ranges()[ApiVersionsRequest.API_KEY]
        body = ApiVersionsResponse(
            error_code=35,
            api_keys=[
                ApiVersionsResponse.ApiVersion(api_key=18, min_version=low, max_version=high)
            ],
        )
        correlation_id = int.from_bytes(frame[4:8], "big")
        self._transport.write(b"".join(encode_response(body, 0, correlation_id=correlation_id)))

    def _send(self, answer: Any, correlation_id: int, version: int) -> None:
        fault, answer = answer if type(answer) is tuple else (None, answer)
        if isinstance(answer, Close):
            self._transport.abort()
        elif isinstance(answer, Garbage):
            self._transport.write(answer.data)
        elif answer is not None and not isinstance(answer, Drop):
            if isinstance(fault, WrongCorrelationId):
                correlation_id += 7
            data = b"".join(encode_response(answer, version, correlation_id=correlation_id))
            if isinstance(fault, HalfFrame):
                self._transport.write(data[: len(data) // 2])
                self._transport.close()
            else:
                self._transport.write(data)
