"""What rebalance listeners are told, and what their errors do; the async face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from test.support.group_stories import (
    ALL,
    AsyncNoting,
    Noting,
    both_protocols,
    member,
    poll_until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    pass


@both_protocols
async def test_no_record_of_a_partition_is_returned_before_the_listener_was_told(
    protocol: str,
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            seen: list[int] = []

            async def seek(what: str) -> None:
                if what == "assigned":
                    assert seen == []
                    for tp in sorted(reader.assignment()):
                        assert await reader.position(tp) == 0
                        reader.seek(tp, 3)

            listener.on_call = seek
            while len(seen) < 8:
                for records in (await reader.poll(60_000)).values():
                    seen += [record.offset for record in records]
            assert sorted(seen) == [3, 3, 3, 3, 4, 4, 4, 4]


@both_protocols
async def test_a_listener_that_raises_on_assignment_is_called_again_by_the_next_poll(
    protocol: str,
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()

        def fail(what: str) -> None:
            if what == "assigned" and len(listener.heard) < 3:
                raise ZeroDivisionError

        listener.on_call = fail
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    await poll_until(reader, lambda: False)
            assert await reader.poll(60_000)
            assert listener.heard == ["assigned 0 1 2 3"] * 3


@both_protocols
async def test_a_listener_that_raises_on_revocation_is_raised_once(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()

        def fail(what: str) -> None:
            if what == "revoked":
                raise ZeroDivisionError

        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            listener.on_call = fail
            with pytest.raises(ZeroDivisionError):
                await reader.unsubscribe()
            assert reader.assignment() == set()
            assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]


@both_protocols
async def test_listeners_by_topic_hear_of_their_topics(protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        cluster.create_topic("u", 1)
        cluster.create_topic("v", 1)
        listeners = {"t": Noting(), "u": Noting()}
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t", "u", "v"], listener=listeners)
            await poll_until(reader, lambda: len(reader.assignment()) == 4)
            reader.subscribe(["t", "v"], listener={"t": listeners["t"]})
            await poll_until(reader, lambda: len(reader.assignment()) == 3)
        assert listeners["u"].heard == ["assigned 0", "revoked 0"]
        assert listeners["t"].heard[0] == "assigned 0 1"
