"""Check what users say of configs: resources, names, values, ways to change them.  Pure.

Errors do not show values, which may be secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kafka.admin import arguments
from kafka.admin.config_kinds import AlterConfigOp
from kafka.admin.config_resource import ConfigResource, ConfigResourceType
from kafka.admin.named_enum import member_of
from kafka.admin.operations.config_changes import Change
from kafka.admin.operations.configs import OF_BROKERS, ResourceKey

_ARGUMENT: Final = "config_resources"
_DELETE: Final = Change(AlterConfigOp.DELETE, None)


def asked_for(config_resources: object) -> dict[ResourceKey, list[str] | None]:
    """Return the names of the configs to describe, by resource; ``None`` for all of one.

    Raises:
        TypeError: not one or several `ConfigResource`, or ``configs`` are no names.
        ValueError: there is no resource, or one that cannot be.
    """
    asked: dict[ResourceKey, list[str] | None] = {}
    for resource in _resources(config_resources):
        key = _key(resource)
        names = None if resource.configs is None else _names(key, resource.configs)
        before = asked.get(key, [])
        asked[key] = None if names is None or before is None else [*before, *names]
    return asked


def changes_of(config_resources: object) -> dict[ResourceKey, dict[str, Change]]:
    """Return what is to be changed, by resource and config.

    Raises:
        TypeError: not one or several `ConfigResource`, or ``configs`` are no dict of values.
        ValueError: there is no resource, or one that cannot be, comes twice or has no configs.
    """
    changes: dict[ResourceKey, dict[str, Change]] = {}
    for resource in _resources(config_resources):
        key = _new_key(resource, changes)
        what = f"{_ARGUMENT}: configs of {key}"
        if not isinstance(resource.configs, Mapping):
            raise TypeError(
                f"{what} must be a dict of name and value, not {type(resource.configs).__name__}"
            )
        given = arguments.mapping(what, resource.configs, "a dict of name and value")
        changes[key] = {
            _name(key, name): _change(key, name, value) for name, value in given.items()
        }
    return changes


def resets_of(config_resources: object) -> dict[ResourceKey, dict[str, Change]]:
    """Return the deletions that set configs back to their defaults, by resource and config.

    Raises:
        TypeError: not one or several `ConfigResource`, or ``configs`` are no names.
        ValueError: there is no resource, or one that cannot be, comes twice or has no configs.
    """
    changes: dict[ResourceKey, dict[str, Change]] = {}
    for resource in _resources(config_resources):
        key = _new_key(resource, changes)
        if resource.configs is None:
            raise ValueError(f"{_ARGUMENT}: configs of {key} must name what is reset, not None")
        changes[key] = dict.fromkeys(_names(key, resource.configs), _DELETE)
    return changes


def _resources(given: object) -> list[ConfigResource]:
    if isinstance(given, ConfigResource):
        return [given]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{_ARGUMENT} must be a list of ConfigResource, not {_shown(given)}")
    found = list(given)
    for resource in found:
        if not isinstance(resource, ConfigResource):
            raise TypeError(f"{_ARGUMENT} must hold ConfigResource each, not {_shown(resource)}")
    return arguments.not_empty(_ARGUMENT, found)


def _key(resource: ConfigResource) -> ResourceKey:
    kind, name = resource.resource_type, resource.name
    if kind is ConfigResourceType.UNKNOWN:
        raise ValueError(f"{_ARGUMENT}: resource_type of {name!r} must not be UNKNOWN")
    if not name and kind is not ConfigResourceType.BROKER:
        raise ValueError(f"{_ARGUMENT}: the name of a {kind.name} must not be empty")
    if name and kind in OF_BROKERS and not (name.isascii() and name.isdecimal()):
        raise ValueError(f"{_ARGUMENT}: the name of a {kind.name} must be a node id, not {name!r}")
    return ResourceKey(kind, name)


def _new_key(resource: ConfigResource, known: Mapping[ResourceKey, object]) -> ResourceKey:
    key = _key(resource)
    if key in known:
        raise ValueError(f"{_ARGUMENT} names {key} twice; put all its configs into one")
    return key


def _names(key: ResourceKey, configs: Iterable[object]) -> list[str]:
    return arguments.names(f"{_ARGUMENT}: configs of {key}", configs)


def _name(key: ResourceKey, name: object) -> str:
    return arguments.names(f"{_ARGUMENT}: configs of {key}", [name])[0]


def _change(key: ResourceKey, name: object, value: object) -> Change:
    op = AlterConfigOp.SET
    if isinstance(value, tuple):
        if len(value) != 2:
            raise ValueError(
                f"{_ARGUMENT}: {name} of {key} must be a value, or a pair of operation and value"
            )
        op = member_of(AlterConfigOp, value[0], f"{_ARGUMENT}: operation on {name} of {key}")
        value = value[1]
    if op is AlterConfigOp.DELETE:
        return _DELETE
    return Change(op, _text(key, name, value))


def _text(key: ResourceKey, name: object, value: object) -> str:
    """Return a value as Kafka writes it; not shown in errors, because it may be secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if value is None:
        raise ValueError(
            f"{_ARGUMENT}: {name} of {key} must not be None; reset_configs sets it back"
        )
    raise TypeError(
        f"{_ARGUMENT}: {name} of {key} must be a str, a number or a bool, "
        f"not {type(value).__name__}"
    )


def kinds_of(resource_types: object) -> list[ConfigResourceType]:
    """Return the types to list; none means all.

    Raises:
        TypeError: neither types nor names of types.
        ValueError: there is no such type.
    """
    if resource_types is None:
        return []
    if isinstance(resource_types, str | int):
        resource_types = [resource_types]
    if not isinstance(resource_types, Iterable):
        raise TypeError(f"resource_types must be a list of types, not {resource_types!r}")
    found = [member_of(ConfigResourceType, kind, "resource_types") for kind in resource_types]
    if ConfigResourceType.UNKNOWN in found:
        raise ValueError("resource_types must not hold UNKNOWN")
    return arguments.not_empty("resource_types", found)


def _shown(given: object) -> str:
    """Return what was given, unless it may hold values of configs."""
    is_plain = given is None or isinstance(given, str | int)
    return arguments.shown(given) if is_plain else type(given).__name__
