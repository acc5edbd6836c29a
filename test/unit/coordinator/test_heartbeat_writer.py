"""What a heartbeat says."""

from __future__ import annotations

import pytest

from kafka.coordinator.heartbeat_writer import Constants, HeartbeatWriter
from kafka.coordinator.membership import MemberIdentity
from kafka.coordinator.subscribed_topics import Subscribed
from test.unit.coordinator.member_bench import TOPICS

JOINING = MemberIdentity("g", "me", 0, "i")
JOINED = JOINING._replace(epoch=5)
NAMES = Subscribed(frozenset({"b", "a"}))
REGEX = Subscribed(frozenset(), "a.*")
NOTHING: frozenset[object] = frozenset()
OWNED = frozenset({(TOPICS["b"], 0), (TOPICS["a"], 1), (TOPICS["a"], 0)})

# The fields that say who it is are in each heartbeat.
EMPTY = {
    "rack_id": None,
    "rebalance_timeout_ms": -1,
    "server_assignor": None,
    "subscribed_topic_names": None,
    "subscribed_topic_regex": None,
    "topic_partitions": None,
}
Beat = tuple[MemberIdentity, Subscribed, frozenset[object]]


def said(*beats: Beat, forgets: bool = False) -> dict[str, object]:
    """Return the fields of the last of these heartbeats; before it, all is forgotten."""
    writer = HeartbeatWriter(Constants(300.0, "uniform", "r"))
    *before, (member, subscribed, owned) = beats
    for beat in before:
        writer.write(*beat)  # type: ignore[arg-type]
    if forgets:
        writer.forget()
    request = writer.write(member, subscribed, owned)  # type: ignore[arg-type]
    assert (request.group_id, request.member_id, request.instance_id) == ("g", "me", "i")
    assert request.member_epoch == member.epoch
    found: dict[str, object] = {name: getattr(request, name) for name in EMPTY}
    if request.topic_partitions is not None:
        found["topic_partitions"] = [
            (topic.topic_id, topic.partitions) for topic in request.topic_partitions
        ]
    return found


FULL = EMPTY | {
    "rebalance_timeout_ms": 300_000,
    "server_assignor": "uniform",
    "subscribed_topic_names": ["a", "b"],
}
ALL_OWNED = [(TOPICS["a"], [0, 1]), (TOPICS["b"], [0])]


def test_first_one_says_everything_and_that_nothing_is_owned() -> None:
    assert said((JOINING, NAMES, NOTHING)) == FULL | {"rack_id": "r", "topic_partitions": []}


def test_next_one_says_what_has_changed() -> None:
    first = (JOINING, NAMES, NOTHING)
    assert said(first, (JOINED, NAMES, NOTHING)) == EMPTY
    assert said(first, (JOINED, NAMES, OWNED)) == EMPTY | {"topic_partitions": ALL_OWNED}


def test_one_after_an_error_says_everything_but_the_rack() -> None:
    found = said((JOINING, NAMES, NOTHING), (JOINED, NAMES, OWNED), forgets=True)
    assert found == FULL | {"topic_partitions": ALL_OWNED}


@pytest.mark.parametrize(
    ("before", "now", "names", "regex"),
    [
        (NAMES, REGEX, [], "a.*"),
        (REGEX, NAMES, ["a", "b"], ""),
        (REGEX, Subscribed(frozenset(), "b.*"), [], "b.*"),
        (NAMES, Subscribed(frozenset({"c"})), ["c"], None),
    ],
)
def test_changed_subscription_takes_the_old_one_back(
    before: Subscribed, now: Subscribed, names: list[str], regex: str | None
) -> None:
    found = said((JOINING, before, NOTHING), (JOINED, now, NOTHING))
    assert (found["subscribed_topic_names"], found["subscribed_topic_regex"]) == (names, regex)


def test_regex_is_taken_back_until_that_is_heard() -> None:
    beats = [(JOINING, REGEX, NOTHING), (JOINED, NAMES, NOTHING), (JOINED, NAMES, NOTHING)]
    assert said(*beats, forgets=True)["subscribed_topic_regex"] == ""


def test_goodbye_says_who_leaves() -> None:
    writer = HeartbeatWriter(Constants(300.0, None, None))
    writer.write(JOINING, NAMES, frozenset())
    request = writer.leave(JOINING._replace(epoch=-2))
    assert (request.member_id, request.member_epoch, request.instance_id) == ("me", -2, "i")
    assert {name: getattr(request, name) for name in EMPTY} == EMPTY
    assert not writer.has_said(NAMES)


def test_endless_interval_becomes_the_longest_there_is() -> None:
    writer = HeartbeatWriter(Constants(float("inf"), None, None))
    assert writer.write(JOINING, NAMES, frozenset()).rebalance_timeout_ms == 2**31 - 1


def test_writer_knows_what_it_has_said() -> None:
    writer = HeartbeatWriter(Constants(300.0, None, None))
    assert not writer.has_said(NAMES)
    writer.write(JOINING, NAMES, frozenset())
    assert (writer.has_said(NAMES), writer.has_said(REGEX)) == (True, False)
    writer.forget()
    assert not writer.has_said(NAMES)
