"""kafka-python as released, against the embedded cluster."""

from __future__ import annotations

from test.foreign.released import Released


def test_records_go_there_and_back(released: Released, servers: str) -> None:
    assert released.run("there_and_back", servers) == list(range(100))


def test_two_members_share_a_group(released: Released, servers: str) -> None:
    assert released.run("group", servers) == [[[4], [2, 2], [4]], 0, "note"]


def test_only_committed_records_are_read(released: Released, servers: str) -> None:
    assert released.run("transactions", servers) == ["1", "2"]


def test_topics_are_created_and_deleted(released: Released, servers: str) -> None:
    assert released.run("admin", servers) == [2, ["made", "t"], ["t"]]
