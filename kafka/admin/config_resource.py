"""What has configurations: topics, brokers, groups.  Pure; also the place of 2.x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin.named_enum import LenientIntEnum, member_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ConfigResourceType(LenientIntEnum):
    """Kinds of resources."""

    UNKNOWN = 0
    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class ConfigResource:
    """One resource, and which of its configurations are meant.

    Args:
        resource_type: its kind: a `ConfigResourceType`, or its name.
        name: its name; of a broker the node id, ``''`` for what holds for all brokers.
        configs: to describe: names, ``None`` for all; to alter: names with values.

    Raises:
        TypeError: an argument of the wrong type; ValueError: no kind of this name.
    """

    def __init__(
        self,
        resource_type: ConfigResourceType | str | int,
        name: str | int,
        configs: Mapping[str, object] | Sequence[str] | None = None,
    ) -> None:
        self.resource_type = member_of(ConfigResourceType, resource_type, "resource_type")
        if isinstance(name, bool) or not isinstance(name, (str, int)):
            raise TypeError(f"name must be the name of a resource, not {type(name).__name__}")
        self.name = str(name)
        self.configs = [configs] if isinstance(configs, str) else configs

    def __repr__(self) -> str:
        """Return type and name; values may be secret."""
        return f"ConfigResource({self.resource_type.name}, {self.name!r})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Return whether type, name and configurations are equal."""
        return isinstance(other, ConfigResource) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Return a hash of type and name."""
        return hash((self.resource_type, self.name))
