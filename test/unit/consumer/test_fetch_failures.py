"""A Fetch without a usable response: back-off for its node, and a new session."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.consumer.fetch_failures import FetchFailures
from kafka.consumer.fetch_requests import FetchLimits
from kafka.consumer.fetch_response import FetchResponseHandler, FetchSettings
from kafka.consumer.fetch_session import FetchPosition, FetchSession
from kafka.errors import (
    ClusterAuthorizationFailedError,
    FetchSessionIdNotFoundError,
    FetchSessionTopicIdError,
    InvalidFetchSessionEpochError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailedError,
    TlsError,
    UnsupportedVersionError,
)
from kafka.subscription import PartitionState, SubscriptionState
from test.unit.consumer.consumer_data import OTHER, TP

NODE = 1
BACKOFF = ExponentialBackoff(1.0, 8.0, jitter=0.0)


class Bench:
    """Two partitions asked for in an open session of one node."""

    def __init__(self) -> None:
        subscriptions = SubscriptionState()
        subscriptions.replace_assignment([TP, OTHER])
        self.states: list[PartitionState] = list(subscriptions.assignment)
        settings = FetchSettings(FetchLimits(500, 1, 1000, 1000, 0, ""), True, True, 60.0, BACKOFF)
        handler = FetchResponseHandler(subscriptions, settings, lambda low, _: low)
        self.failures = FetchFailures(handler, BACKOFF, lambda low, _: low)
        self.session = FetchSession()
        asked = {}
        for generation, state in enumerate(self.states):
            state.seek(5, generation)
            state.preferred_replica = NODE
            asked[state.tp] = FetchPosition(UUID(int=1), 5, -1, generation, from_replica=False)
        self.session.on_success(self.session.build(asked), 7, asked)


def test_failed_request_has_its_node_back_off_more_and_more() -> None:
    bench = Bench()
    delays = []
    for now in (0.0, 10.0, 20.0):
        error = KafkaConnectionError("gone")
        bench.failures.on_request_error(NODE, bench.session, error, now)
        delays.append(bench.failures.delay(NODE, now))
    assert delays == [1.0, 2.0, 4.0]
    assert bench.failures.delay(NODE + 1, 20.0) == 0.0


def test_response_ends_the_back_off_of_its_node() -> None:
    bench = Bench()
    bench.failures.on_request_error(NODE, bench.session, KafkaConnectionError("gone"), 0.0)
    bench.failures.on_success(NODE)
    assert bench.failures.delay(NODE, 0.0) == 0.0


def test_failed_request_sends_its_partitions_back_to_their_leaders() -> None:
    bench = Bench()
    error = KafkaConnectionError("gone")
    effects = bench.failures.on_request_error(NODE, bench.session, error, 0.0)
    assert (effects.touched, effects.failed, effects.refresh) == (bench.states, [], True)
    assert [state.preferred_replica for state in bench.states] == [-1, -1]


def test_failed_request_leaves_partitions_alone_that_were_moved_since() -> None:
    bench = Bench()
    bench.states[0].seek(9, 99)
    error = UnsupportedVersionError("too old")
    effects = bench.failures.on_request_error(NODE, bench.session, error, 0.0)
    assert effects.touched == [bench.states[1]]
    assert effects.failed == [(bench.states[1], error)]


@pytest.mark.parametrize(
    "error", [KafkaConnectionError("gone"), UnsupportedVersionError("too old")]
)
def test_failed_request_ends_the_session(error: KafkaError) -> None:
    bench = Bench()
    bench.failures.on_request_error(NODE, bench.session, error, 0.0)
    assert bench.session.build({}).is_full


@pytest.mark.parametrize(
    ("error", "refreshes"),
    [
        (FetchSessionIdNotFoundError, False),
        (InvalidFetchSessionEpochError, False),
        (FetchSessionTopicIdError, True),
    ],
)
def test_refused_session_is_made_anew_at_once_the_first_time(
    error: type[KafkaError], refreshes: bool
) -> None:
    bench = Bench()
    first = bench.failures.on_session_error(NODE, bench.session, error, 0.0)
    assert (bench.failures.delay(NODE, 0.0), first.refresh) == (0.0, refreshes)
    assert bench.session.build({}).is_full
    bench.failures.on_session_error(NODE, bench.session, error, 0.0)
    assert bench.failures.delay(NODE, 0.0) > 0


def test_error_that_does_not_pass_by_itself_has_the_node_back_off() -> None:
    bench = Bench()
    error = ClusterAuthorizationFailedError
    effects = bench.failures.on_session_error(NODE, bench.session, error, 0.0)
    assert (bench.failures.delay(NODE, 0.0), effects.refresh) == (1.0, True)
    assert (effects.touched, effects.failed) == ([], [])


@pytest.mark.parametrize("error", [SaslAuthenticationFailedError("no"), TlsError("expired")])
def test_refusal_of_the_client_fails_no_partition(error: KafkaError) -> None:
    bench = Bench()
    effects = bench.failures.on_request_error(NODE, bench.session, error, 0.0)
    assert (effects.failed, effects.refresh) == ([], True)


def test_failures_read_as_a_status_line() -> None:
    bench = Bench()
    bench.failures.on_request_error(NODE, bench.session, KafkaConnectionError("gone"), 0.0)
    assert repr(bench.failures) == "<FetchFailures nodes=[1]>"
