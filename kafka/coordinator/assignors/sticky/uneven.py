"""Sticky assignment where members subscribe to different topics.  Pure.

The counts are the most even ones that the subscriptions allow: no chain of moves, in which each
member passes a partition on to the next, could make them more even, and by a theorem of Harvey,
Ladner, Lovasz and Tamir on semi-matchings no other assignment is more even then. Java's clients
look at single moves only, so they may leave counts less even than ours.

Among the most even assignments this is one with few moves: partitions go home as long as that
can be had by passing loose partitions on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.coordinator.assignors.layout import all_partitions, subscribers_of
from kafka.coordinator.assignors.sticky.loads import Loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.sticky.claims import Holdings
    from kafka.coordinator.assignors.sticky.racks import Racks
    from kafka.coordinator.assignors.strategy import Member
    from kafka.structs import TopicPartition


def share_by_subscription(
    layout: Layout, members: Sequence[Member], holdings: Holdings, racks: Racks
) -> dict[str, list[TopicPartition]]:
    """Let members keep what they had as far as that is fair, and give the rest to the poorest.

    Args:
        layout: the topics of *members*.
        members: all of the group.
        holdings: who had what.
        racks: where they are.

    Returns:
        The partitions of each member.
    """
    subscribers = {
        topic: sorted(member.member_id for member in found)
        for topic, found in subscribers_of(members).items()
        if topic in layout
    }
    loads = Loads(subscribers, holdings, racks)
    # First the topics that few members can have, as the others leave more choice.
    topics = sorted(subscribers, key=lambda topic: (len(subscribers[topic]), topic))
    partitions = all_partitions(layout, topics)
    fresh = [tp for tp in partitions if loads.holder(tp) is None]
    _place(loads, fresh, racks)
    _level_directly(loads, fresh)
    _level_directly(loads, partitions)
    while _level_by_chain(loads):
        pass
    while _bring_home(loads, racks):
        pass
    return loads.shares()


def _place(loads: Loads, fresh: Iterable[TopicPartition], racks: Racks) -> None:
    """Give what nobody has to the poorest member that is near to it, or else to the poorest."""
    far: list[TopicPartition] = []
    for tp in fresh:
        near: Sequence[str] = loads.subscribers[tp.topic]
        if racks.matter:
            near = [member for member in near if racks.fit(member, tp)]
        if near:
            loads.give(tp, loads.poorest(near))
        else:
            far.append(tp)
    for tp in far:
        loads.give(tp, loads.poorest(loads.subscribers[tp.topic]))


def _level_directly(loads: Loads, partitions: Sequence[TopicPartition]) -> None:
    """Move partitions to members that have at least two fewer, until there are none."""
    moved = True
    while moved:
        moved = False
        for tp in partitions:
            source = loads.holder(tp)
            target = loads.poorest(loads.subscribers[tp.topic])
            if source is not None and loads.count[source] - loads.count[target] > 1:
                loads.give(loads.choose(source, target, tp.topic), target)
                moved = True


def _level_by_chain(loads: Loads) -> bool:
    """Pass partitions along chains of members that end at one with two fewer than the first.

    Returns:
        Whether there was a chain: there may be others now.
    """
    moved = False
    for member in sorted(loads.count, key=lambda member: -loads.count[member]):
        most = loads.count[member] - 2
        if most >= min(loads.count.values()):
            chain = _chain(loads, member, most)
            _pass_on(loads, chain)
            moved = moved or bool(chain)
    return moved


def _bring_home(loads: Loads, racks: Racks) -> bool:
    """Bring partitions home where loose ones make up for it, and counts stay as even.

    Returns:
        Whether there was one: others may follow.
    """
    moved = False
    for tp, holder, home in loads.displaced():
        if loads.holder(tp) != holder:
            continue
        most = loads.count[holder] - 1
        chain: list[_Link] = []
        if loads.count[home] > most:
            # Loose partitions are where they are because of the racks, if those matter.
            if not racks.matter:
                chain = _chain(loads, home, most, goal=holder, loose=True)
            if not chain:
                continue
        loads.give(tp, home)
        _pass_on(loads, chain)
        moved = True
    return moved


class _Link(NamedTuple):
    source: str
    target: str
    topic: str


def _chain(
    loads: Loads, start: str, most: int, *, goal: str | None = None, loose: bool = False
) -> list[_Link]:
    """Return the shortest chain of moves from *start* to *goal* or a member with *most* or fewer.

    Args:
        loads: who has what.
        start: whose partition moves first.
        most: how many partitions the last member may have.
        goal: a member that may be the last one, whatever it has.
        loose: whether only loose partitions move.

    Returns:
        The moves in order; none if there is no such chain.
    """
    link_to: dict[str, _Link | None] = {start: None}
    done: set[str] = set()
    layer = [start]
    while layer:
        reached: list[str] = []
        for member in layer:
            for topic in loads.topics(member, loose=loose):
                if topic not in done:
                    done.add(topic)
                    found = [name for name in loads.subscribers[topic] if name not in link_to]
                    link_to.update({name: _Link(member, name, topic) for name in found})
                    reached += found
        ends = [name for name in reached if name == goal or loads.count[name] <= most]
        if ends:
            return _links(link_to, loads.poorest(ends))
        layer = reached
    return []


def _links(link_to: Mapping[str, _Link | None], end: str) -> list[_Link]:
    links: list[_Link] = []
    link = link_to[end]
    while link is not None:
        links.append(link)
        link = link_to[link.source]
    links.reverse()
    return links


def _pass_on(loads: Loads, chain: Sequence[_Link]) -> None:
    """Let each member of *chain* pass a partition on, the last one first: it has one for sure."""
    for source, target, topic in reversed(chain):
        loads.give(loads.choose(source, target, topic), target)
