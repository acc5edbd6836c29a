"""Ask each broker what it knows of some topics: whether they are there yet, or gone.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin import request_size
from kafka.admin.lookups import to_broker
from kafka.admin.verdicts import NO_ROWS
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.admin.operation import Answer, Lookup
    from kafka.errors import KafkaError


class ViewTopics:
    """Ask brokers for the error codes of topics; the keys are node ids.

    Args:
        names: the topics; more than a request can list are for several operations, see `views_of`.
    """

    noun = "broker"
    lookup: Lookup[int] = to_broker(lambda node_id: node_id)
    verdicts = NO_ROWS

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def build(self, keys: Sequence[int], timeout_ms: int) -> MetadataRequest:
        """Return the request."""
        del keys, timeout_ms
        topic = MetadataRequest.MetadataRequestTopic
        return MetadataRequest(
            topics=[topic(name=name) for name in self._names], allow_auto_topic_creation=False
        )

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[int]
    ) -> Mapping[int, dict[str, int] | KafkaError]:
        """Return the error code of each topic, or of its first partition with one; 0 for none."""
        found = {topic.name or "": _code(topic) for topic in answer.response.topics}
        return dict.fromkeys(keys, found)


def views_of(names: Sequence[str]) -> list[ViewTopics]:
    """Return operations for *names*, each of which fits into a request; nearly always one."""
    parts = request_size.divided(lambda some: ViewTopics(some).build((), 0), names)
    return [ViewTopics(part) for part in parts]


def whole(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the error codes of all topics that a broker has told in parts."""
    return {name: code for part in parts for name, code in part.items()}


def _code(topic: MetadataResponse.MetadataResponseTopic) -> int:
    return topic.error_code or next(
        (partition.error_code for partition in topic.partitions if partition.error_code), 0
    )
