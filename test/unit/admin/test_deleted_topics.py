"""The topics that a client has deleted lately."""

from __future__ import annotations

from uuid import UUID

from kafka.admin.deleted_topics import DeletedTopics

ID = UUID(int=7)


def test_deleted_topic_is_remembered_for_some_minutes() -> None:
    deleted = DeletedTopics()
    deleted.note("a", ID, 0.0)
    assert deleted.id_of("a", 300.0) == ID
    assert deleted.id_of("a", 300.1) is None
    assert deleted.id_of("b", 0.0) is None


def test_topic_that_exists_again_is_forgotten() -> None:
    deleted = DeletedTopics()
    deleted.note("a", ID, 0.0)
    deleted.forget(["a", "b"])
    assert deleted.id_of("a", 0.0) is None


def test_so_many_topics_are_remembered() -> None:
    deleted = DeletedTopics()
    for number in range(10_001):
        deleted.note(f"t{number}", ID, 0.0)
    assert deleted.id_of("t0", 0.0) is None
    assert deleted.id_of("t1", 0.0) == ID
