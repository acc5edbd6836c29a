"""One random story of workers that copy a topic, and what must hold in the end.

Readers of committed records find in each partition of the copy exactly the original.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka.structs import TopicPartition
from test.simulation.copying.copier import GROUP, SOURCE, TARGET, Copier
from test.simulation.nodes import Nodes
from test.simulation.story import NODES, StoryFailedError
from test.support.committed_reading import read_committed, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from kafka.testing import EmbeddedCluster
    from kafka.testing.broker.control import Control
    from test.simulation.copying.plan import CopyPlan
    from test.simulation.trace import Trace

_PARTITIONS: Final = 3
_MOST_WORKERS: Final = 3
#: Seconds until all is copied after the end of all faults: sessions, transactions and requests
#: that have to time out first, one after the other.
_PATIENCE: Final = 150.0


class CopyStory:
    """Workers with one group, and what happens to them.

    Args:
        cluster: started, without topics.
        plan: what it is about.
        trace: told of what happens.
        random: decides what happens next.
    """

    def __init__(
        self, cluster: EmbeddedCluster, plan: CopyPlan, trace: Trace, random: Random
    ) -> None:
        self._cluster = cluster
        self._plan = plan
        self._trace = trace
        self._random = random
        self._nodes = Nodes(cluster, NODES, trace, random)
        self._workers: list[Copier] = []
        self._crashing: list[asyncio.Task[None]] = []
        self._is_calm = False
        self._numbers = 0
        cluster.create_topic(SOURCE, _PARTITIONS)
        cluster.create_topic(TARGET, _PARTITIONS)

    async def run(self, steps: int) -> None:
        """Let so many things happen, then wait until all is copied.

        Raises:
            StoryFailedError: something did not hold.
        """
        self._trace(f"{self._plan!r}")
        try:
            self._join()
            for _ in range(steps):
                self._disturb()
                await asyncio.sleep(self._random.choice([0.0, 0.05, 0.5, 1.0, 2.0]))
                self._check()
            self._calm_down()
            await self._until_copied()
            await self._end()
        finally:
            for task in self._crashing:
                await asyncio.wait({task})
            await self._nodes.settle()
            for worker in self._alive():
                await worker.crash()

    # -- what happens --------------------------------------------------------------------------

    def _disturb(self) -> None:
        nodes, cluster = self._nodes, self._cluster
        calm: list[tuple[int, Callable[[], object]]] = [
            (8, self._append),
            (3, self._join),
            (1, self._leave),
            (2, self._move_leader),
        ]
        wild: list[tuple[int, Callable[[], object]]] = [
            (10, self._fault),
            (2, self._crash),
            (2, self._move_coordinator),
            (1, nodes.disconnect),
            (1, nodes.freeze),
            (2, nodes.thaw),
            (1, nodes.kill),
            (2, nodes.revive),
            (1, self._expel),
            (1, cluster.hold_transaction_markers),
            (2, lambda: cluster.hold_transaction_markers(hold=False)),
        ]
        weights, actions = zip(*(calm + wild if self._plan.chaos else calm), strict=True)
        self._random.choices(actions, weights)[0]()

    def _append(self) -> None:
        count = self._random.randrange(1, 20)
        values = [
            f"in:{number}:".encode() for number in range(self._numbers, self._numbers + count)
        ]
        self._numbers += count
        self._cluster.append(SOURCE, *values, partition=self._random.randrange(_PARTITIONS))

    def _alive(self) -> list[Copier]:
        return [worker for worker in self._workers if not worker.dead and not worker.is_over]

    def _join(self) -> None:
        taken = {worker.transactional_id for worker in self._alive()}
        free = [name for n in range(_MOST_WORKERS) if (name := f"tx{n}") not in taken]
        if free:
            name = f"w{len(self._workers) + 1}"
            self._trace(f"{name} starts")
            worker = Copier(name, free[0], self._cluster, self._plan, self._trace, self._random)
            worker.is_calm = self._is_calm
            self._workers.append(worker)

    def _leave(self) -> None:
        if alive := self._alive()[1:]:
            self._random.choice(alive).leave()

    def _crash(self) -> None:
        if alive := self._alive():
            crashing = self._random.choice(alive).crash()
            self._crashing.append(asyncio.create_task(crashing))

    def _move_leader(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            topic = self._random.choice([SOURCE, TARGET])
            partition = self._random.randrange(_PARTITIONS)
            self._trace(f"{node} leads {topic}-{partition}")
            self._cluster.move_leader(topic, partition, node)

    def _move_coordinator(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            kinds = [("group", GROUP), ("transaction", "tx0"), ("transaction", "tx1")]
            kind, key = self._random.choice(kinds)
            self._trace(f"{node} coordinates {key}")
            self._cluster.move_coordinator(kind, key, node)

    def _expel(self) -> None:
        if GROUP in self._cluster.groups() and (members := self._cluster.group(GROUP).members):
            member = self._random.choice(members)
            self._trace(f"{member.client_id} is expelled")
            self._cluster.expel(GROUP, member.member_id)

    def _fault(self) -> None:
        api, action = self._plan.fault()
        times = self._random.choice([1, 1, 2, 4])
        self._trace(f"next {times} {api}: {action}")
        self._cluster.inject(api, action, times=times, optional=True)

    # -- what must hold ------------------------------------------------------------------------

    def _check(self) -> None:
        problems = [
            f"{worker.name} failed: {worker.task.exception()!r}"
            for worker in self._workers
            if worker.is_over and not worker.task.cancelled() and worker.task.exception()
        ]
        if problems:
            raise StoryFailedError("\n".join(problems))

    def _calm_down(self) -> None:
        self._trace("all faults end")
        self._cluster.clear_faults()
        self._nodes.thaw()
        self._nodes.revive()
        self._cluster.hold_transaction_markers(hold=False)
        self._is_calm = True
        for worker in self._workers:
            worker.is_calm = True

    async def _until_copied(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not self._cluster.run(self._is_copied):
            if loop.time() > begun + _PATIENCE:
                raise StoryFailedError(f"not copied in {_PATIENCE} s:\n{self._cluster.report()}")
            if not self._alive():
                self._join()
            await asyncio.sleep(0.5)
            self._check()
        self._trace(f"copied after {loop.time() - begun:.1f} s")

    def _is_copied(self, control: Control) -> bool:
        """Return whether as much is copied as there is, and nothing is open."""
        views = control.topic(TARGET).partitions
        if any(view.last_stable_offset != view.end_offset for view in views):
            return False
        if GROUP not in control.groups():
            return not self._numbers
        offsets = control.group(GROUP).offsets
        ends = control.topic(SOURCE).end_offsets
        return all(offsets.get(TopicPartition(SOURCE, n), 0) == end for n, end in ends.items())

    async def _end(self) -> None:
        for worker in self._alive():
            worker.leave()
            await asyncio.wait({worker.task}, timeout=_PATIENCE)
            if not worker.is_over:
                raise StoryFailedError(f"{worker.name} does not close")
        self._check()
        servers = self._cluster.bootstrap_servers
        copies = await read_committed(servers, TARGET, range(_PARTITIONS))
        for partition, copied in copies.items():
            records = self._cluster.records(SOURCE, partition)
            expected = [stored(0, record.value).number for record in records]
            found = [record.number for record in copied]
            if found != expected:
                raise StoryFailedError(f"partition {partition}: {found} instead of {expected}")
        self._trace(f"records: {self._numbers}")
