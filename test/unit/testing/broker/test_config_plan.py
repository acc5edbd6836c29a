"""What the configs of a resource are after the changes of a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import InvalidConfigurationError, PolicyViolationError, UnknownError
from kafka.testing.broker.config_plan import (
    AlterOperation,
    Change,
    ConfigResourceType,
    Plan,
    ask_policy,
    require_list,
)
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.config_values import Kind
from test.support.cluster_state import new_cluster, new_context

SET, DELETE, APPEND, SUBTRACT = AlterOperation
BEFORE = {"a": "1", "l": "x,y"}


def applied(*changes: tuple[str, int, str | None], replace: bool = False) -> dict[str, str]:
    plan = Plan([Change(*change) for change in changes], replace, validate_only=False)
    return plan.applied(BEFORE, lambda name: f"default of {name}", lambda *_: None)


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (("a", SET, "2"), {"a": "2", "l": "x,y"}),
        (("b", SET, "3"), {"a": "1", "l": "x,y", "b": "3"}),
        (("a", SET, None), {"a": "", "l": "x,y"}),
        (("a", DELETE, None), {"l": "x,y"}),
        (("b", DELETE, None), BEFORE),
        (("l", APPEND, "z"), {"a": "1", "l": "x,y,z"}),
        (("l", APPEND, " z , x "), {"a": "1", "l": "x,y,z"}),
        (("m", APPEND, "z"), {"a": "1", "l": "x,y", "m": "default of m,z"}),
        (("l", SUBTRACT, "x,q"), {"a": "1", "l": "y"}),
        (("l", SUBTRACT, "y,x"), {"a": "1", "l": ""}),
        (("l", SUBTRACT, None), BEFORE),
    ],
)
def test_each_operation_changes_one_config(
    change: tuple[str, int, str | None], after: dict[str, str]
) -> None:
    assert applied(change) == after


def test_changes_are_made_in_their_order() -> None:
    assert applied(("l", APPEND, "z"), ("l", SUBTRACT, "x"), ("l", APPEND, "x"))["l"] == "y,z,x"


def test_a_request_that_replaces_forgets_what_it_does_not_name() -> None:
    assert applied(("b", SET, "3"), replace=True) == {"b": "3"}


def test_the_configs_there_were_stay_as_they_are() -> None:
    before = dict(BEFORE)
    applied(("a", DELETE, None), ("l", APPEND, "z"))
    assert before == BEFORE


@pytest.mark.parametrize("operation", [-1, 4])
def test_an_operation_that_does_not_exist_is_an_unknown_error(operation: int) -> None:
    with pytest.raises(UnknownError):
        applied(("a", operation, "1"))


def test_only_lists_are_asked_for_their_type() -> None:
    asked = []
    changes = [("a", SET), ("b", DELETE), ("l", APPEND), ("m", SUBTRACT)]
    plan = Plan(
        [Change(name, operation, "x") for name, operation in changes],
        replace=False,
        validate_only=False,
    )
    plan.applied({}, lambda _: "", lambda *what: asked.append(what))
    assert asked == [("l", "APPEND"), ("m", "SUBTRACT")]


ENTRIES = st.lists(st.sampled_from("abcd"), max_size=6)


@given(ENTRIES, ENTRIES)
def test_what_was_appended_and_subtracted_again_is_gone(
    before: list[str], named: list[str]
) -> None:
    plan = Plan(
        [Change("l", APPEND, ",".join(named)), Change("l", SUBTRACT, ",".join(named))],
        replace=False,
        validate_only=False,
    )
    after = plan.applied({"l": ",".join(before)}, lambda _: "", lambda *_: None)["l"]
    assert after.split(",") == ([x for x in dict.fromkeys(before) if x not in named] or [""])


@pytest.mark.parametrize("kind", [None, *Kind])
def test_only_a_list_can_be_appended_to(kind: Kind | None) -> None:
    if kind is Kind.LIST:
        require_list(kind, "n", "APPEND")
        return
    with pytest.raises(InvalidConfigurationError, match="Can't APPEND to key n because"):
        require_list(kind, "n", "APPEND")


def test_a_policy_is_asked_with_the_configs_after_the_change() -> None:
    context = new_context(new_cluster())
    asked = []

    def refuse(kind: int, name: str, configs: object) -> None:
        asked.append((kind, name, configs))
        raise PolicyViolationError("no")

    ask_policy(context, ConfigResourceType.TOPIC, "t", {"a": "1"})
    context.cluster.component(ConfigStore).alter_policy = refuse
    with pytest.raises(PolicyViolationError):
        ask_policy(context, ConfigResourceType.TOPIC, "t", {"a": "1"})
    assert asked == [(ConfigResourceType.TOPIC, "t", {"a": "1"})]
