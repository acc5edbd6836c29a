"""What the methods of groups and transactions take, and what they refuse before the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.admin import group_arguments as check
from kafka.admin.group_types import GroupState, MemberToRemove, OffsetTimestamp
from kafka.admin.transaction_types import AbortTransactionSpec, TransactionState
from kafka.structs import OffsetAndMetadata, OffsetSpec, TopicPartition

T0 = TopicPartition("t", 0)
SPEC = AbortTransactionSpec(T0, 1, 0, 0)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("orders", {"orders": None}),
        (["a", "b", "a"], {"a": None, "b": None}),
        ({"a": None, "b": [T0, ("t", 1)]}, {"a": None, "b": [T0, TopicPartition("t", 1)]}),
        ({"a": T0}, {"a": [T0]}),
    ],
)
def test_groups_are_a_name_names_or_names_with_partitions(given: object, meant: object) -> None:
    assert check.group_specs("group_specs", given) == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, []),
        ([], []),
        ("stable", ["Stable"]),
        (GroupState.EMPTY, ["Empty"]),
        (["EMPTY", GroupState.STABLE, "Empty"], ["Empty", "Stable"]),
    ],
)
def test_states_are_known_by_name_in_any_case(given: object, meant: object) -> None:
    assert check.states_of_groups("states_filter", given) == meant


def test_states_of_transactions_have_names_of_their_own() -> None:
    given = ["ongoing", TransactionState.DEAD]
    assert check.states_of_transactions("state_filters", given) == ["Ongoing", "Dead"]


@pytest.mark.parametrize(("given", "meant"), [(None, None), (3, [3]), ([0, 1], [0, 1])])
def test_brokers_are_all_one_or_several(given: object, meant: object) -> None:
    assert check.nodes("broker_ids", given) == meant


@pytest.mark.parametrize(("given", "meant"), [(None, []), ([], []), (3, [3]), ([0, 1], [0, 1])])
def test_filter_by_numbers_may_be_empty(given: object, meant: object) -> None:
    assert check.numbers("producer_id_filters", given) == meant


def test_offset_may_stand_alone() -> None:
    given = {T0: 5, ("t", 1): OffsetAndMetadata(6, "note", 2)}
    assert check.offsets_to_commit("offsets", given) == {
        T0: OffsetAndMetadata(5, "", -1),
        TopicPartition("t", 1): OffsetAndMetadata(6, "note", 2),
    }


def test_targets_are_meanings_times_or_offsets() -> None:
    t1, t2 = TopicPartition("t", 1), TopicPartition("t", 2)
    given = {T0: OffsetSpec.LATEST, t1: OffsetTimestamp(1000), t2: 1000}
    found = check.reset_targets("offset_specs", given)
    assert found.times == {T0: -1, t1: 1000}
    assert found.offsets == {t2: 1000}


def test_one_member_needs_no_list() -> None:
    member = MemberToRemove(group_instance_id="i")
    assert check.members("members", member) == [member]


def test_transaction_to_abort_is_taken_as_it_is() -> None:
    assert check.spec_to_abort("spec", SPEC) is SPEC


@pytest.mark.parametrize(
    ("function", "given", "error", "text"),
    [
        (check.group_specs, [], ValueError, "empty"),
        (check.group_specs, {}, ValueError, "empty"),
        (check.group_specs, "", ValueError, "empty"),
        (check.group_specs, 5, TypeError, "int 5"),
        (check.group_specs, [5], TypeError, "int 5"),
        (check.group_specs, {"g": "t"}, TypeError, "'g'"),
        (check.group_specs, {"g": [("t", -1)]}, ValueError, "-1"),
        (check.one_name, ["g"], TypeError, "list"),
        (check.one_name, None, TypeError, "None"),
        (check.node, "1", TypeError, "str '1'"),
        (check.node, -1, ValueError, "-1"),
        (check.nodes, "12", TypeError, "str '12'"),
        (check.nodes, [True], TypeError, "bool True"),
        (check.nodes, [], ValueError, "empty"),
        (check.numbers, [1, None], TypeError, "None"),
        (check.states_of_groups, "Stabel", ValueError, "PREPARING_REBALANCE"),
        (check.states_of_groups, 5, TypeError, "int 5"),
        (check.states_of_groups, [5], ValueError, "5"),
        (check.types_of_groups, "new", ValueError, "CLASSIC, CONSUMER"),
        (check.members, [], ValueError, "empty"),
        (check.members, "m-1", TypeError, "str 'm-1'"),
        (check.members, ["m-1"], TypeError, "str 'm-1'"),
        (check.members, [MemberToRemove()], ValueError, "neither"),
        (check.members, [MemberToRemove(5)], TypeError, "member_id"),  # type: ignore[arg-type] # wrong
        (check.offsets_to_commit, {}, ValueError, "empty"),
        (check.offsets_to_commit, [T0], TypeError, "list"),
        (check.offsets_to_commit, {"t": 5}, TypeError, "'t'"),
        (check.offsets_to_commit, {T0: "5"}, TypeError, "str '5'"),
        (check.offsets_to_commit, {T0: -1}, ValueError, "-1"),
        (check.offsets_to_commit, {T0: OffsetAndMetadata()}, TypeError, "None"),
        (check.reset_targets, {}, ValueError, "empty"),
        (check.reset_targets, {T0: "x"}, TypeError, "str 'x'"),
        (check.reset_targets, {T0: -1}, ValueError, "-1"),
        (check.reset_targets, {T0: OffsetTimestamp(-7)}, ValueError, "-7"),
        (check.spec_to_abort, T0, TypeError, "AbortTransactionSpec"),
        (check.spec_to_abort, SPEC._replace(producer_id=-1), ValueError, "producer_id"),
        (check.spec_to_abort, SPEC._replace(coordinator_epoch=-2), ValueError, "coordinator"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    function: Callable[[str, object], object],
    given: object,
    error: type[Exception],
    text: str,
) -> None:
    with pytest.raises(error, match="the_argument") as caught:
        function("the_argument", given)
    assert text in str(caught.value)
