"""Futures whose failure may have nobody to be told of."""

from __future__ import annotations

import asyncio
import gc

import pytest

from kafka._base.futures import mark_retrieved


@pytest.mark.parametrize("marked", [False, True])
async def test_marked_failure_is_not_reported_as_never_retrieved(marked: bool) -> None:
    reports: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reports.append(context))
    future = loop.create_future()
    if marked:
        future.add_done_callback(mark_retrieved)
    future.set_exception(ZeroDivisionError())
    await asyncio.sleep(1)
    del future
    gc.collect()
    assert len(reports) == (0 if marked else 1)


async def test_cancelled_future_is_left_alone() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    mark_retrieved(future)
