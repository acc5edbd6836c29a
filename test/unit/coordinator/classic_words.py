"""Actions of a classic member in short words, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    Left,
    RaiseFromGroup,
    RaiseFromPoll,
    Send,
    SetHold,
    WantTopics,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.coordinator.membership import Action
    from kafka.structs import TopicPartition


def told(action: Action) -> str:
    """Return *action* in short."""
    text = type(action).__name__
    match action:
        case Assign(partitions, late):
            text += f" {named(partitions)}" + (f" late {named(late)}" if late else "")
        case SetHold(partitions, hold, on):
            text = f"{hold.name} {'on' if on else 'off'} {named(partitions)}"
        case AskUser(task):
            text = f"Ask {task.kind.name} {named(task.partitions)}"
        case CommitConsumed(partitions, deadline):
            text = f"Commit {named(partitions)} by {deadline:g}"
        case Send(request, channel):
            text = f"{request.NAME} on {channel}"
        case WantTopics(topics):
            text = f"Want {'all' if topics is None else ','.join(sorted(topics))}"
        case _:
            text += told_error(action)
    return text.strip()


def told_error(action: Action) -> str:
    """Return what is said of the error of *action*."""
    match action:
        case RaiseFromGroup(error, fatal):
            return f" {type(error).__name__}{' always' if fatal else ''}"
        case RaiseFromPoll(topic, error):
            return f" {type(error).__name__} of {topic}"
        case Left(error) if error is not None:
            return f" {type(error).__name__}"
    return ""


def named(partitions: Iterable[TopicPartition]) -> str:
    """Return the names of *partitions* in short."""
    return " ".join(f"{topic}{number}" for topic, number in sorted(partitions))
