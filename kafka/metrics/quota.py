"""Bounds of metrics."""

from __future__ import annotations

from typing import NamedTuple


class Quota(NamedTuple):
    """A value that a metric must not exceed, or not fall below."""

    bound: float
    is_upper: bool

    @staticmethod
    def upper_bound(upper_bound: float) -> Quota:
        """Return a quota for values up to *upper_bound*."""
        return Quota(upper_bound, True)

    @staticmethod
    def lower_bound(lower_bound: float) -> Quota:
        """Return a quota for values from *lower_bound* on."""
        return Quota(lower_bound, False)

    def is_upper_bound(self) -> bool:
        """Return whether larger values violate the quota."""
        return self.is_upper

    def is_acceptable(self, value: float) -> bool:
        """Return whether *value* keeps to the quota."""
        return value <= self.bound if self.is_upper else value >= self.bound
