"""A cluster on virtual time for one call of the admin client, in which much goes wrong.

``python -m test.support.admin_world --count 10000`` runs so many random stories. Each has 1 to 5
nodes and 1 to 200 keys; leaders, coordinators and the controller move, nodes leave and join,
connections are lost or refused, requests are throttled, answers are errors. `play` raises
`AssertionError` for a promise not kept.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from typing import NamedTuple

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka.admin.call import Ask, Call, CallSettings, RefreshMetadata
from kafka.admin.lookups import GROUP, to_any, to_broker, to_controller, to_coordinator, to_leader
from kafka.admin.operation import Fallback, Lookup, Outcome
from kafka.cluster import ClusterSnapshot
from kafka.errors import (
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotControllerError,
    NotCoordinatorError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
    ThrottlingQuotaExceededError,
    UnsupportedVersionError,
    for_code,
)
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import Message
from kafka.structs import BrokerMetadata, TopicPartition
from test.support.admin_operation import Operation

KINDS = ("any", "controller", "leader", "coordinator", "broker")
MOVED = {
    "controller": NotControllerError,
    "leader": NotLeaderForPartitionError,
    "coordinator": NotCoordinatorError,
}


class Reply(NamedTuple):
    """What comes back for a request, and when."""

    at: float
    number: int
    ask: Ask
    node_id: int | None
    found: Message | KafkaError
    was_written: bool


class World:
    """The nodes, who leads what, and the requests under way."""

    def __init__(self, seed: int) -> None:
        self.random = rng = random.Random(seed)
        self.now = 0.0
        self.trouble = rng.choice((0.0, 0.1, 0.4, 0.9))
        self.nodes = list(range(rng.randint(1, 5)))
        self.known = list(self.nodes)
        """The nodes that the client knows from metadata."""
        self.kind = rng.choice(KINDS)
        self.keys = [f"k{number}" for number in range(rng.choice((1, 3, rng.randint(1, 200))))]
        self.owners = {key: rng.choice(self.nodes) for key in self.keys}
        self.controller = rng.choice(self.nodes)
        self.cached_controller = rng.choice([*self.nodes, 99])
        self.takes_batches = rng.random() < 0.7
        self.deadline = rng.choice((0.5, 5.0, 60.0))
        self.replies: list[Reply] = []
        self.sent = 0
        self.falls_back = rng.random() < 0.3
        self.unreachable_after = rng.choice((math.inf, 1.0))
        self.throttled_until: dict[str, float] = {}
        self.lost: set[str] = set()
        """Keys whose request was written, and never answered."""

    @property
    def lookup(self) -> Lookup[str]:
        return {
            "any": to_any(),
            "controller": to_controller(),
            "leader": to_leader(lambda key: TopicPartition(key, 0)),
            "coordinator": to_coordinator(GROUP, str),
            "broker": to_broker(self.owners.__getitem__),
        }[self.kind]

    def snapshot(self) -> ClusterSnapshot:
        brokers = {node: BrokerMetadata(node, "h", 1, None) for node in self.known}
        controller = BrokerMetadata(self.cached_controller, "h", 1, None)
        return ClusterSnapshot(brokers=brokers, controller=controller)

    def owner(self, key: str) -> int:
        return self.controller if self.kind == "controller" else self.owners[key]

    # -- what goes wrong ---------------------------------------------------------------------

    def send(self, ask: Ask) -> None:
        rng = self.random
        self.sent += 1
        node_id = ask.target.node_id
        if not ask.is_lookup:
            early = [key for key in ask.keys if self.now < self.throttled_until.get(key, 0.0)]
            assert not early, f"{early} were to wait"
        node = rng.choice(self.nodes) if node_id is None else node_id
        self._move_something()
        after = rng.uniform(0.001, 0.1)
        found: Message | KafkaError
        was_written = True
        luck = rng.random()
        if luck < self.trouble / 6 or node not in self.nodes:
            was_written = False
            found = KafkaConnectionError(f"node {node}: refused")
        elif luck < self.trouble / 3:
            found = KafkaConnectionError(f"node {node}: lost")
        elif luck < self.trouble / 2:
            after, found = 30.0, RequestTimedOutError(f"node {node}: silent")
        else:
            found = self._answer(ask, node)
        reply = Reply(self.now + after, self.sent, ask, node, found, was_written)
        heapq.heappush(self.replies, reply)

    def _move_something(self) -> None:
        rng = self.random
        if rng.random() >= self.trouble:
            return
        if rng.random() < 0.2:
            self._leave_or_join()
        self.controller = rng.choice(self.nodes)
        if self.kind != "broker":
            moved = rng.sample(self.keys, rng.randint(1, len(self.keys)))
            orphans = [key for key, owner in self.owners.items() if owner not in self.nodes]
            for key in {**dict.fromkeys(moved), **dict.fromkeys(orphans)}:
                self.owners[key] = rng.choice(self.nodes)

    def _leave_or_join(self) -> None:
        """Let a node leave, or one that has left or is new join."""
        rng = self.random
        if len(self.nodes) > 1 and rng.random() < 0.5:
            self.nodes.remove(rng.choice(self.nodes))
        elif len(self.nodes) < 6:
            self.nodes.append(next(node for node in range(6) if node not in self.nodes))

    def _answer(self, ask: Ask, node: int) -> Message | KafkaError:
        request = ask.request
        if isinstance(request, MetadataRequest):
            return self._metadata(request)
        if isinstance(request, FindCoordinatorRequest):
            return self._coordinators(request)
        assert isinstance(request, DeleteGroupsRequest)
        throttle = 0
        results = []
        for key in request.groups_names:
            code = self._code(key, node)
            if code == ThrottlingQuotaExceededError.errno:
                throttle = throttle or self.random.choice((50, 2000))
            results.append(DeleteGroupsResponse.DeletableGroupResult(group_id=key, error_code=code))
        return DeleteGroupsResponse(throttle_time_ms=throttle, results=results)

    def note_throttling(self, response: Message) -> None:
        if isinstance(response, DeleteGroupsResponse):
            for result in response.results:
                if result.error_code == ThrottlingQuotaExceededError.errno:
                    until = self.now + response.throttle_time_ms / 1000
                    self.throttled_until[result.group_id] = until

    def _code(self, key: str, node: int) -> int:
        if self.kind in MOVED and node != self.owner(key):
            return MOVED[self.kind].errno
        luck = self.random.random()
        if luck < self.trouble / 8:
            return ThrottlingQuotaExceededError.errno
        return GroupIdNotFoundError.errno if luck < self.trouble / 4 else 0

    def _metadata(self, request: MetadataRequest) -> MetadataResponse:
        self.cached_controller = self.controller
        self.known = list(self.nodes)
        wanted = [topic.name or "" for topic in request.topics or ()]
        return MetadataResponse(
            brokers=[
                MetadataResponse.MetadataResponseBroker(node_id=node, host="h", port=1)
                for node in self.nodes
            ],
            controller_id=self.controller,
            topics=[
                MetadataResponse.MetadataResponseTopic(
                    name=name,
                    partitions=[
                        MetadataResponse.MetadataResponsePartition(
                            partition_index=0,
                            leader_id=-1
                            if self.random.random() < self.trouble / 4
                            else self.owners[name],
                        )
                    ],
                )
                for name in wanted
            ],
        )

    def _coordinators(self, request: FindCoordinatorRequest) -> Message | KafkaError:
        if not self.takes_batches and len(request.coordinator_keys) > 1:
            return UnsupportedVersionError("one key only")
        return FindCoordinatorResponse(
            coordinators=[
                FindCoordinatorResponse.Coordinator(
                    key=key if self.takes_batches else "",
                    node_id=self.owners[key],
                    error_code=15 if self.random.random() < self.trouble / 4 else 0,
                )
                for key in request.coordinator_keys
            ]
        )


def _is_gone(error: KafkaError) -> bool:
    return isinstance(error, GroupIdNotFoundError)


def play(seed: int) -> Outcome[str, int]:
    """Play one story; raise `AssertionError` if a promise is not kept."""
    world = World(seed)
    settings = CallSettings(
        ExponentialBackoff(0.1, 1.0), world.random.uniform, 30.0, world.snapshot
    )
    call = Call(
        Operation(world.lookup),
        world.keys,
        deadline=Deadline(world.deadline),
        settings=settings,
        now=0.0,
        fallbacks=[Fallback(Operation(world.lookup), _is_gone)] if world.falls_back else [],
        unreachable_after=world.unreachable_after,
    )
    in_flight: set[tuple[object, bool]] = set()
    while not call.is_done:
        known = {None, *world.known}
        for action in call.poll(world.now):
            if isinstance(action, RefreshMetadata):
                world.known = list(world.nodes)
            else:
                assert action.target.node_id in known, "a node is asked that metadata lacks"
                _send(action, world, in_flight)
        if call.is_done:
            break
        wakeup = call.next_wakeup()
        assert wakeup is not None
        assert wakeup <= world.deadline
        if world.replies and world.replies[0].at <= wakeup:
            _deliver(call, world, in_flight)
        else:
            assert wakeup > world.now or not world.now, "it would spin"
            world.now = max(wakeup, world.now)
    assert world.now <= world.deadline
    _check(call, world)
    return call.outcome()


def _send(ask: Ask, world: World, in_flight: set[tuple[object, bool]]) -> None:
    assert world.now < world.deadline, "a request after the deadline"
    assert ask.keys
    for key in ask.keys:
        assert (key, ask.is_lookup) not in in_flight, f"{key} is asked twice"
        in_flight.add((key, ask.is_lookup))
    world.send(ask)


def _deliver(call: Call[str, int], world: World, in_flight: set[tuple[object, bool]]) -> None:
    reply = heapq.heappop(world.replies)
    world.now = max(world.now, reply.at)
    in_flight.difference_update((key, reply.ask.is_lookup) for key in reply.ask.keys)
    before = call.outcome()
    if isinstance(reply.found, KafkaError):
        if reply.was_written and not reply.ask.is_lookup:
            world.lost.update(reply.ask.keys)
        call.on_failure(reply.ask, reply.found, world.now, was_written=reply.was_written)
    else:
        assert reply.node_id is not None
        world.note_throttling(reply.found)
        call.on_answer(reply.ask, reply.node_id, reply.found, world.now)
    after = call.outcome()
    for old, new in ((before.results, after.results), (before.errors, after.errors)):
        assert all(new[key] is value for key, value in old.items()), "an answer was replaced"


def _check(call: Call[str, int], world: World) -> None:
    outcome = call.outcome()
    assert sorted([*outcome.results, *outcome.errors]) == sorted(world.keys), "a key is lost"
    assert not outcome.results.keys() & outcome.errors.keys(), "a key has two answers"
    late = [error for error in outcome.errors.values() if isinstance(error, KafkaTimeoutError)]
    assert not late or world.now == world.deadline, "given up too early"
    if not world.trouble:
        assert not outcome.errors
        assert all(
            world.kind == "any" or node == world.owner(key) for key, node in outcome.results.items()
        )
    assert outcome.doubtful == world.lost, "doubt is not what was lost"
    refused = [e for e in outcome.errors.values() if isinstance(e, KafkaConnectionError)]
    assert not refused or world.now >= world.unreachable_after, "given up too early"
    # What comes when all is done changes nothing.
    while world.replies:
        reply = heapq.heappop(world.replies)
        call.on_failure(reply.ask, for_code(41)("late"), world.now)
    assert call.outcome() == outcome
    assert call.next_wakeup() is None
    assert call.poll(world.now) == []


def main() -> None:
    """Play as many stories as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=10_000, help="how many seeds")
    options = parser.parse_args()
    answered = late = 0
    for seed in range(options.first, options.first + options.count):
        try:
            outcome = play(seed)
        except AssertionError as problem:
            raise SystemExit(f"seed {seed}: {problem}") from problem
        answered += len(outcome.results)
        late += sum(isinstance(error, KafkaTimeoutError) for error in outcome.errors.values())
    print(f"{options.count} stories: {answered} keys answered, {late} given up at the deadline")


if __name__ == "__main__":
    main()
