"""Which metrics a client must push, when it may, and which pushes are refused."""

from __future__ import annotations

import gzip
from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidRecordError,
    InvalidRequestError,
    TelemetryTooLargeError,
    ThrottlingQuotaExceededError,
    UnknownSubscriptionIdError,
    UnsupportedCompressionTypeError,
)
from kafka.record.compression import Codec
from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.telemetry import DEFAULT_INTERVAL_MS, Push, Subscription, Telemetry
from test.support.cluster_state import new_cluster

ME, OTHER = UUID(int=1), UUID(int=2)
INTERVAL = 10.0


class Story:
    """A broker with one subscription for all clients, and the calls of a client."""

    def __init__(self, config: dict[str, str] | None = None) -> None:
        cluster = new_cluster(1, config=config)
        self.store = cluster.component(ConfigStore)
        self.telemetry = BrokerState(0, cluster, {}).component(Telemetry)
        self.subscribe("all", metrics="a.,b.", **{"interval.ms": str(int(INTERVAL * 1000))})

    def subscribe(self, name: str, **configs: str) -> None:
        self.store.client_metrics[name] = configs

    def get(self, now: float = 0.0, instance_id: UUID = ME, **facts: str) -> Subscription:
        return self.telemetry.get(instance_id, facts, now)

    def push(
        self,
        now: float = 0.0,
        data: bytes = b"m",
        *,
        codec: int = 0,
        instance_id: UUID = ME,
        last: bool = False,
        subscription_id: int | None = None,
    ) -> None:
        # The id that a broker with the same subscription tells, so that asking does not count.
        known = Story().get(instance_id=instance_id).subscription_id
        self.telemetry.push(
            Push(instance_id, data, last),
            subscription_id=known if subscription_id is None else subscription_id,
            codec=codec,
            facts={},
            now=now,
        )


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_client_without_a_subscription_pushes_nothing(story: Story) -> None:
    story.store.client_metrics.clear()
    found = story.get()
    assert (found.metrics, found.interval_ms) == ((), DEFAULT_INTERVAL_MS)


def test_subscriptions_that_match_are_added_up(story: Story) -> None:
    story.subscribe("mine", metrics="b.,c.", match="client_id=me-.*", **{"interval.ms": "500"})
    story.subscribe("yours", metrics="d.", match="client_id=you", **{"interval.ms": "100"})
    found = story.get(client_id="me-1")
    assert (found.metrics, found.interval_ms) == (("a.", "b.", "c."), 500)


def test_a_pattern_has_to_match_all_of_a_fact_and_every_pattern_does() -> None:
    story = Story()
    story.store.client_metrics.clear()
    story.subscribe("s", metrics="a.", match="client_id=me,client_software_name=x")
    cases = {
        ("me", "x"): ("a.",),
        ("me-1", "x"): (),
        ("me", "y"): (),
    }
    for (client_id, software), metrics in cases.items():
        instance_id = UUID(bytes=f"{client_id}{software}".encode().ljust(16))
        found = story.get(
            instance_id=instance_id, client_id=client_id, client_software_name=software
        )
        assert found.metrics == metrics


def test_one_subscription_to_everything_is_enough(story: Story) -> None:
    story.subscribe("everything", metrics="*")
    assert story.get().metrics == ("*",)


def test_a_subscription_id_changes_with_what_is_subscribed_and_by_client(story: Story) -> None:
    first = story.get().subscription_id
    assert -(1 << 31) <= first < 1 << 31
    assert story.get(now=INTERVAL).subscription_id == first
    assert story.get(instance_id=OTHER).subscription_id != first
    story.subscribe("more", metrics="c.")
    assert story.get(now=2 * INTERVAL).subscription_id != first


def test_clients_get_ids_that_are_the_same_in_every_run(story: Story) -> None:
    again = Story()
    found = [story.telemetry.new_instance_id() for _ in range(3)]
    assert len(set(found)) == 3
    assert found == [again.telemetry.new_instance_id() for _ in range(3)]


def test_a_client_may_ask_once_an_interval(story: Story) -> None:
    story.get(0.0)
    with pytest.raises(ThrottlingQuotaExceededError):
        story.get(INTERVAL - 0.001)
    story.get(INTERVAL)
    with pytest.raises(ThrottlingQuotaExceededError):
        story.get(2 * INTERVAL - 0.001)


def test_a_push_counts_as_asking(story: Story) -> None:
    story.push(0.0)
    with pytest.raises(ThrottlingQuotaExceededError):
        story.get(INTERVAL - 0.001)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"subscription_id": 5}, UnknownSubscriptionIdError),
        ({"codec": 9}, UnsupportedCompressionTypeError),
    ],
)
def test_a_client_whose_push_was_out_of_date_may_ask_at_once(
    story: Story, wrong: dict[str, int], error: type[BrokerResponseError]
) -> None:
    story.get(0.0)
    with pytest.raises(error):
        story.push(1.0, **wrong)
    story.get(2.0)
    with pytest.raises(ThrottlingQuotaExceededError):
        story.get(3.0)


def test_pushes_are_kept_uncompressed_in_their_order(story: Story) -> None:
    story.push(0.0, gzip.compress(b"one"), codec=Codec.GZIP)
    story.push(INTERVAL, b"two")
    assert [push.metrics for push in story.telemetry.pushes] == [b"one", b"two"]


def test_the_first_push_after_asking_may_come_at_any_time(story: Story) -> None:
    story.push(0.0)
    story.get(INTERVAL)
    story.push(INTERVAL + 1)
    with pytest.raises(ThrottlingQuotaExceededError):
        story.push(2 * INTERVAL)
    story.push(2 * INTERVAL + 1)


def test_the_last_push_may_come_early_but_none_after_it(story: Story) -> None:
    story.push(0.0)
    story.push(1.0, last=True)
    for now in (2.0, 9 * INTERVAL):
        with pytest.raises(InvalidRequestError, match="pushed its last metrics already"):
            story.push(now, last=True)
    story.push(2.0, instance_id=OTHER)


@pytest.mark.parametrize(
    ("data", "codec", "error"),
    [
        (b"x" * 101, Codec.NONE, TelemetryTooLargeError),
        (gzip.compress(bytes(101)), Codec.GZIP, InvalidRecordError),
        (b"not gzip", Codec.GZIP, InvalidRecordError),
        (b"m", 5, UnsupportedCompressionTypeError),
        (b"m", -1, UnsupportedCompressionTypeError),
    ],
    ids=["too large", "too large uncompressed", "broken", "unknown codec", "negative codec"],
)
def test_payloads_that_cannot_be_taken_are_refused(
    data: bytes, codec: int, error: type[BrokerResponseError]
) -> None:
    story = Story({"telemetry.max.bytes": "100"})
    assert story.telemetry.max_bytes == 100
    with pytest.raises(error):
        story.push(data=data, codec=codec)
    assert story.telemetry.pushes == []
    story.push(INTERVAL, b"x" * 100)


def test_a_push_without_an_instance_id_is_refused(story: Story) -> None:
    with pytest.raises(InvalidRequestError, match="needs a client instance id"):
        story.push(instance_id=UUID(int=0))
