"""Fetch sessions that the stories of Fetch do not reach."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest

from kafka.errors import InvalidFetchSessionEpochError
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.testing.broker.fetch_sessions import Cached, FetchSessions, Key, names

Data = FetchResponse.PartitionData


def new_sessions(slots: int = 10) -> FetchSessions:
    cluster = SimpleNamespace(setting=lambda name: str(slots))
    return FetchSessions(SimpleNamespace(node_id=0, cluster=cluster))  # type: ignore[arg-type] # all it reads


def request(*partitions: int, session_id: int = 0, epoch: int = 0) -> FetchRequest:
    asked = [FetchRequest.FetchPartition(partition=index) for index in partitions]
    topics = [FetchRequest.FetchTopic(topic="t", partitions=asked)] if asked else []
    return FetchRequest(session_id=session_id, session_epoch=epoch, topics=topics)


def data(**fields: object) -> Data:
    described = {"high_watermark": 5, "log_start_offset": 0, "records": b""}
    return Data(**{**described, **fields})  # type: ignore[arg-type] # fields by name


def test_every_session_has_an_id_of_its_own() -> None:
    sessions = new_sessions(1000)
    ids = {sessions.begin(request(0), by_id=False, now=0.0).session_id for _ in range(1000)}
    assert len(ids) == 1000
    assert min(ids) > 0


def test_epochs_follow_each_other() -> None:
    sessions = new_sessions()
    session_id = sessions.begin(request(0), by_id=False, now=0.0).session_id
    for epoch in (1, 2, 3):
        sessions.begin(request(session_id=session_id, epoch=epoch), by_id=False, now=0.0)
    with pytest.raises(InvalidFetchSessionEpochError):
        sessions.begin(request(session_id=session_id, epoch=3), by_id=False, now=0.0)


def test_epochs_wrap_to_one() -> None:
    sessions = new_sessions()
    fetching = sessions.begin(request(0), by_id=False, now=0.0)
    session = fetching.session
    assert session is not None
    session.epoch = 2**31 - 1
    again = request(session_id=fetching.session_id, epoch=2**31 - 1)
    sessions.begin(again, by_id=False, now=0.0)
    assert session.epoch == 1


def test_a_full_request_replaces_its_old_session() -> None:
    sessions = new_sessions()
    first = sessions.begin(request(0), by_id=False, now=0.0)
    sessions.begin(request(0, session_id=first.session_id), by_id=False, now=0.0)
    assert len(sessions) == 1


def test_a_session_without_partitions_ends() -> None:
    sessions = new_sessions()
    session_id = sessions.begin(request(0), by_id=False, now=0.0).session_id
    forget = request(session_id=session_id, epoch=1)
    forget.forgotten_topics_data = [FetchRequest.ForgottenTopic(topic="t", partitions=[0])]
    fetching = sessions.begin(forget, by_id=False, now=0.0)
    assert (fetching.session_id, fetching.is_full, len(sessions)) == (0, True, 0)


@pytest.mark.parametrize(("idle", "made"), [(119.0, False), (121.0, True)])
def test_an_idle_session_gives_way(idle: float, made: bool) -> None:
    sessions = new_sessions(1)
    sessions.begin(request(0), by_id=False, now=0.0)
    fetching = sessions.begin(request(0), by_id=False, now=idle)
    assert (fetching.session is not None) == made


def test_partitions_that_sent_records_go_to_the_end() -> None:
    fetching = new_sessions().begin(request(0, 1, 2), by_id=False, now=0.0)
    session = fetching.session
    assert session is not None
    answers = {key: data() for key in fetching.partitions}
    answers[Key("t", 0)] = data(records=b"x")
    session.keep_news(answers)
    assert [key.partition for key in session.partitions] == [1, 2, 0]


@pytest.mark.parametrize(
    ("fields", "is_news"),
    [
        ({}, False),
        ({"high_watermark": 6}, True),
        ({"log_start_offset": 1}, True),
        ({"records": b"x"}, True),
        ({"error_code": 3}, True),
        ({"preferred_read_replica": 2}, True),
        ({"diverging_epoch": FetchResponse.EpochEndOffset()}, True),
        ({"last_stable_offset": 4}, False),
    ],
)
def test_what_changed_is_news(fields: dict[str, object], is_news: bool) -> None:
    cached = Cached(FetchRequest.FetchPartition())
    cached.is_news(data())
    assert cached.is_news(data(**fields)) is is_news


def test_recovery_from_an_error_is_news() -> None:
    cached = Cached(FetchRequest.FetchPartition())
    cached.is_news(data())
    cached.is_news(data(error_code=6))
    assert cached.is_news(data())


def test_a_key_is_answered_as_it_was_asked() -> None:
    assert names(Key("t", 0)) == ("t", UUID(int=0))
    assert names(Key(UUID(int=4), 0)) == ("", UUID(int=4))
