"""One random story of producers, and what must hold in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from test.simulation.nodes import Nodes
from test.simulation.producers.committed import Committed
from test.simulation.producers.oracle import Fate, Oracle
from test.simulation.producers.plan import REST, TRANSACTIONAL_IDS, TRANSACTIONS_END
from test.simulation.producers.writer import TOPIC, Writer
from test.simulation.story import NODES, StoryFailedError
from test.support.committed_reading import read_committed, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from kafka.testing import EmbeddedCluster
    from test.simulation.producers.oracle import Stored
    from test.simulation.producers.plan import ProducerPlan
    from test.simulation.trace import Trace

_MOST_WRITERS: Final = 3
_MOST_PARTITIONS: Final = 6
#: Steps after which the log is judged.
_JUDGED_EVERY: Final = 50
#: Seconds until each writer has written again after the end of all faults.
_PATIENCE: Final = 90.0


class ProducerStory:
    """Writers to one topic, and what happens to them.

    Args:
        cluster: started, without topics.
        plan: what it is about.
        trace: told of what happens.
        random: decides what happens next.
    """

    def __init__(
        self, cluster: EmbeddedCluster, plan: ProducerPlan, trace: Trace, random: Random
    ) -> None:
        self._cluster = cluster
        self._plan = plan
        self._trace = trace
        self._random = random
        self._oracle = Oracle()
        self._committed = Committed()
        self._nodes = Nodes(cluster, NODES, trace, random)
        self._writers: list[Writer] = []
        self._crashing: list[asyncio.Task[None]] = []
        self._is_calm = False
        self._partitions = random.choice([1, 2, 4])
        cluster.create_topic(TOPIC, self._partitions)

    async def run(self, steps: int) -> None:
        """Let so many things happen, then wait until all is settled.

        Raises:
            StoryFailedError: something did not hold.
        """
        self._trace(f"{self._plan!r}")
        try:
            self._join()
            for step in range(1, steps + 1):
                self._disturb()
                await asyncio.sleep(self._random.choice([0.0, 0.05, 0.5, 1.0, 2.0]))
                self._check(judge=step % _JUDGED_EVERY == 0)
            await self._calm_down()
            await self._until_proven()
            await self._end()
        finally:
            await self._abandon()

    # -- what happens --------------------------------------------------------------------------

    def _disturb(self) -> None:
        calm: list[tuple[int, Callable[[], object]]] = [
            (4, lambda: None),
            (2, self._join),
            (1, self._leave),
            (3, self._move_leader),
            (1, self._elect_again),
            (1, self._add_partition),
        ]
        nodes = self._nodes
        wild: list[tuple[int, Callable[[], object]]] = [
            (12, self._fault),
            (1, self._crash),
            (1, nodes.disconnect),
            (1, nodes.freeze),
            (2, nodes.thaw),
            (1, nodes.kill),
            (2, nodes.revive),
            (1, self._hold_acknowledgements),
            (2, self._go_on_acknowledging),
            (1, self._limit_batches),
        ]
        choices = calm + wild if self._plan.chaos else calm
        if self._plan.chaos and self._plan.kind == "transactional":
            choices += [
                (2, self._move_coordinator),
                (1, self._cluster.hold_transaction_markers),
                (2, lambda: self._cluster.hold_transaction_markers(hold=False)),
                (1, self._change_version),
            ]
        weights, actions = zip(*choices, strict=True)
        self._random.choices(actions, weights)[0]()

    def _join(self) -> None:
        if len(self._alive()) < _MOST_WRITERS:
            name = f"w{len(self._writers) + 1}"
            self._trace(f"{name} starts")
            writer = Writer(
                name,
                self._cluster,
                self._plan,
                self._oracle,
                self._committed,
                self._trace,
                self._random,
            )
            writer.is_calm = self._is_calm
            self._writers.append(writer)

    def _alive(self) -> list[Writer]:
        return [writer for writer in self._writers if not writer.dead and not writer.is_over]

    def _leave(self) -> None:
        alive = self._alive()
        if len(alive) > 1:
            writer = self._random.choice(alive)
            self._trace(f"{writer.name} is to leave")
            writer.leave()

    def _crash(self) -> None:
        alive = self._alive()
        if len(alive) > 1:
            crashing = self._random.choice(alive).crash()
            self._crashing.append(asyncio.create_task(crashing))

    def _any_partition(self) -> int:
        return self._random.randrange(self._partitions)

    def _move_leader(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            partition = self._any_partition()
            self._trace(f"{node} leads partition {partition}")
            self._cluster.move_leader(TOPIC, partition, node)

    def _move_coordinator(self) -> None:
        node = self._nodes.one_up()
        if node is not None:
            name = self._random.choice(TRANSACTIONAL_IDS)
            self._trace(f"{node} coordinates {name}")
            self._cluster.move_coordinator("transaction", name, node)

    def _change_version(self) -> None:
        if self._plan.version == "4.4":
            level = self._random.choice([1, 2])
            self._trace(f"transaction.version is {level}")
            self._cluster.set_transaction_version(level)

    def _elect_again(self) -> None:
        self._cluster.bump_leader_epoch(TOPIC, self._any_partition())

    def _add_partition(self) -> None:
        if self._partitions < _MOST_PARTITIONS and self._nodes.all_up:
            self._partitions += 1
            self._trace(f"there are {self._partitions} partitions")
            self._cluster.add_partitions(TOPIC, self._partitions)

    def _hold_acknowledgements(self) -> None:
        partition = self._any_partition()
        self._trace(f"the followers of partition {partition} do not fetch")
        self._cluster.hold_high_watermark(TOPIC, partition)

    def _go_on_acknowledging(self) -> None:
        for partition in range(self._partitions):
            self._cluster.hold_high_watermark(TOPIC, partition, hold=False)

    def _limit_batches(self) -> None:
        size = self._random.choice([500, 2000, 1_000_000])
        self._trace(f"batches may have {size} bytes")
        self._cluster.configure_topic(TOPIC, {"max.message.bytes": size})

    def _fault(self) -> None:
        api, action = self._plan.fault()
        times = self._random.choice([1, 1, 1, 2, 5])
        self._trace(f"next {times} {api}: {action}")
        topic = TOPIC if api == "Produce" else None
        self._cluster.inject(api, action, times=times, topic=topic, optional=True)

    # -- what must hold ------------------------------------------------------------------------

    def _check(self, *, judge: bool) -> None:
        problems = [*self._oracle.problems]
        problems += [
            f"{writer.name} failed: {writer.task.exception()!r}"
            for writer in self._writers
            if writer.is_over and not writer.task.cancelled() and writer.task.exception()
        ]
        if judge:
            problems += self._oracle.judge(self._log())
        if problems:
            raise StoryFailedError("\n".join(problems[:20]))

    def _log(self) -> dict[int, list[Stored]]:
        return {
            partition: [
                stored(record.offset, record.value)
                for record in self._cluster.records(TOPIC, partition)
            ]
            for partition in range(self._partitions)
        }

    # -- the end -------------------------------------------------------------------------------

    async def _calm_down(self) -> None:
        self._trace("all faults end")
        self._cluster.clear_faults()
        self._nodes.thaw()
        self._nodes.revive()
        self._go_on_acknowledging()
        self._cluster.hold_transaction_markers(hold=False)
        self._cluster.configure_topic(TOPIC, {"max.message.bytes": 1_000_000})
        self._is_calm = True
        for writer in self._writers:
            writer.is_calm = True
        if not self._alive():
            self._join()

    async def _until_proven(self) -> None:
        """Wait until each writer writes again without an error; there is one at least."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not self._alive() or any(writer.proofs < 3 for writer in self._alive()):
            if not self._alive():
                self._join()
            if loop.time() > begun + _PATIENCE:
                raise StoryFailedError(f"not settled in {_PATIENCE} s:\n{self._state()}")
            await asyncio.sleep(0.5)
            self._check(judge=False)
        self._trace(f"settled after {loop.time() - begun:.1f} s")

    async def _end(self) -> None:
        for writer in self._alive():
            writer.leave()
            await asyncio.wait({writer.task}, timeout=_PATIENCE)
            if not writer.is_over:
                raise StoryFailedError(f"{writer.name} does not close:\n{self._state()}")
        # What brokers still hold back comes to its log.
        await asyncio.sleep(REST)
        self._check(judge=True)
        await self._judge_committed()
        if silent := self._oracle.open_records():
            raise StoryFailedError("no outcome:\n" + "\n".join(map(str, silent[:20])))
        counts = {fate.value: number for fate, number in self._oracle.counts.items() if number}
        self._trace(f"records: {counts}")
        if not self._oracle.counts[Fate.WRITTEN]:
            raise StoryFailedError("nothing was written")

    async def _judge_committed(self) -> None:
        """Compare what transactions have come to with what a consumer sees."""
        if self._plan.kind != "transactional":
            return
        await self._cluster.until(
            lambda control: all(
                view.last_stable_offset == view.end_offset
                for view in control.topic(TOPIC).partitions
            ),
            TRANSACTIONS_END,
        )
        servers = self._cluster.bootstrap_servers
        seen = await read_committed(servers, TOPIC, range(self._partitions))
        if problems := self._committed.judge(seen):
            raise StoryFailedError("\n".join(problems[:20]))
        ends = {end.value: number for end, number in self._committed.counts.items()}
        self._trace(f"transactions: {ends}")

    def _state(self) -> str:
        lines = [self._cluster.report()]
        lines += [f"{writer.name} {writer.producer!r} {writer.proofs}" for writer in self._alive()]
        lines += [str(record) for record in self._oracle.open_records()[:20]]
        return "\n".join(lines)

    async def _abandon(self) -> None:
        for task in self._crashing:
            await asyncio.wait({task})
        await self._nodes.settle()
        for writer in self._alive():
            await writer.crash()
