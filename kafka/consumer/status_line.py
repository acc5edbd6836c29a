"""What the `repr` of a consumer says.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.structs import ConsumerGroupMetadata


def status_line(
    name: str,
    client_id: str,
    state: str,
    group: ConsumerGroupMetadata | None,
    lags: Sequence[int | None],
) -> str:
    """Return one line about a consumer.

    Args:
        name: its class.
        client_id: its ``client_id``.
        state: ``NEW``, ``OPEN`` or ``CLOSED``.
        group: what it is in its group, ``None`` without one.
        lags: for each assigned partition the records still to be read, ``None`` if not known.
    """
    facts = [state.lower()]
    if group is not None:
        facts.append(f"group={group.group_id} {group.state.strip('<>').upper()}")
        if group.generation_id >= 0:
            facts[-1] += f" gen {group.generation_id}"
    if state == "OPEN":
        facts.append("1 partition" if len(lags) == 1 else f"{len(lags)} partitions")
        known = [lag for lag in lags if lag is not None]
        if known:
            facts.append(f"lag {sum(known)}" + ("" if len(known) == len(lags) else " or more"))
    return f"<{name} {client_id!r} {', '.join(facts)}>"
