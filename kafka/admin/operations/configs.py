"""Describe configs: whom to ask about which resource, and what is told (KIP-133, 226, 569).

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.lookups import to_any, to_broker
from kafka.errors import UnknownTopicOrPartitionError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResponse,
)
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.operation import Answer, Verdicts
    from kafka.errors import KafkaError
    from kafka.protocol.messages.list_config_resources import ListConfigResourcesResponse

Described = DescribeConfigsResponse.DescribeConfigsResult

# A topic that a broker does not know is one that is not there, or about to be: whoever asks for
# its configs has named it wrongly more often than too early.
CONFIG_VERDICTS: Final[Verdicts] = {UnknownTopicOrPartitionError: Verdict.FATAL}


class ResourceKey(NamedTuple):
    """A resource as the calls of the admin client know it."""

    resource_type: ConfigResourceType
    name: str

    def __str__(self) -> str:
        """Return it in words."""
        kind = self.resource_type.name.lower().replace("_", " ")
        return f"{kind} {self.name}" if self.name else f"all {kind}s"

    @property
    def is_of_broker(self) -> bool:
        """Whether one broker alone knows the configs.

        A broker knows its own configs and those of its loggers. What all brokers have in common,
        the broker with an empty name, is known to each of them.
        """
        return self.resource_type in OF_BROKERS and bool(self.name)


def broker_of(key: ResourceKey) -> int | None:
    """Return the broker that knows *key*, ``None`` if any does."""
    return int(key.name) if key.is_of_broker else None


OF_BROKERS: Final = frozenset({ConfigResourceType.BROKER, ConfigResourceType.BROKER_LOGGER})


class DescribeConfigs:
    """Ask for configs: each broker for its own, any for those of others.

    Args:
        names: the configs asked for, by resource; ``None`` for all.
        include_synonyms: whether to tell the values of all levels.
        include_documentation: whether to tell what each config is for.
    """

    noun: Final = "configs of"
    lookup: Final = to_broker(broker_of)
    verdicts: Final[Verdicts] = CONFIG_VERDICTS

    def __init__(
        self,
        names: Mapping[ResourceKey, Sequence[str] | None],
        *,
        include_synonyms: bool,
        include_documentation: bool,
    ) -> None:
        self._names = names
        self._include_synonyms = include_synonyms
        self._include_documentation = include_documentation

    def build(self, keys: Sequence[ResourceKey], timeout_ms: int) -> DescribeConfigsRequest:
        """Return the request about *keys*."""
        del timeout_ms
        resource = DescribeConfigsRequest.DescribeConfigsResource
        return DescribeConfigsRequest(
            resources=[
                resource(
                    resource_type=key.resource_type,
                    resource_name=key.name,
                    configuration_keys=self._names[key],
                )
                for key in keys
            ],
            include_synonyms=self._include_synonyms,
            include_documentation=self._include_documentation,
        )

    def read(
        self, answer: Answer[DescribeConfigsResponse], keys: Sequence[ResourceKey]
    ) -> dict[ResourceKey, Described | KafkaError]:
        """Return what is told of each resource, configs of all sources."""
        results = {
            (each.resource_type, each.resource_name): each for each in answer.response.results
        }
        found: dict[ResourceKey, Described | KafkaError] = {}
        for key in keys:
            result = results.get(key)
            if result is not None:
                code, text = result.error_code, result.error_message
                found[key] = answer.error(code, text, str(key)) if code else result
        return found


class ListConfigResources:
    """Ask any broker what has configs (KIP-1142).

    Args:
        kinds: of which types; none for all.
    """

    noun: Final = "config resources of"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def __init__(self, kinds: Sequence[ConfigResourceType]) -> None:
        self._kinds = kinds

    def build(self, keys: Sequence[str], timeout_ms: int) -> ListConfigResourcesRequest:
        """Return the request."""
        del keys, timeout_ms
        return ListConfigResourcesRequest(resource_types=self._kinds)

    def read(
        self, answer: Answer[ListConfigResourcesResponse], keys: Sequence[str]
    ) -> dict[str, ListConfigResourcesResponse | KafkaError]:
        """Return the response."""
        code = answer.response.error_code
        if code:
            return {key: answer.error(code, None, f"{self.noun} the {key}") for key in keys}
        return dict.fromkeys(keys, answer.response)
