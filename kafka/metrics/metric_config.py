"""How metrics are sampled."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.metrics.quota import Quota


class MetricConfig:
    """Settings of a metric, or the defaults of a registry.

    Args:
        quota: bound that the values of a sensor must keep, or ``None``.
        samples: how many samples a value is computed from.
        event_window: most values in one sample.
        time_window_ms: length of one sample, in ms.
        tags: tags of every metric of the registry.
    """

    def __init__(
        self,
        quota: Quota | None = None,
        samples: int = 2,
        event_window: int = sys.maxsize,
        time_window_ms: float = 30_000,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.quota = quota
        self.samples = samples
        self.event_window = event_window
        self.time_window_ms = time_window_ms
        self.tags = dict(tags or {})

    @property
    def samples(self) -> int:
        """How many samples a value is computed from."""
        return self._samples

    @samples.setter
    def samples(self, value: int) -> None:
        if value < 1:
            raise ValueError(f"samples={value}: at least 1 is needed")
        self._samples = value
