"""Metadata without topics: which brokers there are.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin.lookups import brokers_only, to_any
from kafka.admin.verdicts import NO_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.operation import Answer
    from kafka.errors import KafkaError
    from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse


class ListBrokers:
    """Ask any node for the brokers; the one key stands for the cluster."""

    noun = "the"
    lookup = to_any()
    verdicts = NO_ROWS

    def build(self, keys: Sequence[str], timeout_ms: int) -> MetadataRequest:
        """Return the request."""
        del keys, timeout_ms
        return brokers_only()

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[str]
    ) -> Mapping[str, tuple[int, ...] | KafkaError]:
        """Return the node ids."""
        return dict.fromkeys(keys, tuple(broker.node_id for broker in answer.response.brokers))
