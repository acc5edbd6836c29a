"""What the calls about configs return: the shape of kafka-python 3.x, and what 2.x had.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

from kafka.admin.config_kinds import (
    ConfigFilterType,
    ConfigSourceType,
    ConfigType,
    is_modified,
)
from kafka.admin.failures import error_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kafka.admin.operation import Outcome
    from kafka.admin.operations.configs import Described, ResourceKey
    from kafka.errors import KafkaError
    from kafka.protocol.messages.describe_configs import DescribeConfigsResponse

    Entry = DescribeConfigsResponse.DescribeConfigsResourceResult


class ConfigSynonymView(TypedDict):
    """The value of a config on one level: of the topic, the broker, the cluster, Kafka."""

    name: str
    value: str | None
    source: str


class ConfigView(TypedDict):
    """What `describe_configs` says of a config."""

    value: str | None
    read_only: bool
    config_source: str
    is_sensitive: bool
    synonyms: list[ConfigSynonymView]
    config_type: str
    documentation: str | None


class ConfigsResponse(NamedTuple):
    """A response as kafka-python 2.x returned it.

    Attributes:
        throttle_time_ms: always 0: throttling is waited for here.
        resources: a tuple for each resource: error code, message, type, name and, where configs are
            described, a list of tuples with name, value, read_only, source, is_sensitive and
            synonyms, those of all sources.
    """

    throttle_time_ms: int
    resources: list[tuple[Any, ...]]  # Any: of several types


class DescribeConfigsResult(dict[str, dict[str, dict[str, ConfigView]]]):
    """``{'topic': {'orders': {'retention.ms': {'value': ...}}}}``.

    Indexed by a number it answers the responses that kafka-python 2.x returned in a list:
    ``result[0].resources``.

    Attributes:
        errors: what could not be described, and why; such resources have no configs.
    """

    def __init__(
        self,
        outcome: Outcome[ResourceKey, Described],
        keys: Iterable[ResourceKey],
        wanted: ConfigFilterType,
    ) -> None:
        self.errors: dict[ResourceKey, KafkaError] = dict(outcome.errors)
        self._responses = _old_responses(outcome, keys)
        super().__init__()
        for key in keys:
            described = outcome.results.get(key)
            entries = () if described is None else described.configs
            self.setdefault(key.resource_type.name.lower(), {})[key.name] = {
                entry.name: config_view(entry)
                for entry in entries
                if _FILTERS[wanted](entry.config_source, entry.read_only, not key.name)
            }

    def __missing__(self, key: object) -> ConfigsResponse:
        """Return the response with this number."""
        if isinstance(key, int):
            return self._responses[key]
        raise KeyError(key)


class AlterConfigsResult(dict[str, dict[str, str]]):
    """``{'topic': {'orders': 'OK'}}``; in the place of ``'OK'`` the error, in words.

    Attributes:
        errors: what was not altered, and why.
        resources: error code, message, type and name of each resource, as in 2.x.
        throttle_time_ms: always 0: throttling is waited for here.
    """

    throttle_time_ms: Final = 0

    def __init__(self, outcome: Outcome[ResourceKey, None], keys: Iterable[ResourceKey]) -> None:
        self.errors: dict[ResourceKey, KafkaError] = dict(outcome.errors)
        self.resources = [
            (*error_fields(outcome.errors.get(key)), int(key.resource_type), key.name)
            for key in keys
        ]
        super().__init__()
        for key in keys:
            error = outcome.errors.get(key)
            said = "OK" if error is None else str(error)
            self.setdefault(key.resource_type.name.lower(), {})[key.name] = said


def config_view(entry: Entry) -> ConfigView:
    """Return what a broker says of a config; values that this release does not know: UNKNOWN."""
    return ConfigView(
        value=entry.value,
        read_only=entry.read_only,
        config_source=ConfigSourceType(entry.config_source).name,
        is_sensitive=entry.is_sensitive,
        synonyms=[
            ConfigSynonymView(
                name=synonym.name,
                value=synonym.value,
                source=ConfigSourceType(synonym.source).name,
            )
            for synonym in entry.synonyms
        ],
        config_type=ConfigType(entry.config_type).name,
        documentation=entry.documentation or None,
    )


# What kafka-python 3.x takes them to be: arguments are source, read_only and whether the resource
# stands for all brokers.
_FILTERS: Final[Mapping[ConfigFilterType, Callable[[int, bool, bool], bool]]] = {
    ConfigFilterType.ALL: lambda _source, _read_only, _of_all: True,
    ConfigFilterType.DYNAMIC: lambda _source, read_only, _of_all: not read_only,
    ConfigFilterType.MODIFIED: lambda source, _read_only, of_all: is_modified(source, of_all),
    ConfigFilterType.DEFAULT: lambda source, _read_only, of_all: not is_modified(source, of_all),
    ConfigFilterType.STATIC: lambda source, _read_only, _of_all: (
        source == ConfigSourceType.STATIC_BROKER_CONFIG
    ),
}


def _old_responses(
    outcome: Outcome[ResourceKey, Described], keys: Iterable[ResourceKey]
) -> list[ConfigsResponse]:
    """Return responses as 2.x got them: one from each broker described, then one for the rest."""
    by_broker: dict[str, list[tuple[Any, ...]]] = {}
    others: list[tuple[Any, ...]] = []
    for key in keys:
        row = _old_row(key, outcome)
        where = by_broker.setdefault(key.name, []) if key.is_of_broker else others
        where.append(row)
    found = [*by_broker.values(), others] if others else list(by_broker.values())
    return [ConfigsResponse(0, rows) for rows in found]


def _old_row(
    key: ResourceKey, outcome: Outcome[ResourceKey, Described]
) -> tuple[Any, ...]:  # Any: of several types
    described = outcome.results.get(key)
    entries = () if described is None else described.configs
    code, message = error_fields(outcome.errors.get(key))
    configs = [
        (
            entry.name,
            entry.value,
            entry.read_only,
            entry.config_source,
            entry.is_sensitive,
            [(synonym.name, synonym.value, synonym.source) for synonym in entry.synonyms],
        )
        for entry in entries
    ]
    return code, message or "", int(key.resource_type), key.name, configs
