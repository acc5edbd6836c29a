"""Options that producers and consumers share beyond those of the network."""

from __future__ import annotations

from typing import Any

from kafka.config.network import NetworkConfig
from kafka.config.option import at_least, option, seconds
from kafka.errors import KafkaConfigurationError


def _reporters(value: object) -> list[object]:
    if not isinstance(value, list | tuple) or not all(callable(item) for item in value):
        raise TypeError("must be a list of classes")
    return list(value)


class CommonConfig(NetworkConfig):
    """Options of every client."""

    default_api_timeout_ms: float = option(
        60000, at_least(0), "Time for a call without a time-out of its own, in ms (KIP-266)."
    )
    metric_reporters: list[Any] = option(  # Any: classes or factories of the user
        [],
        _reporters,
        "Classes of `kafka.metrics.metrics_reporter.AbstractMetricsReporter` to feed.",
        takes="Sequence[Callable[[], object]]",
    )
    metrics_enabled: bool = option(True, None, "Keep metrics.")
    metrics_num_samples: int = option(2, at_least(1), "Samples that a metric is computed from.")
    metrics_sample_window_ms: float = option(
        30000, at_least(1), "Length of one sample of a metric, in ms."
    )

    default_api_timeout = seconds("default_api_timeout_ms")
    metrics_sample_window = seconds("metrics_sample_window_ms")

    def _settle(self, given: frozenset[str]) -> None:
        super()._settle(given)
        if self.default_api_timeout_ms >= self.request_timeout_ms:
            return
        if "default_api_timeout_ms" not in given:
            self._put("default_api_timeout_ms", self.request_timeout_ms)
            return
        raise KafkaConfigurationError(
            f"default_api_timeout_ms={self.default_api_timeout_ms} must not be smaller than "
            f"request_timeout_ms={self.request_timeout_ms}: no call could outlast one request"
        )
