"""The subscriptions of a KIP-848 group, resolved on the broker.  Pure.

Apache Kafka reads patterns as RE2 does. What only Python's engine knows is refused here as RE2
refuses it: assertions that look around, references to groups, possessive and atomic groups. RE2's
own classes beyond Python's (``\\pL``, ``[[:alpha:]]``) are refused as well.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidRegularExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

_NOT_RE2 = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[1-9]|\(\?(?:=|!|<=|<!|>|P=|\(|#)|[*+?}]\+)")


class TopicInfo(NamedTuple):
    """The facts about a topic that a group needs."""

    topic_id: UUID
    partitions: int


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return *pattern* compiled.

    Raises:
        InvalidRegularExpressionError: it is not a regular expression of RE2.
    """
    if _NOT_RE2.search(pattern):
        raise InvalidRegularExpressionError(
            f"{pattern!r} has an assertion, a reference or a group that RE2 does not have"
        )
    try:
        with warnings.catch_warnings():
            # Python warns of what may mean something else one day, such as "[[".
            warnings.simplefilter("error", FutureWarning)
            return re.compile(pattern.replace(r"\z", r"\Z"))
    except (re.error, FutureWarning, RecursionError, OverflowError) as exc:
        raise InvalidRegularExpressionError(f"{pattern!r}: {exc}") from exc


def resolve(pattern: str, topics: Iterable[str], may_see: Callable[[str], bool]) -> frozenset[str]:
    """Return the topics whose whole name matches, without those the client may not describe."""
    compiled = compile_pattern(pattern)
    return frozenset(name for name in topics if compiled.fullmatch(name) and may_see(name))


def subscribed(names: Iterable[str], topics: Mapping[str, TopicInfo]) -> dict[str, TopicInfo]:
    """Return the topics among *names* that exist."""
    return {name: topics[name] for name in sorted(names) if name in topics}
