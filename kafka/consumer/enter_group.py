"""Put together what takes part in a group: its offsets, and membership for `subscribe`.

Imported by consumers with a ``group_id`` only.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kafka.consumer.choose_membership import choose_membership
from kafka.consumer.commit_part import CommitPart
from kafka.consumer.group_part import GroupPart
from kafka.consumer.group_ports import GroupPorts
from kafka.net.coordinator_link import CoordinatorLink

if TYPE_CHECKING:
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.group_entry import GroupHooks
    from kafka.consumer.shared import Shared
    from kafka.net.network_client import NetworkClient


def enter_group(
    config: ConsumerConfig, client: NetworkClient, shared: Shared, hooks: GroupHooks
) -> tuple[CommitPart, GroupPart]:
    """Return the parts of a core that take part in the group of *config*.

    Both find the coordinator by one link. Who commits is the member while the consumer is
    subscribed, and with `assign` somebody outside the group.

    Args:
        config: the options.
        client: the network.
        shared: what the loop shares with the application's side.
        hooks: what the core does for them.
    """
    assert config.group_id is not None, "there is a group"
    link = CoordinatorLink(client, config.group_id)
    commits = CommitPart(
        config.group_id,
        config,
        client,
        link,
        shared.subscriptions,
        shared.buffer,
        shared.reports,
        backoff=config.backoff,
        run_machines=hooks.run_machines,
    )
    group = GroupPart(
        config.group_id,
        shared.subscriptions,
        GroupPorts(
            link=link,
            choose=partial(choose_membership, config, client, shared.subscriptions),
            commit=commits.commit_consumed,
            errors=shared.buffer,
            tasks=shared.tasks,
            polls=shared.polls,
            runtime=client.runtime,
            run_machines=hooks.run_machines,
            on_left=hooks.on_left,
            on_user_needed=commits.on_user_needed,
        ),
    )
    outsider = commits.identity
    commits.identity = lambda: group.identity if group.is_in_charge else outsider()
    commits.is_rebalancing = lambda: group.is_rebalancing
    commits.renews = lambda: group.renews
    commits.on_rejoin.append(group.rejoin)
    return commits, group
