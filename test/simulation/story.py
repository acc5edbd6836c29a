"""One random story of a group, and what must hold in it at every step."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from test.simulation.member import GROUP, Member, sorted_numbers
from test.simulation.nodes import Nodes
from test.simulation.oracle import Oracle
from test.simulation.plan import PATIENCE, Plan
from test.support.virtual_loop import virtual_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.testing import EmbeddedCluster
    from kafka.testing.broker.views import GroupView
    from test.simulation.trace import Trace

NODES = 3


class StoryFailedError(Exception):
    """Something did not hold."""


class Story:
    """Members of one group, and what happens to them.

    Args:
        cluster: started, without topics.
        plan: what it is about.
        trace: told of what happens.
        random: decides what happens next.

    Attributes:
        most_members: that there are at the same time.
        most_partitions: that the topic has in the end.
    """

    most_members = 5
    most_partitions = 9

    def __init__(self, cluster: EmbeddedCluster, plan: Plan, trace: Trace, random: Random) -> None:
        self._cluster = cluster
        self._plan = plan
        self._trace = trace
        self._random = random
        self._oracle = Oracle()
        self._members: list[Member] = []
        self._crashing: list[asyncio.Task[None]] = []
        self._is_calm = False
        self._count = 0
        self._partitions = random.choice([1, 4, 6])
        self._nodes = Nodes(cluster, NODES, trace, random)
        self._paused: list[tuple[Member, TopicPartition]] = []
        self._problems: list[str] = []
        cluster.create_topic("t", self._partitions)

    # -- what happens --------------------------------------------------------------------------

    async def run(self, steps: int) -> None:
        """Let so many things happen, then wait until all is read.

        Raises:
            StoryFailedError: something did not hold.
        """
        self._trace(f"{self._plan!r}")
        try:
            self._join()
            for _ in range(steps):
                self._disturb()
                await asyncio.sleep(self._random.choice([0.0, 0.05, 0.5, 1.0, 2.0]))
                await self._check()
            await self._calm_down()
            await self._finish()
            await self._dissolve()
        finally:
            await self._abandon()

    def _disturb(self) -> None:
        random = self._random
        calm: list[tuple[int, Callable[[], object]]] = [
            (10, self._append),
            (3, self._join),
            (2, self._leave),
            (2, self._move_leader),
            (1, self._pause),
            (1, self._resume),
            (1, self._add_partition),
            (1, self._wake),
            (1, self._rejoin),
            (1, self._resubscribe),
        ]
        wild: list[tuple[int, Callable[[], object]]] = [
            (10, self._fault),
            (2, self._crash),
            (1, self._move_coordinator),
            (1, self._nodes.disconnect),
            (1, self._nodes.freeze),
            (1, self._nodes.thaw),
            (1, self._expel),
            (1, self._nodes.kill),
            (2, self._nodes.revive),
            (1, self._stall),
        ]
        choices = calm + wild if self._plan.chaos else calm
        weights, actions = zip(*choices, strict=True)
        random.choices(actions, weights)[0]()

    def _append(self) -> None:
        values = [b"x"] * self._random.randrange(1, 20)
        self._cluster.append("t", *values, partition=self._any_partition())

    def _any_partition(self) -> int:
        return self._random.randrange(self._partitions)

    def _join(self) -> None:
        if len(self._alive()) < self.most_members:
            self._count += 1
            name = f"m{self._count}"
            instance = self._free_instance() if self._plan.static else None
            self._trace(f"{name} starts as {instance}")
            member = Member(
                name,
                instance,
                self._cluster,
                self._plan,
                self._oracle,
                self._trace,
                self._random,
                self._check_handed_out,
            )
            member.calm = self._is_calm
            self._members.append(member)

    def _free_instance(self) -> str:
        taken = {member.instance for member in self._members if not member.is_over}
        return next(name for n in range(self._count) if (name := f"i{n}") not in taken)

    def _alive(self) -> list[Member]:
        return [member for member in self._members if not member.dead and not member.is_over]

    def _open(self) -> list[Member]:
        return [member for member in self._alive() if member.has_polled and not member.is_closing]

    def _leave(self) -> None:
        alive = self._alive()
        if len(alive) > 1:
            member = self._random.choice(alive)
            self._trace(f"{member.name} is to leave")
            member.leave()

    def _crash(self) -> None:
        alive = self._alive()
        if len(alive) > 1:
            member = self._random.choice(alive)
            self._crashing.append(asyncio.create_task(member.crash()))

    def _move_leader(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            self._cluster.move_leader("t", self._any_partition(), node)

    def _move_coordinator(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            self._trace(f"the coordinator moves to {node}")
            self._cluster.move_coordinator("group", GROUP, node)

    def _stall(self) -> None:
        """Let all processes stand still, while clocks go on: sessions may be over."""
        seconds = self._random.choice([2.0, 5.0, 8.0, 12.0, 30.0])
        self._trace(f"all stand still for {seconds} s")
        virtual_loop().advance(seconds)

    def _wake(self) -> None:
        for member in self._open()[:1]:
            member.consumer.wakeup()

    def _rejoin(self) -> None:
        for member in self._open()[:1]:
            if member.consumer.subscription():
                member.consumer.enforce_rebalance("the story wants it")

    def _resubscribe(self) -> None:
        for member in self._open()[-1:]:
            member.restless = True

    def _expel(self) -> None:
        group = self._group()
        if group is not None and group.members:
            member = self._random.choice(group.members)
            self._trace(f"{member.client_id} is expelled")
            self._cluster.expel(GROUP, member.member_id)

    def _pause(self) -> None:
        owners = [member for member in self._open() if member.consumer.assignment()]
        if owners and self._plan.slowness:
            member = self._random.choice(owners)
            tp = self._random.choice(sorted(member.consumer.assignment()))
            member.consumer.pause(tp)
            self._paused.append((member, tp))

    def _resume(self) -> None:
        for member, tp in self._paused:
            if member in self._open() and tp in member.consumer.assignment():
                member.consumer.resume(tp)
        self._paused.clear()

    def _add_partition(self) -> None:
        if self._partitions < self.most_partitions and self._nodes.all_up:
            self._partitions += 1
            self._cluster.add_partitions("t", self._partitions)

    def _fault(self) -> None:
        api, action = self._plan.fault()
        self._trace(f"next {api}: {action}")
        self._cluster.inject(api, action, times=self._random.choice([1, 1, 2, 5]), optional=True)

    # -- what must hold ------------------------------------------------------------------------

    async def _check(self) -> None:
        await self._check_fetching()
        self._raise_problems()

    def _raise_problems(self) -> None:
        self._problems += self._oracle.problems
        for member in self._members:
            self._problems += member.problems
        if not self._plan.chaos:
            self._problems += self._oracle.repeated_without_excuse()
            self._problems += [
                f"{member.name} has lost {sorted_numbers(set(partitions))}"
                for member in self._members
                for what, partitions in member.heard
                if what == "lost"
            ]
        self._problems += [
            f"{member.name} failed: {member.task.exception()!r}"
            for member in self._members
            if member.is_over and not member.task.cancelled() and member.task.exception()
        ]
        if self._problems:
            raise StoryFailedError("\n".join(self._problems))

    async def _check_fetching(self) -> None:
        """Every partition that is not fetched has a named reason."""
        idle = self._unexplained()
        if idle:
            await asyncio.sleep(0.02)
            both = idle & self._unexplained()
            self._problems += [
                f"nobody knows why {name} does not fetch {tp.topic}-{tp.partition}"
                for name, tp in sorted(both)
            ]

    def _unexplained(self) -> set[tuple[str, TopicPartition]]:
        return {
            (member.name, tp)
            for member in self._open()
            for tp, health in member.consumer.health().items()
            if health.reason is None and health.lag != 0
        }

    def _check_handed_out(
        self, member: Member, polled: Mapping[TopicPartition, list[ConsumerRecord]]
    ) -> None:
        """Nobody else whom the coordinator counts owns what *member* is given."""
        if not polled or not self._is_counted(member):
            return
        for other in self._alive():
            both = polled.keys() & other.consumer.assignment() if other is not member else ()
            if both and self._is_counted(other):
                now = asyncio.get_running_loop().time()
                self._problems.append(
                    f"{now:.3f} {member.name} is given records of {sorted_numbers(set(both))}, "
                    f"which {other.name} owns"
                )

    def _is_counted(self, member: Member) -> bool:
        group = self._group()
        if group is None or member.is_over or not member.has_polled or member.is_closing:
            return False
        member_id = member.consumer.group_metadata().member_id
        return member_id in {counted.member_id for counted in group.members}

    def _group(self) -> GroupView | None:
        return self._cluster.group(GROUP) if GROUP in self._cluster.groups() else None

    # -- the end -------------------------------------------------------------------------------

    async def _calm_down(self) -> None:
        self._trace("all faults end")
        self._cluster.clear_faults()
        self._nodes.thaw()
        self._nodes.revive()
        self._resume()
        if all(member.is_leaving for member in self._alive()):
            self._join()
        for member in self._members:
            member.calm = True
        self._is_calm = True

    async def _finish(self) -> None:
        before = asyncio.get_running_loop().time()
        await self._until_read(PATIENCE + max(self._plan.pauses), "after all faults")
        self._trace(f"settled after {asyncio.get_running_loop().time() - before:.1f} s")
        for _ in range(20):
            self._append()
        await self._until_read(60.0, "although nothing happens any more")

    async def _until_read(self, seconds: float, when: str) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (self._is_read() and self._is_settled()):
            if loop.time() > end:
                raise StoryFailedError(f"not settled in {seconds} s {when}:\n{self._state()}")
            if not self._alive():
                self._join()
            await asyncio.sleep(0.5)
            await self._check()

    def _is_read(self) -> bool:
        ends = self._cluster.topic("t").end_offsets
        found = {tp.partition: end for tp, end in self._oracle.ends.items()}
        return all(found.get(number, 0) == end for number, end in ends.items())

    def _is_settled(self) -> bool:
        group = self._group()
        if group is None or group.state != "Stable":
            return False
        if any(member.is_leaving for member in self._alive()):
            return False
        alive = {member.name: member for member in self._alive()}
        counted = {member.client_id: set(member.assignment) for member in group.members}
        owned = {name: set(member.consumer.assignment()) for name, member in alive.items()}
        whole = sum(map(len, owned.values())) == self._partitions
        return whole and counted == owned and len(counted) == len(group.members)

    async def _dissolve(self) -> None:
        for member in self._alive():
            member.leave()
            await asyncio.wait({member.task}, timeout=30.0)
            if not member.is_over:
                raise StoryFailedError(f"{member.name} does not close:\n{self._state()}")
            self._raise_problems()
        if not self._plan.auto_commit:
            self._problems += self._oracle.repeated_without_excuse()
        self._raise_problems()

    def _state(self) -> str:
        lines = [f"{self._group()}", f"ends {self._cluster.topic('t').end_offsets}"]
        lines.append(f"read {dict(self._oracle.ends)}")
        for member in self._alive():
            lines.append(f"{member.name} {member.consumer!r}")
            lines.append(f"    {member.consumer.group_health()}")
            lines += [f"    {tp}: {h}" for tp, h in member.consumer.health().items()]
        return "\n".join(lines)

    async def _abandon(self) -> None:
        for task in self._crashing:
            await asyncio.wait({task})
        await self._nodes.settle()
        for member in self._alive():
            await member.crash()
