"""The state of a cluster in words, for the report of a test that failed.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.fault_orders import never_fired
from kafka.testing.broker.views import group_names, group_view, topic_names, topic_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.faults import Rule
    from kafka.testing.broker.recorder import SeenRequest
    from kafka.testing.broker.views import PartitionView

#: How many requests are told.
LAST = 20
# How many partitions of a topic, or members of a group, are told.
_MOST = 12


def report(cluster: Cluster, seen: Sequence[SeenRequest], rules: Sequence[Rule]) -> str:
    """Return brokers, topics with offsets, groups with lag, the last requests, and idle faults.

    Args:
        cluster: its state.
        seen: the requests, oldest first.
        rules: the faults that have uses left.
    """
    sections = {
        "brokers": _brokers(cluster),
        "topics": _topics(cluster),
        "groups": _groups(cluster),
        f"last {min(LAST, len(seen))} of {len(seen)} requests": _requests(cluster, seen[-LAST:]),
        "faults that never fired": iter(never_fired(rules)),
    }
    lines = []
    for title, entries in sections.items():
        found = list(entries)
        lines += [f"{title}:", *(f"  {entry}" for entry in found or ["none"])]
    return "\n".join(lines)


def _brokers(cluster: Cluster) -> Iterator[str]:
    for node in cluster.nodes.values():
        yield f"{node.node_id} {node.host}:{node.port}{'' if node.alive else ' DOWN'}"


def _topics(cluster: Cluster) -> Iterator[str]:
    for name in topic_names(cluster):
        partitions = topic_view(cluster, name).partitions
        yield f"{name}: {_shortened([_offsets(partition) for partition in partitions])}"


def _offsets(view: PartitionView) -> str:
    text = f"[{view.partition}] {view.start_offset}..{view.end_offset}"
    if view.high_watermark != view.end_offset:
        text += f" hw={view.high_watermark}"
    if view.last_stable_offset != view.high_watermark:
        text += f" stable={view.last_stable_offset}"
    return text + (" no leader" if view.leader < 0 else f" leader={view.leader}")


def _groups(cluster: Cluster) -> Iterator[str]:
    for group_id in group_names(cluster):
        view = group_view(cluster, group_id)
        yield f"{group_id}: {view.state} ({view.protocol}) lag={view.lag}"
        lags = [
            f"{key.topic}-{key.partition}: {view.offsets.get(key, 'nothing')} committed, lag {lag}"
            for key, lag in view.lags.items()
        ]
        if lags:
            yield f"  {_shortened(lags)}"
        for member in view.members[:_MOST]:
            owned = " ".join(f"{key.topic}-{key.partition}" for key in member.assignment[:_MOST])
            yield f"  member {member.member_id}: {owned or 'nothing'}"


def _requests(cluster: Cluster, seen: Sequence[SeenRequest]) -> Iterator[str]:
    now = cluster.clock.now()
    for found in seen:
        yield (
            f"{found.at - now:+.3f} s  node {found.node_id}  {found.api.NAME} "
            f"v{found.api_version}  from {found.client_id!r}"
        )


def _shortened(entries: Sequence[str]) -> str:
    more = len(entries) - _MOST
    return ", ".join(entries[:_MOST]) + (f", and {more} more" if more > 0 else "")
