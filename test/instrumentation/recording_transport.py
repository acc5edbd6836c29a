"""A transport for Elastic's agent that keeps what it is given."""

from __future__ import annotations

from elasticapm.transport.base import Transport


class RecordingTransport(Transport):
    """Keep events instead of sending them to a server."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.events: list[tuple[str, dict]] = []

    def queue(self, event_type, data, flush=False) -> None:
        self.events.append((event_type, data))

    def start_thread(self, pid=None) -> None:
        self._closed = False

    def close(self) -> None:
        self._closed = True
