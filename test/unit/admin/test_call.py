"""One call: which keys go to which node, what is repeated, and when it ends."""

from __future__ import annotations

from random import Random

import pytest

from kafka.admin.call import MOST_LOOK_UPS, RefreshMetadata
from kafka.admin.lookups import GROUP, to_any, to_broker, to_controller, to_coordinator, to_leader
from kafka.admin.operation import ANY_ONCE
from kafka.errors import (
    BrokerNotAvailableError,
    ClusterAuthorizationFailedError,
    CoordinatorLoadInProgressError,
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaProtocolError,
    NodeNotReadyError,
    NotControllerError,
    NotCoordinatorError,
    NotLeaderForPartitionError,
    SaslAuthenticationFailedError,
    ThrottlingQuotaExceededError,
    UnsupportedVersionError,
)
from kafka.structs import TopicPartition
from test.unit.admin.calls import (
    Cluster,
    asks_of,
    call_about,
    codes,
    coordinators,
    metadata,
    targets,
)

CONTROLLER = to_controller()
COORDINATOR = to_coordinator(GROUP, str)
LEADER = to_leader(lambda key: TopicPartition(key, 0))


# -- where keys go -----------------------------------------------------------------------------


def test_keys_of_any_node_share_a_request() -> None:
    (ask,) = asks_of(call_about("abc", to_any()), 0.0)
    assert (ask.keys, ask.target.node_id, ask.target.is_hedged) == (("a", "b", "c"), None, True)


def test_changes_are_not_asked_of_two_nodes() -> None:
    (ask,) = asks_of(call_about("a", to_any(ANY_ONCE)), 0.0)
    assert not ask.target.is_hedged


def test_controller_that_metadata_names_is_asked_without_a_look_up() -> None:
    assert targets(asks_of(call_about("ab", CONTROLLER), 0.0)) == {1: ["a", "b"]}


def test_controller_is_looked_up_if_it_is_not_known() -> None:
    cluster = Cluster()
    cluster.controller = None
    call = call_about("a", CONTROLLER, cluster=cluster)
    (ask,) = asks_of(call, 0.0)
    assert ask.is_lookup
    call.on_answer(ask, 0, metadata(controller=2), 0.1)
    assert targets(asks_of(call, 0.1)) == {2: ["a"]}


def test_controller_that_has_left_is_looked_up() -> None:
    cluster = Cluster()
    cluster.controller = 7
    (ask,) = asks_of(call_about("a", CONTROLLER, cluster=cluster), 0.0)
    assert ask.is_lookup


def test_node_that_leaves_during_the_back_off_is_looked_up_again() -> None:
    cluster = Cluster()
    call = call_about("a", CONTROLLER, cluster=cluster)
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 1, codes({"a": CoordinatorLoadInProgressError.errno}), 0.0)
    cluster.nodes.remove(1)
    (ask,) = asks_of(call, 1.0)
    assert ask.is_lookup


def test_each_leader_is_asked_once() -> None:
    call = call_about("abc", LEADER)
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, metadata(leaders={"a": 0, "b": 2, "c": 0}), 0.1)
    assert targets(asks_of(call, 0.1)) == {0: ["a", "c"], 2: ["b"]}


def test_coordinators_are_looked_up_together() -> None:
    call = call_about("ab", COORDINATOR)
    (ask,) = asks_of(call, 0.0)
    assert ask.keys == ("a", "b")
    call.on_answer(ask, 0, coordinators({"a": 1, "b": 2}), 0.1)
    assert targets(asks_of(call, 0.1)) == {1: ["a"], 2: ["b"]}


def test_coordinators_are_looked_up_one_by_one_where_brokers_take_one_key() -> None:
    call = call_about("abc", COORDINATOR)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, UnsupportedVersionError("one key"), 0.0)
    assert [ask.keys for ask in asks_of(call, 0.0)] == [("a",), ("b",), ("c",)]


def test_so_many_look_ups_are_under_way_at_a_time() -> None:
    keys = [f"k{number}" for number in range(100)]
    call = call_about(keys, COORDINATOR)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, UnsupportedVersionError("one key"), 0.0)
    first = asks_of(call, 0.0)
    assert len(first) == MOST_LOOK_UPS
    assert asks_of(call, 0.0) == []
    assert call.next_wakeup() == 60.0
    call.on_answer(first[0], 0, coordinators({"": 1}), 0.1)
    assert call.next_wakeup() == 0.0
    assert [(ask.is_lookup, ask.keys) for ask in asks_of(call, 0.1)] == [
        (True, ("k64",)),
        (False, ("k0",)),
    ]


def test_coordinator_that_metadata_does_not_have_yet_takes_a_refresh() -> None:
    cluster = Cluster()
    call = call_about("a", COORDINATOR, cluster=cluster)
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, coordinators({"a": 5}), 0.0)
    assert call.poll(0.0) == [RefreshMetadata()]
    cluster.nodes.append(5)
    (ask,) = asks_of(call, 0.1)
    call.on_answer(ask, 0, coordinators({"a": 5}), 0.1)
    assert targets(asks_of(call, 0.1)) == {5: ["a"]}


def test_broker_that_is_not_in_the_cluster_is_not_waited_for() -> None:
    call = call_about("a", to_broker(lambda _key: 9))
    (ask,) = asks_of(call, 0.0)
    assert ask.is_lookup
    call.on_answer(ask, 0, metadata(), 0.0)
    error = call.outcome().errors["a"]
    assert isinstance(error, BrokerNotAvailableError)
    assert "broker 9 is not in the cluster, which has 0, 1, 2" in str(error)


def test_keys_that_name_no_broker_go_to_any() -> None:
    call = call_about("ab", to_broker(lambda key: 2 if key == "a" else None))
    assert targets(asks_of(call, 0.0)) == {2: ["a"], None: ["b"]}


def test_same_key_twice_counts_once() -> None:
    (ask,) = asks_of(call_about("aa", to_any()), 0.0)
    assert ask.keys == ("a",)


def test_call_without_keys_is_done() -> None:
    call = call_about("", to_any())
    assert call.is_done
    assert call.poll(0.0) == []
    assert call.next_wakeup() is None


# -- answers -----------------------------------------------------------------------------------


def test_each_key_has_its_own_answer() -> None:
    call = call_about("ab", to_any())
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 2, codes({"a": 0, "b": GroupIdNotFoundError.errno}), 0.1)
    outcome = call.outcome()
    assert outcome.results == {"a": 2}
    assert isinstance(outcome.errors["b"], GroupIdNotFoundError)
    assert str(outcome.errors["b"]).endswith("(DeleteGroups, node 2)")


def test_order_of_results_is_that_of_the_keys() -> None:
    call = call_about("cab", to_any())
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, codes({"a": 0, "b": 0, "c": 0}), 0.1)
    assert list(call.outcome().results) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("lookup", "error"),
    [
        (CONTROLLER, NotControllerError),
        (LEADER, NotLeaderForPartitionError),
        (COORDINATOR, NotCoordinatorError),
    ],
)
def test_node_that_is_the_wrong_one_is_looked_up_again(lookup, error) -> None:
    call = call_about("a", lookup)
    _until_asked(call)
    call.on_answer(_until_asked.last, 0, codes({"a": error.errno}), 0.0)
    assert asks_of(call, 0.05) == []
    (ask,) = asks_of(call, 0.1)
    assert ask.is_lookup


def _until_asked(call) -> None:
    """Answer look-ups until the key is asked about; note the request."""
    while True:
        (ask,) = asks_of(call, 0.0)
        _until_asked.last = ask
        if not ask.is_lookup:
            return
        response = (
            coordinators({"a": 0})
            if ask.request.NAME == "FindCoordinator"
            else metadata(leaders={"a": 0})
        )
        call.on_answer(ask, 0, response, 0.0)


def test_passing_error_is_asked_again_of_the_same_node() -> None:
    call = call_about("a", COORDINATOR)
    _until_asked(call)
    call.on_answer(_until_asked.last, 0, codes({"a": CoordinatorLoadInProgressError.errno}), 0.0)
    assert targets(asks_of(call, 0.1)) == {0: ["a"]}


def test_back_off_grows() -> None:
    call = call_about("a", to_any())
    now, waits = 0.0, []
    for _ in range(5):
        (ask,) = asks_of(call, now)
        call.on_failure(ask, KafkaConnectionError("lost"), now)
        wakeup = call.next_wakeup()
        assert wakeup is not None
        waits.append(round(wakeup - now, 3))
        now = wakeup
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.0]


def test_keys_that_are_repeated_share_a_request_again() -> None:
    call = call_about("abc", to_any())
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, codes({"a": 0, "b": 14, "c": 14}), 0.0)
    assert [ask.keys for ask in asks_of(call, 0.1)] == [("b", "c")]


def test_jitter_does_not_part_keys_that_have_failed_together() -> None:
    keys = [f"k{number}" for number in range(50)]
    call = call_about(keys, to_any(), uniform=Random(7).uniform)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, KafkaConnectionError("lost"), 0.0)
    wakeup = call.next_wakeup()
    assert wakeup is not None
    assert wakeup != 0.1
    (ask,) = asks_of(call, wakeup)
    assert len(ask.keys) == 50


def test_quota_is_waited_for_as_long_as_the_broker_says() -> None:
    call = call_about("a", CONTROLLER)
    (ask,) = asks_of(call, 0.0)
    code = ThrottlingQuotaExceededError.errno
    call.on_answer(ask, 1, codes({"a": code}, throttle_time_ms=3000), 0.0)
    assert call.next_wakeup() == 3.0
    assert targets(asks_of(call, 3.0)) == {1: ["a"]}


def test_key_that_an_answer_leaves_out_is_an_error_of_the_broker() -> None:
    call = call_about("ab", to_any())
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 2, codes({"a": 0}), 0.0)
    error = call.outcome().errors["b"]
    assert isinstance(error, KafkaProtocolError)
    assert "node 2 has not answered DeleteGroups about group b" in str(error)


# -- failures ----------------------------------------------------------------------------------


def test_lost_connection_looks_the_controller_up_again() -> None:
    call = call_about("a", CONTROLLER)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, KafkaConnectionError("lost"), 0.0)
    (ask,) = asks_of(call, 0.1)
    assert ask.is_lookup
    assert call.outcome().doubtful == {"a"}


def test_node_that_is_not_ready_does_not_hide_why() -> None:
    call = call_about("a", to_broker(lambda _key: 2), deadline=0.25)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, KafkaConnectionError("node 2: refused"), 0.0, was_written=False)
    (ask,) = asks_of(call, 0.1)
    call.on_answer(ask, 0, metadata(), 0.1)
    (ask,) = asks_of(call, 0.1)
    call.on_failure(ask, NodeNotReadyError("later"), 0.1, was_written=False)
    call.poll(0.25)
    outcome = call.outcome()
    assert "after 2 attempts: KafkaConnectionError from node 2: node 2: refused" in str(
        outcome.errors["a"]
    )
    assert outcome.doubtful == frozenset()


def test_lost_look_up_leaves_no_doubt() -> None:
    call = call_about("a", COORDINATOR)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, KafkaConnectionError("lost"), 0.0)
    assert call.outcome().doubtful == frozenset()


@pytest.mark.parametrize("error", [SaslAuthenticationFailedError, ClusterAuthorizationFailedError])
def test_refusal_ends_the_call_at_once_as_itself(error) -> None:
    call = call_about("ab", CONTROLLER)
    (ask,) = asks_of(call, 0.0)
    given = error("wrong password")
    call.on_failure(ask, given, 0.0)
    assert call.outcome().errors == {"a": given, "b": given}


def test_request_that_a_broker_cannot_do_is_divided_until_the_key_is_found() -> None:
    call = call_about("abcd", to_any())
    pending = asks_of(call, 0.0)
    while pending:
        ask = pending.pop()
        if "c" in ask.keys:
            call.on_failure(ask, UnsupportedVersionError("not c"), 0.0)
        else:
            call.on_answer(ask, 0, codes(dict.fromkeys(ask.keys, 0)), 0.0)
        pending += asks_of(call, 0.0)
    outcome = call.outcome()
    assert list(outcome.results) == ["a", "b", "d"]
    assert isinstance(outcome.errors["c"], UnsupportedVersionError)
    assert outcome.doubtful == frozenset()
