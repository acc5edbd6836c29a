"""The partitioners of the package, called directly or adapted from the user's forms."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from kafka.partitioner import DefaultPartitioner, Partitioner, StickyPartitioner, murmur2
from kafka.partitioner.adapt import adapt_partitioner


class FakeCluster:
    """A cluster with one topic, ``t``, of five partitions."""

    def __init__(self, *available: int) -> None:
        self.available = available

    def partitions_for_topic(self, topic: str) -> Collection[int] | None:
        return {4, 3, 2, 1, 0} if topic == "t" else None

    def available_partitions_for_topic(self, topic: str) -> Collection[int] | None:
        return set(self.available) if topic == "t" else None


def lowest(low: float, high: float) -> float:
    return low


def highest(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize("kind", [DefaultPartitioner, StickyPartitioner])
def test_keyed_record_goes_by_hash_over_all_partitions(kind: type[DefaultPartitioner]) -> None:
    chosen = kind(lowest).partition("t", "k", b"key", "v", b"v", FakeCluster(0))
    assert chosen == (murmur2(b"key") & 0x7FFFFFFF) % 5


@pytest.mark.parametrize(
    ("uniform", "available", "expected"),
    [(lowest, (2, 3), 2), (highest, (2, 3), 3), (lowest, (), 0), (highest, (), 4)],
)
def test_record_without_a_key_goes_to_a_partition_with_a_leader_if_there_is_one(
    uniform: object, available: tuple[int, ...], expected: int
) -> None:
    partitioner = DefaultPartitioner(uniform)  # type: ignore[arg-type]
    cluster = FakeCluster(*available)
    assert partitioner.partition("t", None, None, "v", b"v", cluster) == expected


@pytest.mark.parametrize("kind", [DefaultPartitioner, StickyPartitioner])
@pytest.mark.parametrize("key", [b"key", None])
def test_unknown_topic_is_refused(kind: type[DefaultPartitioner], key: bytes | None) -> None:
    with pytest.raises(ValueError, match="Topic nowhere not found"):
        kind(lowest).partition("nowhere", None, key, "v", b"v", FakeCluster())


def test_default_partitioner_can_be_called_as_in_version_2() -> None:
    assert DefaultPartitioner(highest)(None, ["a", "b", "c"], ["a", "b"]) == "b"


def sticky(partitioner: StickyPartitioner, cluster: FakeCluster) -> int:
    return partitioner.partition("t", None, None, "v", b"v", cluster)


def test_sticky_partition_stays_until_a_new_batch() -> None:
    partitioner, cluster = StickyPartitioner(lowest), FakeCluster(0, 1, 2)
    before = [sticky(partitioner, cluster), sticky(partitioner, cluster)]
    partitioner.on_new_batch("t", cluster, 0)
    assert [*before, sticky(partitioner, cluster)] == [0, 0, 1]


def test_late_news_of_a_full_batch_changes_nothing() -> None:
    partitioner, cluster = StickyPartitioner(lowest), FakeCluster(0, 1, 2)
    sticky(partitioner, cluster)
    partitioner.on_new_batch("t", cluster, 0)
    partitioner.on_new_batch("t", cluster, 0)
    assert sticky(partitioner, cluster) == 1


def test_sticky_partition_is_left_when_it_loses_its_leader() -> None:
    partitioner = StickyPartitioner(lowest)
    sticky(partitioner, FakeCluster(0, 1))
    assert sticky(partitioner, FakeCluster(1, 2)) == 1


def test_only_partition_stays_the_sticky_one() -> None:
    partitioner, cluster = StickyPartitioner(lowest), FakeCluster(3)
    sticky(partitioner, cluster)
    partitioner.on_new_batch("t", cluster, 3)
    assert sticky(partitioner, cluster) == 3


@pytest.mark.parametrize(
    "given",
    [None, DefaultPartitioner(), StickyPartitioner(), "kafka.partitioner.DefaultPartitioner"],
)
def test_built_in_rule_needs_no_call(given: object) -> None:
    assert adapt_partitioner(given) is None


class Subclass(DefaultPartitioner):
    """A user's variation."""


class Modern(Partitioner):
    """Today's form."""

    def partition(self, *args: object) -> int:
        return len(args)


class Legacy:
    """An object with the form of an earlier release."""

    def partition(self, topic: str, key: bytes, cluster: FakeCluster) -> int:
        assert (topic, key) == ("t", b"key")
        return min(cluster.available)


def version_2(key: bytes, all_partitions: list[int], available: list[int]) -> int:
    assert (key, all_partitions, available) == (b"key", [0, 1, 2, 3, 4], [1, 2])
    return 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Subclass(), (murmur2(b"key") & 0x7FFFFFFF) % 5),
        (Modern(), 6),
        (Legacy(), 1),
        (version_2, 2),
    ],
)
def test_every_form_is_called_with_what_it_wants(given: object, expected: int) -> None:
    partition = adapt_partitioner(given)
    assert partition is not None
    assert partition("t", "key", b"key", "v", b"v", FakeCluster(2, 1)) == expected


@pytest.mark.parametrize("given", [5, object(), Modern])
def test_other_objects_are_refused(given: object) -> None:
    with pytest.raises(TypeError, match=r"^partitioner "):
        adapt_partitioner(given)


def test_method_of_another_form_is_refused() -> None:
    class Strange:
        def partition(self, topic: str) -> int:
            return 0

    with pytest.raises(TypeError, match="must take"):
        adapt_partitioner(Strange())
