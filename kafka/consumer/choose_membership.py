"""Choose the protocol of a group, and make what takes part in it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from kafka._base.logs import logger
from kafka.coordinator.assignors.configured import group_protocol, strategies
from kafka.coordinator.classic_membership import ClassicMembership
from kafka.coordinator.classic_states import ClassicSettings
from kafka.coordinator.consumer_membership import ConsumerMembership
from kafka.coordinator.consumer_settings import ConsumerSettings
from kafka.coordinator.group_protocol import (
    AUTO,
    CLASSIC,
    CONSUMER,
    choose_member_id,
    choose_protocol,
)
from kafka.coordinator.membership import GROUP, JOIN
from kafka.errors import KafkaError
from kafka.protocol.features import LONG_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.observer import Observer
    from kafka.config.consumer import ConsumerConfig
    from kafka.coordinator.membership import GroupMembership
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.api_versions import ApiVersions
    from kafka.subscription import SubscriptionState

log = logger(__name__)

# KIP-735; see `LONG_SESSIONS`.
_SHORT_SESSION = 30.0


async def choose_membership(
    config: ConsumerConfig,
    client: NetworkClient,
    subscriptions: SubscriptionState,
    node_id: int,
) -> Callable[[], GroupMembership]:
    """Return what makes a membership in the group; it is chosen once in a consumer's life.

    Args:
        config: the options.
        client: the network.
        subscriptions: what the application wants.
        node_id: the coordinator, which is asked what it can do.

    Raises:
        KafkaError: it could not be asked.
    """
    if config.group_protocol == CLASSIC:
        # It is sure to be used, so its connection is made beside the one that is asked.
        client.runtime.spawn(_connect(client, node_id), name=f"connect-{config.group_id}")
    versions = await client.versions_of(node_id, channel=GROUP)
    protocol, why = choose_protocol(config.group_protocol, versions.finalized_features)
    log.info("group=%s joins with the %s protocol: %s", config.group_id, protocol, why)
    if config.group_protocol == AUTO:
        for name in config.without_effect(protocol):
            log.warning("%s has no effect with the %s protocol", name, protocol)
    uniform = client.runtime.uniform
    if protocol == CONSUMER:
        remote = consumer_settings(config, versions, client.runtime.observer)
        return partial(ConsumerMembership, subscriptions, remote, uniform)
    classic = classic_settings(config, versions, client.runtime.observer)
    return partial(ClassicMembership, subscriptions, classic, uniform=uniform)


async def _connect(client: NetworkClient, node_id: int) -> None:
    with suppress(KafkaError):  # the request that needs the connection meets the same
        await client.versions_of(node_id, channel=JOIN)


def consumer_settings(
    config: ConsumerConfig, versions: ApiVersions, observer: Observer
) -> ConsumerSettings:
    """Return the settings of a member of a KIP-848 group."""
    assert config.group_id is not None, "there is a group"
    return ConsumerSettings(
        group_id=config.group_id,
        member_id=choose_member_id(versions, str(uuid4())),
        instance_id=config.group_instance_id,
        rack_id=config.client_rack or None,
        remote_assignor=config.group_remote_assignor,
        max_poll_interval=config.max_poll_interval,
        request_timeout=config.request_timeout,
        # The performer knows whether the application commits by itself; it waits for its commits.
        auto_commit=True,
        exclude_internal=config.exclude_internal_topics,
        backoff=config.backoff,
        observer=observer,
    )


def classic_settings(
    config: ConsumerConfig, versions: ApiVersions, observer: Observer
) -> ClassicSettings:
    """Return the settings of a member of a classic group, for the coordinator that it joins."""
    assert config.group_id is not None, "there is a group"
    session = config.session_timeout
    if "session_timeout_ms" not in config.chosen and not versions.has(LONG_SESSIONS):
        session = _SHORT_SESSION
    return ClassicSettings(
        group_id=config.group_id,
        instance_id=config.group_instance_id,
        session_timeout=session,
        rebalance_timeout=config.max_poll_interval,
        heartbeat_interval=config.heartbeat_interval,
        strategies=strategies(config.partition_assignment_strategy),
        # As above.
        auto_commit=True,
        request_timeout=config.request_timeout,
        backoff=config.backoff,
        rack=config.client_rack,
        exclude_internal=config.exclude_internal_topics,
        observer=observer,
    )


def check_assignors(config: ConsumerConfig) -> None:
    """Refuse assignors that cannot work.

    Raises:
        KafkaConfigurationError: one is no assignor, or they do not fit together.
    """
    group_protocol(strategies(config.partition_assignment_strategy))
