"""Change configs: the ones that are named (KIP-339), or all of a resource at once.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from kafka.admin.config_kinds import AlterConfigOp, is_modified
from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.lookups import to_broker
from kafka.admin.operation import ANY_ONCE
from kafka.admin.operations.configs import CONFIG_VERDICTS, broker_of
from kafka.errors import UnsupportedVersionError
from kafka.protocol.messages.alter_configs import AlterConfigsRequest, AlterConfigsResponse
from kafka.protocol.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kafka.admin.operation import Answer, Verdicts
    from kafka.admin.operations.configs import Described, ResourceKey
    from kafka.errors import KafkaError


# Brokers take these, but list them only once they are set: rates of KIP-73 and KIP-113, and what is
# for one listener (KIP-226).
_UNLISTED: Final = frozenset(
    {
        "leader.replication.throttled.rate",
        "follower.replication.throttled.rate",
        "replica.alter.log.dirs.io.max.bytes.per.second",
    }
)
_OF_ONE_LISTENER: Final = "listener.name."


class Change(NamedTuple):
    """What becomes of one config.

    Attributes:
        op: how it is changed.
        value: to what; ``None`` for `AlterConfigOp.DELETE`.
    """

    op: AlterConfigOp
    value: str | None


Changes = Mapping[str, Change]


class AlterConfigs:
    """Change the configs that are named, and no others (KIP-339).

    Args:
        changes: what to change, by resource and name.
        validate_only: whether the changes are checked only.
    """

    noun: Final = "configs of"
    lookup: Final = to_broker(broker_of, ANY_ONCE)
    verdicts: Final[Verdicts] = CONFIG_VERDICTS

    def __init__(self, changes: Mapping[ResourceKey, Changes], *, validate_only: bool) -> None:
        self._changes = changes
        self._validate_only = validate_only

    def build(self, keys: Sequence[ResourceKey], timeout_ms: int) -> IncrementalAlterConfigsRequest:
        """Return the request about *keys*."""
        del timeout_ms
        request = IncrementalAlterConfigsRequest
        return request(
            resources=[
                request.AlterConfigsResource(
                    resource_type=key.resource_type,
                    resource_name=key.name,
                    configs=[
                        request.AlterableConfig(
                            name=name, config_operation=change.op, value=change.value
                        )
                        for name, change in self._changes[key].items()
                    ],
                )
                for key in keys
            ],
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[IncrementalAlterConfigsResponse], keys: Sequence[ResourceKey]
    ) -> dict[ResourceKey, KafkaError | None]:
        """Return, by resource, why it was not changed; ``None`` if it was."""
        return _read(answer, keys)


class ReplaceConfigs:
    """Give resources the configs named, and all others their defaults.

    Args:
        configs: value by resource and name.
        validate_only: whether the configs are checked only.
    """

    noun: Final = "configs of"
    lookup: Final = to_broker(broker_of, ANY_ONCE)
    verdicts: Final[Verdicts] = CONFIG_VERDICTS

    def __init__(
        self, configs: Mapping[ResourceKey, Mapping[str, str]], *, validate_only: bool
    ) -> None:
        self._configs = configs
        self._validate_only = validate_only

    def build(self, keys: Sequence[ResourceKey], timeout_ms: int) -> AlterConfigsRequest:
        """Return the request about *keys*."""
        del timeout_ms
        request = AlterConfigsRequest
        return request(
            resources=[
                request.AlterConfigsResource(
                    resource_type=key.resource_type,
                    resource_name=key.name,
                    configs=[
                        request.AlterableConfig(name=name, value=value)
                        for name, value in self._configs[key].items()
                    ],
                )
                for key in keys
            ],
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[AlterConfigsResponse], keys: Sequence[ResourceKey]
    ) -> dict[ResourceKey, KafkaError | None]:
        """Return, by resource, why it was not changed; ``None`` if it was."""
        return _read(answer, keys)


R = TypeVar("R", AlterConfigsResponse, IncrementalAlterConfigsResponse)


def _read(answer: Answer[R], keys: Sequence[ResourceKey]) -> dict[ResourceKey, KafkaError | None]:
    results = {(each.resource_type, each.resource_name): each for each in answer.response.responses}
    found: dict[ResourceKey, KafkaError | None] = {}
    for key in keys:
        result = results.get(key)
        if result is not None:
            code, text = result.error_code, result.error_message
            found[key] = answer.error(code, text, str(key)) if code else None
    return found


def merged(described: Described, changes: Changes, *, is_of_all_brokers: bool) -> dict[str, str]:
    """Return the configs that a resource is to have: those that it was given, changed.

    Args:
        described: the resource with all its configs.
        changes: by name.
        is_of_all_brokers: whether the resource stands for all brokers.

    Raises:
        UnsupportedVersionError: a value is secret, so that it cannot be kept.
    """
    there = {entry.name: entry for entry in described.configs}
    kept = {
        name: entry
        for name, entry in there.items()
        if name not in changes and is_modified(entry.config_source, is_of_all_brokers)
    }
    secret = sorted(name for name, entry in kept.items() if entry.value is None)
    if secret:
        raise UnsupportedVersionError(
            f"incremental=False would lose the values of {', '.join(secret)}, which brokers do not "
            "tell; set them as well, or leave incremental out with a broker of 2.3 or later"
        )
    found = {name: entry.value or "" for name, entry in kept.items()}
    for name, change in changes.items():
        before = there[name].value if name in there else None
        after = _changed(before or "", change)
        if after is not None:
            found[name] = after
    return found


def _changed(before: str, change: Change) -> str | None:
    """Return the value after a change, as brokers make it; ``None`` for the default."""
    if change.op in (AlterConfigOp.SET, AlterConfigOp.DELETE):
        return change.value
    entries = [entry for entry in before.split(",") if entry]
    named = [entry for entry in (change.value or "").split(",") if entry]
    if change.op is AlterConfigOp.SUBTRACT:
        return ",".join(entry for entry in entries if entry not in named)
    return ",".join(dict.fromkeys([*entries, *named]))


def check_known(
    changes: Mapping[ResourceKey, Collection[str]], known: Mapping[ResourceKey, Collection[str]]
) -> None:
    """Check that resources have the configs that are to be changed.

    Args:
        changes: names by resource.
        known: the names that a broker knows, by resource; one that is not in it is not checked.

    Raises:
        ValueError: a broker does not know a config; the message names those that are like it.
    """
    complaints = []
    for key, names in changes.items():
        there = known.get(key)
        if there is None:
            continue
        for name in names:
            if name not in there and not _is_unlisted(key, name):
                alike = get_close_matches(name, there, n=1)
                hint = f"; did you mean {alike[0]}?" if alike else ""
                complaints.append(f"{key} has no config {name!r}{hint}")
    if complaints:
        raise ValueError(
            f"config_resources: {', '.join(complaints)} "
            "(raise_on_unknown=False leaves the check to the broker)"
        )


def _is_unlisted(key: ResourceKey, name: str) -> bool:
    """Return whether brokers may take a config that they do not list."""
    is_of_broker = key.resource_type is ConfigResourceType.BROKER
    return is_of_broker and (name in _UNLISTED or name.startswith(_OF_ONE_LISTENER))
