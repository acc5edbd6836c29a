"""The surroundings of a client as one value."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.observer import Observer
from test.support.network import make_client


async def test_network_client_hands_out_one_runtime_that_works() -> None:
    observer = Observer()
    client = make_client(["127.0.0.1:9"], observer=observer)
    runtime = client.runtime
    done = asyncio.Event()
    runtime.post(done.set)
    await done.wait()
    assert runtime.observer is observer
    assert runtime.clock.now() == asyncio.get_running_loop().time()
    assert runtime.uniform(1.0, 3.0) == 2.0
    await client.close()


async def test_runtime_cannot_be_changed() -> None:
    client = make_client(["127.0.0.1:9"])
    with pytest.raises(AttributeError):
        client.runtime.observer = Observer()  # type: ignore[misc]
    await client.close()


def test_post_after_the_end_of_the_loop_does_nothing() -> None:
    async def life() -> object:
        client = make_client(["127.0.0.1:9"])
        await client.close()
        return client.runtime.post

    post = asyncio.run(life())
    assert callable(post)
    post(lambda: pytest.fail("the loop is closed"))
