"""Methods about configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.admin import arguments, config_arguments
from kafka.admin.config_kinds import ConfigFilterType
from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.config_results import AlterConfigsResult, DescribeConfigsResult
from kafka.admin.failures import settle
from kafka.admin.named_enum import member_of
from kafka.admin.operation import Outcome
from kafka.admin.operations.config_changes import (
    AlterConfigs,
    ReplaceConfigs,
    check_known,
    merged,
)
from kafka.admin.operations.configs import DescribeConfigs, ListConfigResources
from kafka.admin.settled import together
from kafka.errors import KafkaError, KafkaTimeoutError, UnsupportedVersionError
from kafka.net.diagnosis import message_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.config_resource import ConfigResource
    from kafka.admin.operations.config_changes import Changes
    from kafka.admin.operations.configs import Described, ResourceKey

    AllChanges = Mapping[ResourceKey, Changes]

_CLUSTER: Final = "cluster"
_ONLY_NAMED: Final = (
    "alter_configs changes the configs that are named, and no others (KIP-339); in kafka-python "
    "2.x it set all others of the resource back to their defaults"
)


async def describe_configs(
    admin: Admin,
    config_resources: ConfigResource | Iterable[ConfigResource],
    include_synonyms: bool = False,
    config_filter: ConfigFilterType | str = "modified",
    *,
    timeout_ms: float | None = None,
    raise_errors: bool = True,
) -> DescribeConfigsResult:
    """Describe the configs of topics, brokers and other resources.

    Args:
        config_resources: which; their ``configs`` may name the configs asked for.
        include_synonyms: whether to tell the values of all levels, such as topic, broker and
            default (KIP-226).
        config_filter: ``all``; ``modified`` (given to the resource itself); ``default`` (the
            others); ``static`` (of a broker's file); ``dynamic`` (can be changed).
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether to raise if a resource could not be described; else it is there
            without configs, and its error in ``errors`` of the result.

    Returns:
        ``{type: {resource: {config: {'value': ..., 'config_source': ..., ...}}}}``.

    Raises:
        KafkaError: the first failure; its ``results`` has what came of all resources.
    """
    asked = config_arguments.asked_for(config_resources)
    wanted = member_of(ConfigFilterType, config_filter, "config_filter")
    raises = arguments.flag("raise_errors", raise_errors)
    operation = DescribeConfigs(
        asked,
        include_synonyms=arguments.flag("include_synonyms", include_synonyms),
        include_documentation=False,
    )
    outcome = await admin.run(operation, asked, admin.deadline(timeout_ms))
    result = DescribeConfigsResult(outcome, asked, wanted)
    settle(outcome, result, raise_errors=raises)
    return result


async def alter_configs(
    admin: Admin,
    config_resources: ConfigResource | Iterable[ConfigResource],
    validate_only: bool = False,
    raise_on_unknown: bool = True,
    incremental: bool | None = None,
    *,
    timeout_ms: float | None = None,
) -> AlterConfigsResult:
    """Change the configs that are named, and no others (KIP-339).

    Args:
        config_resources: what to change; their ``configs`` are dicts of name and value, or of name
            and pair of operation and value: ``("APPEND", "compact")``.
        validate_only: check only, change nothing.
        raise_on_unknown: whether to raise `ValueError` for configs that brokers do not know. While
            a broker is silent, the resources that the others describe are altered nevertheless.
        incremental: ``False`` for brokers before 2.3, which can only replace all configs of a
            resource: they are described first, and those that it was given are sent with it. What
            is changed by others in between is lost.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{type: {resource: 'OK'}}``, or the error in words.

    Raises:
        ValueError: a broker does not know a config.
        UnsupportedVersionError: the broker is too old for changes to some configs.
        KafkaError: no broker has answered.
    """
    if incremental is None:
        admin.say_once(_ONLY_NAMED)
    changes = config_arguments.changes_of(config_resources)
    options = _options(validate_only, raise_on_unknown, incremental)
    return await _alter(admin, changes, options, admin.deadline(timeout_ms))


async def reset_configs(
    admin: Admin,
    config_resources: ConfigResource | Iterable[ConfigResource],
    validate_only: bool = False,
    raise_on_unknown: bool = True,
    incremental: bool | None = None,
    *,
    timeout_ms: float | None = None,
) -> AlterConfigsResult:
    """Set configs back to their defaults.

    Args:
        config_resources: what to reset; their ``configs`` are names.
        validate_only: check only, change nothing.
        raise_on_unknown: whether to raise `ValueError` for configs that brokers do not know.
        incremental: as for `alter_configs`.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{type: {resource: 'OK'}}``, or the error in words.

    Raises:
        ValueError: a broker does not know a config.
        UnsupportedVersionError: the broker is too old for changes to some configs.
        KafkaError: no broker has answered.
    """
    resets = config_arguments.resets_of(config_resources)
    options = _options(validate_only, raise_on_unknown, incremental)
    return await _alter(admin, resets, options, admin.deadline(timeout_ms))


async def list_config_resources(
    admin: Admin,
    resource_types: Iterable[ConfigResourceType | str] | ConfigResourceType | str | None = None,
    *,
    timeout_ms: float | None = None,
) -> dict[str, list[str]]:
    """List what has configs (KIP-1142).

    Args:
        resource_types: of which types, or one type; ``None`` for all.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        Names by type, such as ``{'topic': ['orders']}``.

    Raises:
        UnsupportedVersionError: the broker is older than 4.1; from 3.7 on brokers list client
            metrics, if asked for them alone.
    """
    kinds = config_arguments.kinds_of(resource_types)
    operation = ListConfigResources(kinds)
    outcome = await admin.run(operation, [_CLUSTER], admin.deadline(timeout_ms))
    settle(outcome, {})
    found: dict[str, list[str]] = {}
    for resource in outcome.results[_CLUSTER].config_resources:
        kind = ConfigResourceType(resource.resource_type).name.lower()
        found.setdefault(kind, []).append(resource.resource_name)
    return found


class _Options(NamedTuple):
    validate_only: bool
    raise_on_unknown: bool
    incremental: bool


def _options(validate_only: object, raise_on_unknown: object, incremental: object) -> _Options:
    return _Options(
        arguments.flag("validate_only", validate_only),
        arguments.flag("raise_on_unknown", raise_on_unknown),
        incremental is None or arguments.flag("incremental", incremental),
    )


async def _alter(
    admin: Admin, changes: AllChanges, options: _Options, deadline: Deadline
) -> AlterConfigsResult:
    if options.raise_on_unknown or not options.incremental:
        describe = DescribeConfigs(
            dict.fromkeys(changes), include_synonyms=False, include_documentation=False
        )

        async def alter(described: Outcome[ResourceKey, Described]) -> Outcome[ResourceKey, None]:
            return await _alter_described(admin, changes, described, deadline, options)

        _, parts = await admin.run_in_parts(describe, changes, deadline, alter)
        outcome = together(*parts)
    else:
        outcome = await _change(admin, changes, deadline, options.validate_only)
    result = AlterConfigsResult(outcome, changes)
    settle(outcome, result, raise_errors=False)
    return result


async def _alter_described(
    admin: Admin,
    changes: AllChanges,
    described: Outcome[ResourceKey, Described],
    deadline: Deadline,
    options: _Options,
) -> Outcome[ResourceKey, None]:
    """Alter the resources that were described, and those that could not be."""
    if options.raise_on_unknown:
        check_known({key: changes[key] for key in described.results}, _known(described))
    if not options.incremental:
        return await _replace(admin, changes, described, deadline, options.validate_only)
    # No time is left for what has not answered; any other error is left to the change, which may
    # be allowed although to describe is not.
    silent = {
        key: error
        for key, error in described.errors.items()
        if isinstance(error, KafkaTimeoutError)
    }
    asked = [*described.results, *(described.errors.keys() - silent.keys())]
    altered = await _change(
        admin, {key: changes[key] for key in asked}, deadline, options.validate_only
    )
    return altered._replace(errors={**silent, **altered.errors})


async def _change(
    admin: Admin, changes: AllChanges, deadline: Deadline, validate_only: bool
) -> Outcome[ResourceKey, None]:
    operation = AlterConfigs(changes, validate_only=validate_only)
    return _with_advice(await admin.run(operation, changes, deadline))


def _known(described: Outcome[ResourceKey, Described]) -> dict[ResourceKey, set[str]]:
    """Return the names that brokers know; they do not list those that all brokers may have."""
    return {
        key: {entry.name for entry in found.configs}
        for key, found in described.results.items()
        if key.name
    }


async def _replace(
    admin: Admin,
    changes: AllChanges,
    described: Outcome[ResourceKey, Described],
    deadline: Deadline,
    validate_only: bool,
) -> Outcome[ResourceKey, None]:
    """Send all configs that each resource is to have; only of those that were described."""
    errors = dict(described.errors)
    values: dict[ResourceKey, dict[str, str]] = {}
    for key, found in described.results.items():
        try:
            values[key] = merged(found, changes[key], is_of_all_brokers=not key.name)
        except KafkaError as error:
            errors[key] = error
    operation = ReplaceConfigs(values, validate_only=validate_only)
    outcome = await admin.run(operation, values, deadline)
    return Outcome(outcome.results, {**errors, **outcome.errors}, outcome.doubtful)


def _with_advice(outcome: Outcome[ResourceKey, None]) -> Outcome[ResourceKey, None]:
    """Say to whoever asks a broker that is too old what can be done about it."""
    errors: dict[ResourceKey, KafkaError] = {
        key: UnsupportedVersionError(
            f"{message_of(error)}; with incremental=False all configs of a resource are sent"
        )
        if isinstance(error, UnsupportedVersionError)
        else error
        for key, error in outcome.errors.items()
    }
    return outcome._replace(errors=errors)
