"""Run the story of a seed: the same one in every run.

What a story draws by chance comes from its seed, also what the client draws; only with
``PYTHONHASHSEED`` set are sets gone through in the same order, too.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import warnings
from typing import TYPE_CHECKING, Final, NamedTuple
from unittest import mock

from test.simulation.copying.plan import CopyPlan
from test.simulation.copying.story import CopyStory
from test.simulation.plan import Plan
from test.simulation.producers.plan import ProducerPlan
from test.simulation.producers.story import ProducerStory
from test.simulation.scaling import Scaling
from test.simulation.story import NODES, Story
from test.simulation.trace import LogHandler, Trace
from test.support.stage import cluster_of
from test.support.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing import EmbeddedCluster

    AnyPlan = Plan | ProducerPlan | CopyPlan

_PLANS: Final[dict[str, Callable[[random.Random], AnyPlan]]] = {
    "group": Plan,
    "producer": ProducerPlan,
    "exactly-once": CopyPlan,
}
#: What stories may be about.
STORIES: Final = tuple(_PLANS)


class Outcome(NamedTuple):
    """How a story went.

    Args:
        seed: which one it was.
        plan: what it was about.
        problem: what did not hold, ``None`` if all did.
        trace: what happened.
        seconds: how much virtual time has passed.
    """

    seed: int
    plan: str
    problem: str | None
    trace: list[str]
    seconds: float


def run_story(seed: int, steps: int, *, story: str = "group", level: int = logging.INFO) -> Outcome:
    """Run one story.

    Args:
        seed: says all about it.
        steps: how many things happen.
        story: what it is about, one of `STORIES`.
        level: the lowest level of log records in the trace.
    """
    chance = random.Random(seed)
    plan = _PLANS[story](chance)
    trace = Trace()
    handler = LogHandler(trace)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(level)
    random.seed(seed)
    loop = VirtualLoop()
    loop.network.latency = plan.latency
    try:
        # Member ids of the KIP-848 protocol are made of it.
        with mock.patch.object(os, "urandom", chance.randbytes), warnings.catch_warnings():
            warnings.simplefilter("error")
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                problem = runner.run(_told(seed, steps, plan, trace, chance))
                now = loop.time()
            gc.collect()  # tasks whose exceptions nobody has fetched say so
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    if handler.errors:
        problem = "\n".join([*([problem] if problem else []), "logged:", *handler.errors])
    return Outcome(seed, repr(plan), problem, list(trace.lines), now)


async def _told(
    seed: int, steps: int, plan: AnyPlan, trace: Trace, chance: random.Random
) -> str | None:
    try:
        async with cluster_of(
            NODES, config=plan.cluster_config, seed=seed, version=plan.version
        ) as cluster:
            await _story(cluster, plan, trace, chance).run(steps)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
        trace(f"the story ends: {error!r}")
        return f"{type(error).__name__}: {error}"
    return None


def _story(
    cluster: EmbeddedCluster, plan: AnyPlan, trace: Trace, chance: random.Random
) -> Story | ProducerStory | CopyStory:
    if isinstance(plan, CopyPlan):
        return CopyStory(cluster, plan, trace, chance)
    if isinstance(plan, ProducerPlan):
        return ProducerStory(cluster, plan, trace, chance)
    kind = Scaling if plan.scales else Story
    return kind(cluster, plan, trace, chance)
