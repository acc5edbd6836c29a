"""The leader of a classic group: sharing out, and watching the topics of the group."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.messages import read_assignment
from kafka.coordinator.membership import TaskKind
from kafka.errors import RebalanceInProgressError, UnknownTopicOrPartitionError
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.structs import TopicPartition
from test.unit.coordinator.classic_bench import A0, A1, B0, Bench, Other, Strategy

OTHER = Other("other", ("a", "b"))


def handed_in(bench: Bench) -> dict[str, tuple[TopicPartition, ...]]:
    """Return the assignments in the last SyncGroup, by member."""
    return {
        given.member_id: read_assignment(given.assignment).partitions
        for given in bench.request("SyncGroup").assignments
    }


def test_leader_waits_for_the_metadata_of_all_topics_of_the_group() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 2})
    assert bench.joined(1, OTHER, leads=True) == ["Want a,b", "RequestMetadata"]
    assert bench.metadata({"a": 2, "b": 1}) == ["SyncGroup on join"]
    assert handed_in(bench) == {"me": (A0, A1), "other": (B0,)}


def test_leader_that_knows_all_topics_shares_out_at_once() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1})
    assert bench.joined(leads=True) == ["Want a", "SyncGroup on join"]


def test_leader_goes_on_with_heartbeats_while_it_waits_for_metadata() -> None:
    bench = Bench().start("a")
    bench.joined(leads=True)
    assert bench.wait(3.0) == ["Heartbeat on group"]


def test_topic_that_does_not_exist_is_shared_out_when_it_does() -> None:
    bench = Bench().start("a")
    bench.joined(1, OTHER, leads=True)
    bench.metadata({"a": 1, "b": UnknownTopicOrPartitionError})
    assert handed_in(bench) == {"me": (A0,), "other": ()}
    bench.synced(A0)
    bench.run_all()
    assert "RequestMetadata" in bench.wait(0.1)
    done = bench.metadata({"a": 1, "b": 1})
    assert done == ["REVOKING on a0", "Ask SETTLE"]
    bench.run_all()
    assert bench.request("JoinGroup").reason == "topic b has 1 partition, 0 before"


def test_follower_shares_nothing_out() -> None:
    bench = Bench().start("a")
    bench.joined()
    assert handed_in(bench) == {}


def test_leader_rejoins_when_a_topic_grows() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1})
    bench.joined(leads=True)
    bench.synced(A0)
    bench.run_all()
    assert bench.metadata({"a": 2}) == ["REVOKING on a0", "Ask SETTLE"]


def test_leader_rejoins_when_a_topic_has_grown_before_it_got_its_assignment() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1})
    bench.joined(leads=True)
    bench.metadata({"a": 2})
    assert bench.synced(A0) == ["JoinGroup on join"]


def test_topic_that_is_not_there_for_a_moment_changes_nothing() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1})
    bench.joined(leads=True)
    bench.synced(A0)
    bench.run_all()
    assert bench.metadata({"a": UnknownTopicOrPartitionError}) == []
    assert bench.metadata({"a": 1}) == []


def test_follower_leaves_it_to_the_leader_to_see_a_topic_grow() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1})
    bench.joined()
    bench.synced(A0)
    bench.run_all()
    assert bench.metadata({"a": 2}) == []


def test_member_that_leads_no_more_forgets_the_topics_of_others() -> None:
    bench = Bench().start("a")
    bench.metadata({"a": 1, "b": 1})
    bench.joined(1, OTHER, leads=True)
    bench.synced(A0)
    bench.run_all()
    bench.beat_refused(RebalanceInProgressError)
    bench.run_all()
    assert bench.joined(2)[0] == "Want a"


def test_rebalance_that_begins_while_the_leader_waits_for_metadata_joins_again() -> None:
    bench = Bench().start("a")
    bench.joined(leads=True)
    assert bench.beat_refused(RebalanceInProgressError) == ["JoinGroup on join"]


def test_rebalance_that_begins_after_sync_was_sent_is_for_its_answer_to_tell() -> None:
    bench = Bench().start("a")
    bench.joined()
    assert bench.beat_refused(RebalanceInProgressError) == []
    assert bench.refuse("SyncGroup", RebalanceInProgressError) == ["JoinGroup on join"]


def test_restarted_static_leader_shares_nothing_out_but_watches() -> None:
    bench = Bench(instance_id="static").start("a")
    bench.metadata({"a": 1})
    bench.joined(leads=True, skip=True)
    assert handed_in(bench) == {}
    bench.synced(A0)
    bench.run_all()
    assert bench.metadata({"a": 2}) == ["REVOKING on a0", "Ask SETTLE"]


def test_leader_of_members_with_a_pattern_asks_for_all_topics() -> None:
    bench = Bench()
    bench.match("a")
    bench.user_poll()
    bench.coordinator()
    bench.metadata({"a": 1}, lists_all=True)
    assert bench.joined(1, OTHER, leads=True) == ["RequestMetadata"]
    assert bench.metadata({"a": 1}, lists_all=True) == ["SyncGroup on join"]


# -- assignors of the user ---------------------------------------------------------------------


def test_user_code_of_an_assignor_runs_inside_calls_of_the_user() -> None:
    strategy = Strategy(runs_user_code=True)
    bench = Bench(strategy)
    bench.subscribe("a")
    bench.metadata({"a": 1})
    assert bench.user_poll() == ["Ask ASSIGN", "FindCoordinator"]
    bench.coordinator()
    assert bench.run(TaskKind.ASSIGN) == ["JoinGroup on join"]
    assert bench.joined(leads=True) == ["Want a", "Ask ASSIGN"]
    assert bench.run(TaskKind.ASSIGN) == ["SyncGroup on join"]
    assert handed_in(bench) == {"me": (A0,)}
    assert bench.synced(A0)[-1] == "Ask ASSIGN"
    assert strategy.remembered == []
    bench.run_all()
    assert strategy.remembered == [((A0,), 1)]


def test_assignor_that_raises_is_called_again_by_the_next_poll() -> None:
    bench = Bench(Strategy(runs_user_code=True))
    bench.subscribe("a")
    bench.user_poll()
    bench.coordinator()
    assert bench.run(TaskKind.ASSIGN, ValueError()) == []
    assert bench.user_poll() == ["Ask ASSIGN"]
    assert bench.run(TaskKind.ASSIGN) == ["JoinGroup on join"]


def test_leader_goes_on_with_heartbeats_while_its_assignor_waits_for_the_user() -> None:
    bench = Bench(Strategy(runs_user_code=True)).start("a")
    bench.metadata({"a": 1})
    bench.run(TaskKind.ASSIGN)
    bench.joined(leads=True)
    assert bench.wait(3.0) == ["Heartbeat on group"]


def test_work_of_a_round_that_is_over_is_withdrawn() -> None:
    bench = Bench(Strategy(runs_user_code=True)).start("a")
    bench.metadata({"a": 1})
    bench.run(TaskKind.ASSIGN)
    bench.joined(leads=True)
    done = bench.beat_refused(RebalanceInProgressError)
    assert done == ["Withdraw", "Ask ASSIGN"]


# -- groups of another kind --------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), [("connect", "range"), ("consumer", "unknown")])
def test_group_of_another_kind_cannot_be_joined(kind: str, name: str) -> None:
    bench = Bench().start("a")
    answer = JoinGroupResponse(
        generation_id=1, protocol_type=kind, protocol_name=name, leader="x", member_id="me"
    )
    done = bench.answer("JoinGroup", answer)
    assert done == ["RaiseFromGroup InconsistentGroupProtocolError always"]
    assert f"uses '{name}' of type '{kind}'" in str(bench.errors[0])


def test_member_that_sends_nonsense_stops_the_leader() -> None:
    bench = Bench().start("a")
    of_member = JoinGroupResponse.JoinGroupResponseMember
    answer = JoinGroupResponse(
        generation_id=1,
        protocol_name="range",
        leader="me",
        member_id="me",
        members=[of_member(member_id="x", metadata=b"\x00")],
    )
    assert bench.answer("JoinGroup", answer) == ["RaiseFromGroup KafkaProtocolError always"]
