"""What listeners do inside close() of the blocking face."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kafka.errors import CommitFailedError, IllegalStateError
from test.support.blocking_groups import ALL, TPS, member, poll_until, with_records
from test.support.group_stories import Noting, both_protocols
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing import EmbeddedCluster


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of() as running:
        with_records(running)
        yield running


@both_protocols
def test_close_raises_also_an_error_of_kafka_from_the_listener(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()

    def fail(what: str) -> None:
        if what == "revoked":
            raise CommitFailedError("from the listener")

    listener.on_call = fail
    reader = member(cluster, protocol)
    reader.subscribe(["t"], listener=listener)
    poll_until(reader, lambda: reader.assignment() == ALL)
    with pytest.raises(CommitFailedError, match="from the listener"):
        reader.close()


@both_protocols
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "by another thread"])
def test_a_listener_that_close_calls_may_use_the_consumer(
    cluster: EmbeddedCluster, protocol: str, elsewhere: bool
) -> None:
    listener = Noting()
    reader = member(cluster, protocol, enable_auto_commit=False)
    found: list[object] = []

    def use(what: str) -> None:
        if what == "revoked":
            reader.commit()
            found.append(reader.committed(TPS[0]))
            found.append(reader.position(TPS[0]))
            found.append(reader.end_offsets([TPS[0]]))

    listener.on_call = use
    reader.subscribe(["t"], listener=listener)
    count = 0
    while count < 20:
        count += sum(map(len, reader.poll(1000).values()))
    if elsewhere:
        closing = threading.Thread(target=reader.close)
        closing.start()
        closing.join()
    else:
        reader.close()
    assert found == [5, 5, {TPS[0]: 5}]
    with pytest.raises(IllegalStateError, match="closed"):
        reader.commit()
