"""Why topics that are wanted cannot be read, and which of that is news.  Pure.

A topic that does not exist is waited for, so nothing fails: without a line in the log, a misspelt
name would look like a topic without records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import RetriableError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError

# Seconds. Brokers that create a topic because it was asked for say first that it does not exist.
_CREATION: Final = 1.0
# Seconds. Electing the leaders of a new topic, or new leaders, takes some time.
_ELECTION: Final = 10.0

_MISSING: Final = "does not exist"
_MISSING_HINT: Final = (
    "; it is read as soon as somebody creates it (the brokers do not, or allow_auto_create_topics "
    "is off)"
)
_REFUSED: Final = "may not be read by this client"


class Trouble(NamedTuple):
    """What is wrong with a topic.

    Args:
        reason: in words, the topic being the subject.
        since: when it was first noticed, in seconds.
        patience: seconds that it may last before it is worth a line in the log.
        hint: what to do about it.
    """

    reason: str
    since: float
    patience: float
    hint: str = ""


class TopicTroubles:
    """Keep what is wrong with the wanted topics, and report each trouble once.

    Args:
        creates: whether the brokers may create topics that the client asks for.
    """

    __slots__ = ("_creation", "_refused", "_reported", "_troubles")

    def __init__(self, *, creates: bool) -> None:
        self._creation = _CREATION if creates else 0.0
        self._troubles: dict[str, Trouble] = {}
        self._reported: dict[str, str] = {}
        self._refused: dict[str, float] = {}

    def check(
        self, wanted: Mapping[str, Collection[int]], snapshot: ClusterSnapshot, now: float
    ) -> list[str]:
        """Look at the *wanted* topics again; return the lines to log.

        Args:
            wanted: the partitions assigned, by topic; empty for a topic without any.
            snapshot: the cluster.
            now: time, in seconds.
        """
        before, self._troubles = self._troubles, {}
        self._refused = {name: at for name, at in self._refused.items() if name in wanted}
        for topic, partitions in wanted.items():
            trouble = self._find(topic, partitions, snapshot, now)
            if trouble is None:
                continue
            known = before.get(topic)
            if known is not None and known.reason == trouble.reason:
                trouble = trouble._replace(since=known.since)
            self._troubles[topic] = trouble
        for topic in self._reported.keys() - self._troubles.keys():
            del self._reported[topic]
        return [line for topic in self._troubles if (line := self._news(topic, now)) is not None]

    def refuse(self, topic: str, now: float) -> str | None:
        """Note that a broker refused to let *topic* be read; return the line to log, if it is news.

        Metadata may be given to a client that may not read: the broker that is asked for records
        says so.
        """
        self._refused[topic] = now
        self._troubles[topic] = Trouble(_REFUSED, now, 0.0)
        return self._news(topic, now)

    def reason(self, topic: str, last_fetch: float | None = None) -> str | None:
        """Return why *topic* is not read, ``None`` if nothing is known against it.

        Args:
            topic: name of the topic.
            last_fetch: when a broker last gave records of it, or said that there are none.
        """
        trouble = self._troubles.get(topic)
        if trouble is None:
            return None
        refused = self._refused.get(topic)
        if refused is not None and last_fetch is not None and last_fetch > refused:
            return None
        return trouble.reason

    def _find(
        self, topic: str, partitions: Collection[int], snapshot: ClusterSnapshot, now: float
    ) -> Trouble | None:
        error = snapshot.topic_error(topic)
        if error is not None:
            return self._judge(error, now)
        if topic in self._refused:
            return Trouble(_REFUSED, now, 0.0)
        known = snapshot.partitions(topic)
        if known is None:
            return None
        lacking = sorted(set(partitions) - known.keys())
        if lacking:
            text = ", ".join(map(str, lacking))
            return Trouble(f"has no partition {text}: it has {len(known)}", now, self._creation)
        return None

    def _judge(self, error: type[KafkaError], now: float) -> Trouble:
        if issubclass(error, UnknownTopicOrPartitionError):
            return Trouble(_MISSING, now, self._creation, _MISSING_HINT)
        if issubclass(error, TopicAuthorizationFailedError):
            return Trouble(_REFUSED, now, 0.0)
        patience = _ELECTION if issubclass(error, RetriableError) else 0.0
        return Trouble(f"cannot be read: {error.__name__}", now, patience)

    def _news(self, topic: str, now: float) -> str | None:
        trouble = self._troubles[topic]
        if self._reported.get(topic) == trouble.reason or now - trouble.since < trouble.patience:
            return None
        self._reported[topic] = trouble.reason
        return f"topic={topic} {trouble.reason}{trouble.hint}"
