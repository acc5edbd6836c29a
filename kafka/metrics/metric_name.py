"""The identity of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class MetricName:
    """Name, group and tags; two with the same three are equal, whatever their description.

    Args:
        name: what is measured, e.g. ``record-send-rate``.
        group: family, e.g. ``producer-metrics``.
        description: one sentence for people.
        tags: further distinction, e.g. ``{"client-id": "orders"}``.
    """

    def __init__(
        self,
        name: str,
        group: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        if not name or not group:
            raise ValueError("a metric needs a name and a group")
        self._name = name
        self._group = group
        self._description = description
        self._tags = dict(tags or {})
        self._key = (name, group, frozenset(self._tags.items()))

    @property
    def name(self) -> str:
        """What is measured."""
        return self._name

    @property
    def group(self) -> str:
        """The family."""
        return self._group

    @property
    def description(self) -> str | None:
        """One sentence for people."""
        return self._description

    @property
    def tags(self) -> dict[str, str]:
        """A copy of the tags."""
        return dict(self._tags)

    def __eq__(self, other: object) -> bool:
        """Compare name, group and tags."""
        return isinstance(other, MetricName) and self._key == other._key

    def __hash__(self) -> int:
        """Hash name, group and tags."""
        return hash(self._key)

    def __repr__(self) -> str:
        """Return all parts but the description."""
        return f"MetricName(name={self._name}, group={self._group}, tags={self._tags})"
