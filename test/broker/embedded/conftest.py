"""A cluster and a client on the virtual loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from kafka.testing import EmbeddedCluster
from test.support.raw_client import RawClient
from test.support.virtual_loop import run

Story = Callable[[EmbeddedCluster, RawClient], Coroutine[None, None, None]]
Tell = Callable[[EmbeddedCluster, Story], None]


@pytest.fixture
def tell() -> Tell:
    """Run a story with a cluster and a client of its first broker."""

    def tell_it(cluster: EmbeddedCluster, story: Story) -> None:
        async def main() -> None:
            async with cluster:
                client = await RawClient.connect(cluster.bootstrap_servers[0])
                await story(cluster, client)
                client.close()

        run(main())

    return tell_it
