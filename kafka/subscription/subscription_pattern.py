"""A regular expression that the coordinator of a group resolves (KIP-848).  Pure."""

from __future__ import annotations

from kafka.errors import KafkaConfigurationError


class SubscriptionPattern:
    """Subscribe to all topics whose whole names match, as the brokers see it.

    ``consumer.subscribe(pattern=SubscriptionPattern("orders-.*"))`` needs ``group_protocol``
    ``consumer`` and brokers of 4.0 or later. The brokers look for new topics every few minutes.

    Args:
        pattern: a regular expression of RE2, which Python's own differ from in details; whether it
            is one, only the brokers can say.

    Raises:
        TypeError: *pattern* is no string.
        ValueError: *pattern* is empty.
    """

    # No tuple: subscribe(SubscriptionPattern("a")) would subscribe to the topic "a".
    __slots__ = ("pattern",)

    def __init__(self, pattern: str) -> None:
        text: object = pattern
        if not isinstance(text, str):
            raise TypeError(f"SubscriptionPattern takes a regular expression, not {text!r}")
        if not text:
            raise ValueError("SubscriptionPattern takes a regular expression, not an empty string")
        self.pattern = pattern

    def __repr__(self) -> str:
        """Return how it was made."""
        return f"SubscriptionPattern({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        """Compare by the regular expression."""
        if not isinstance(other, SubscriptionPattern):
            return NotImplemented
        return self.pattern == other.pattern

    def __hash__(self) -> int:
        """Hash the regular expression."""
        return hash(self.pattern)


def not_with(what: str) -> KafkaConfigurationError:
    """Return the error of a `SubscriptionPattern` where no coordinator resolves it.

    Args:
        what: what the consumer has instead of the ``consumer`` protocol.
    """
    return KafkaConfigurationError(
        "a SubscriptionPattern is matched by the brokers of groups with group_protocol='consumer', "
        f"and this consumer has {what}; change that, or subscribe with a regular expression that "
        "the client matches, such as re.compile('orders-.*')"
    )
