"""Ids that look like Kafka's and are the same for the same seed."""

from __future__ import annotations

import base64
import uuid
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.ids import cluster_id, topic_ids

SEEDS = st.integers(0, 2**64)


@given(SEEDS)
def test_a_cluster_id_is_a_random_uuid_in_base64_without_padding(seed: int) -> None:
    text = cluster_id(Random(seed))
    assert len(text) == 22
    assert uuid.UUID(bytes=base64.urlsafe_b64decode(text + "==")).version == 4


@given(SEEDS)
def test_topic_ids_are_random_uuids_and_never_the_same(seed: int) -> None:
    found = list(islice(topic_ids(Random(seed)), 20))
    assert {found_id.version for found_id in found} == {4}
    assert len(set(found)) == 20


@given(SEEDS)
def test_a_seed_gives_the_same_ids_each_time(seed: int) -> None:
    assert cluster_id(Random(seed)) == cluster_id(Random(seed))
    first, second = (list(islice(topic_ids(Random(seed)), 3)) for _ in range(2))
    assert first == second


def test_seeds_give_different_ids() -> None:
    assert len({cluster_id(Random(seed)) for seed in range(50)}) == 50
