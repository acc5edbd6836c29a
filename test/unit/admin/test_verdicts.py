"""What errors mean for the admin client: every code through every table."""

from __future__ import annotations

import pytest

from kafka.admin import verdicts
from kafka.admin.verdicts import verdict_on, wait_asked_for
from kafka.errors import (
    GroupIdNotFoundError,
    NotControllerError,
    NotLeaderForPartitionError,
    ThrottlingQuotaExceededError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    kafka_errors,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.create_topics import CreateTopicsResponse
from kafka.protocol.messages.metadata import MetadataResponse

TABLES = {
    name: table
    for name, table in vars(verdicts).items()
    if name.isupper() and isinstance(table, dict) and name != "BELIEVED_AFTER"
}
POSSIBLE = {*verdicts.LOOK_UP_AGAIN, *verdicts.ASK_AGAIN, Verdict.FATAL}


@pytest.mark.parametrize("name", TABLES)
def test_each_error_has_a_verdict_that_a_call_can_follow(name: str) -> None:
    for code, error in kafka_errors.items():
        if code:
            found = verdict_on(error("x"), TABLES[name])
            assert found in POSSIBLE or found is Verdict.ABORT, error


@pytest.mark.parametrize(
    ("error", "table", "verdict"),
    [
        (NotControllerError, "CREATE_TOPICS", Verdict.REFRESH_METADATA),
        (NotControllerError, "NO_ROWS", Verdict.REFRESH_METADATA),
        (TopicAlreadyExistsError, "CREATE_TOPICS", Verdict.FATAL),
        (ThrottlingQuotaExceededError, "CREATE_TOPICS", Verdict.RETRY),
        (UnknownTopicOrPartitionError, "DELETE_TOPICS", Verdict.FATAL),
        (UnknownTopicOrPartitionError, "LIST_OFFSETS", Verdict.REFRESH_METADATA),
        (NotLeaderForPartitionError, "DELETE_RECORDS", Verdict.REFRESH_METADATA),
        (GroupIdNotFoundError, "GROUPS", Verdict.FATAL),
    ],
)
def test_verdicts_of_some_errors(error: type, table: str, verdict: Verdict) -> None:
    assert verdict_on(error("x"), TABLES[table]) is verdict


def test_only_a_quota_asks_to_wait() -> None:
    response = CreateTopicsResponse(throttle_time_ms=1500)
    assert wait_asked_for(ThrottlingQuotaExceededError("x"), response) == 1.5
    assert wait_asked_for(NotControllerError("x"), response) == 0.0
    assert wait_asked_for(ThrottlingQuotaExceededError("x"), MetadataResponse()) == 0.0
