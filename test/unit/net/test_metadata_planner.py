"""When metadata is asked for, and for which topics."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.errors import KafkaConnectionError, KafkaError, RebootstrapRequiredError
from kafka.net.metadata_planner import MetadataPlanner, Recovery, refusal
from kafka.net.node_states import NoNodeToAskError
from kafka.protocol.messages.metadata import MetadataResponse


def make(*, rebootstrap_after: float | None = 300.0, settled: bool = True) -> MetadataPlanner:
    planner = MetadataPlanner(
        max_age=300.0,
        max_idle=600.0,
        rebootstrap_after=rebootstrap_after,
        backoff=ExponentialBackoff(0.1, 1.0),
        uniform=lambda low, high: (low + high) / 2,
    )
    if settled:
        planner.on_success(planner.next_query(0.0), 0.0, changed=True)
    return planner


def test_first_query_is_due_at_once() -> None:
    assert make(settled=False).due_in(0.0) == 0.0


def test_fresh_metadata_is_not_asked_for_before_its_age() -> None:
    assert make().due_in(0.0) == 300.0


def test_new_topic_is_asked_for_at_once_and_alone() -> None:
    planner = make()
    planner.want_topics(["orders"])
    planner.on_success(planner.next_query(1.0), 1.0, changed=True)
    assert planner.touch("bills", 1.0)
    assert planner.due_in(1.0) == 0.0
    query = planner.next_query(1.0)
    assert (query.topics, query.partial) == (("bills",), True)


def test_topic_in_use_is_not_asked_for_again() -> None:
    planner = make()
    planner.touch("orders", 1.0)
    planner.on_success(planner.next_query(1.0), 1.0, changed=True)
    assert not planner.touch("orders", 2.0)
    assert planner.due_in(2.0) > 100


def test_missing_topic_is_asked_for_with_growing_back_off() -> None:
    planner = make()
    planner.touch("orders", 1.0)
    planner.on_success(planner.next_query(1.0), 1.0, changed=True)
    waits = []
    for now in (1.0, 2.0, 3.0):
        planner.ask_again("orders")
        planner.on_success(planner.next_query(now), now, changed=False)
        planner.ask_again("orders")
        waits.append(round(planner.due_in(now), 2))
    assert waits == sorted(waits)
    assert waits[0] >= 0.1
    assert waits[-1] > waits[0]


def test_requested_update_asks_for_all_wanted_topics() -> None:
    planner = make()
    planner.want_topics(["orders"])
    planner.touch("bills", 1.0)
    planner.request_update()
    query = planner.next_query(1.0)
    assert (query.topics, query.partial) == (("bills", "orders"), False)


def test_updates_that_bring_nothing_new_back_off() -> None:
    planner = make()
    waits = []
    for now in (10.0, 20.0, 30.0, 40.0, 50.0):
        planner.request_update()
        planner.on_success(planner.next_query(now), now, changed=False)
        planner.request_update()
        waits.append(round(planner.due_in(now), 2))
    assert waits == [0.2, 0.4, 0.8, 1.0, 1.0]


def test_updates_that_the_program_asks_for_do_not_back_off_when_they_come() -> None:
    planner = make()
    waits = []
    for now in (10.0, 20.0, 30.0, 40.0):
        planner.request_update(by_program=True)
        planner.on_success(planner.next_query(now), now, changed=False)
        waits.append(planner.backoff_left(now))
    assert waits == pytest.approx([0.1] * 4)
    planner.request_update(by_program=True)
    planner.on_failure(50.0)
    planner.on_failure(50.0)
    assert planner.backoff_left(50.0) > 0.2


def test_updates_of_another_day_do_not_count() -> None:
    planner = make()
    for now in (10.0, 20.0, 30.0, 90.0):
        planner.request_update()
        planner.on_success(planner.next_query(now), now, changed=False)
    planner.request_update()
    assert planner.due_in(90.0) == pytest.approx(0.1)


def test_update_that_brings_news_resets_the_back_off() -> None:
    planner = make()
    for now in (10.0, 20.0, 30.0):
        planner.request_update()
        planner.on_success(planner.next_query(now), now, changed=now == 30.0)
    planner.request_update()
    assert planner.due_in(30.0) == pytest.approx(0.1)


def test_request_made_while_a_query_is_out_asks_once_more() -> None:
    planner = make()
    planner.request_update()
    query = planner.next_query(10.0)
    planner.request_update()
    planner.on_success(query, 10.0, changed=True)
    assert planner.due_in(20.0) == 0.0


def test_failures_back_off_even_for_new_topics() -> None:
    planner = make()
    planner.touch("orders", 1.0)
    planner.on_failure(1.0)
    assert planner.due_in(1.0) > 0


def test_all_topics_are_asked_for_as_such() -> None:
    planner = make()
    planner.want_all()
    assert planner.next_query(1.0).topics is None
    assert planner.wanted is None


def test_a_program_that_wants_no_topic_is_told_of_all_once() -> None:
    planner = make()
    planner.request_update(by_program=True)
    planner.on_failure(1.0)
    query = planner.next_query(2.0)
    assert query.topics is None
    planner.on_success(query, 2.0, changed=True)
    planner.request_update()
    assert planner.next_query(3.0).topics == ()


def test_a_program_that_wants_topics_is_told_of_these() -> None:
    planner = make()
    planner.want_topics(["orders"])
    planner.request_update(by_program=True)
    assert planner.next_query(1.0).topics == ("orders",)


def test_subscription_replaces_the_wanted_topics() -> None:
    planner = make()
    planner.want_topics(["a"])
    planner.want_topics(["b"])
    assert planner.wanted == {"b"}


def test_idle_topic_expires() -> None:
    planner = make()
    planner.touch("orders", 0.0)
    assert planner.expire(599.0) == frozenset()
    assert planner.expire(600.0) == {"orders"}
    assert planner.wanted == set()


def test_subscribed_topic_never_expires() -> None:
    planner = make()
    planner.want_topics(["orders"])
    planner.touch("orders", 0.0)
    assert planner.expire(10_000.0) == frozenset()
    assert planner.wanted == {"orders"}


def test_rebootstrap_comes_strictly_after_the_trigger() -> None:
    planner = make()
    planner.on_failure(10.0)
    planner.on_failure(200.0)
    assert not planner.should_rebootstrap(310.0)
    assert planner.should_rebootstrap(310.1)


def test_answer_calls_the_rebootstrap_off() -> None:
    planner = make()
    planner.on_failure(10.0)
    planner.on_success(planner.next_query(20.0), 20.0, changed=True)
    assert not planner.should_rebootstrap(1000.0)


def test_no_rebootstrap_without_a_trigger() -> None:
    planner = make(rebootstrap_after=None)
    planner.on_failure(10.0)
    assert not planner.should_rebootstrap(1e9)


def test_full_query_asks_for_all_wanted_topics() -> None:
    planner = make()
    planner.want_topics(["orders"])
    planner.touch("bills", 1.0)
    query = planner.full_query()
    assert (query.topics, query.partial) == (("bills", "orders"), False)


def test_answer_to_a_full_query_makes_everything_fresh() -> None:
    planner = make()
    planner.touch("bills", 1.0)
    planner.request_update()
    planner.on_success(planner.full_query(), 400.0, changed=True)
    assert planner.due_in(401.0) == 299.0


BROKER = MetadataResponse.MetadataResponseBroker(node_id=0, host="h", port=9092)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (MetadataResponse(brokers=[BROKER]), None),
        (MetadataResponse(brokers=[]), KafkaError),
        (MetadataResponse(brokers=[BROKER], error_code=129), RebootstrapRequiredError),
    ],
)
def test_metadata_is_refused_with_an_error_code_or_without_brokers(
    response: MetadataResponse, error: type[KafkaError] | None
) -> None:
    found = refusal(response)
    assert found is None if error is None else type(found) is error


def test_metadata_without_brokers_may_be_allowed() -> None:
    assert refusal(MetadataResponse(brokers=[]), needs_brokers=False) is None


@pytest.mark.parametrize(
    ("error", "recovery"),
    [
        (KafkaConnectionError("refused"), Recovery.BACK_OFF),
        (NoNodeToAskError("all back off"), Recovery.REBOOTSTRAP),
        (RebootstrapRequiredError("too old"), Recovery.REBOOTSTRAP_AFRESH),
    ],
)
def test_recovery_asks_the_bootstrap_servers_only_if_no_known_node_can_help(
    error: KafkaError, recovery: Recovery
) -> None:
    assert make().recovery(error) is recovery
    assert make(rebootstrap_after=None).recovery(error) is Recovery.BACK_OFF


def test_a_request_is_answered_by_a_query_that_was_made_after_it() -> None:
    planner = make()
    assert planner.is_answered
    before = planner.next_query(400.0)
    planner.request_update()
    planner.on_success(before, 400.0, changed=True)
    assert not planner.is_answered
    planner.on_success(planner.next_query(401.0), 401.0, changed=True)
    assert planner.is_answered
