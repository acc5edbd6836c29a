"""Run a case on both sides and say what differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from test.differential.case import Talk
from test.differential.transcript import differences

if TYPE_CHECKING:
    from test.differential.case import Case
    from test.differential.clusters import Pair, Side


def compare(pair: Pair, case: Case, prefix: str) -> list[tuple[str, str]]:
    """Return the path of each value that differs, and how."""
    return asyncio.run(_compare(pair, case, prefix))


async def _compare(pair: Pair, case: Case, prefix: str) -> list[tuple[str, str]]:
    async with asyncio.TaskGroup() as tasks:
        real = tasks.create_task(_tell(pair.real, case, prefix))
        embedded = tasks.create_task(_tell(pair.embedded, case, prefix))
    return differences(real.result(), embedded.result())


async def _tell(side: Side, case: Case, prefix: str) -> list[object]:
    async with Talk(side, case, prefix).closing() as talk:
        try:
            await case.story(talk)
        except Exception as error:
            error.add_note(f"while talking to {side.name}; so far: {talk.transcript}")
            raise
        assert talk.transcript, "a case that compares nothing"
        return talk.transcript
