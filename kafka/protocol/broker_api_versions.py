"""What each release of Apache Kafka speaks, as kafka-python 2.3 tells it.

Pure. The table is the clients' own (`kafka.protocol.api_versions`): it has each release that
brought a version, and leaves out what brokers say to each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.protocol._releases import RELEASES
from kafka.protocol.api_versions import ApiVersions

if TYPE_CHECKING:
    from kafka.protocol.api_versions import Range, Release


def _releases() -> list[Release]:
    words = {word.partition(":")[0] for text in RELEASES.values() for word in text.split()}
    return sorted(tuple(map(int, word.split("."))) for word in words)


# Release -> API key -> lowest and highest version.
BROKER_API_VERSIONS: Final[dict[Release, dict[int, Range]]] = {
    release: dict(ApiVersions.for_broker_version(release).ranges) for release in _releases()
}
