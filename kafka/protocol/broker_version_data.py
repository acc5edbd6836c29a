"""What a release of Apache Kafka speaks, as kafka-python 3.x tells it.

Pure. It reads the table that the clients read (`kafka.protocol.api_versions`).
"""

from __future__ import annotations

from functools import total_ordering
from typing import TYPE_CHECKING, Any

from kafka.errors import (
    IncompatibleBrokerVersion,
    UnrecognizedBrokerVersion,
    UnsupportedVersionError,
)
from kafka.protocol.api_versions import ApiVersions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.protocol.api_versions import Range, Release


@total_ordering
class BrokerVersionData:
    """A release of the broker, and the versions of each API that it speaks.

    Args:
        broker_version: the release, such as ``(2, 3)``; a newer one than is known counts as the
            newest known one. By default what *api_versions* prove.
        api_versions: lowest and highest version by API key; by default those of *broker_version*.

    Attributes:
        broker_version: the release, in as many numbers as it is told apart by.
        api_versions: lowest and highest version by API key.

    Raises:
        TypeError: *broker_version* is no tuple.
        ValueError: neither is given.
        UnrecognizedBrokerVersion: *broker_version* is older than 0.8.0.
    """

    def __init__(
        self,
        broker_version: Release | None = None,
        api_versions: Mapping[int, Range] | None = None,
    ) -> None:
        if broker_version is None and api_versions is None:
            raise ValueError("BrokerVersionData needs broker_version, api_versions or both")
        known = api_versions or {}
        if broker_version is not None:
            if not isinstance(broker_version, tuple | list):
                raise TypeError(f"broker_version is a tuple such as (2, 5), not {broker_version!r}")
            try:
                known = ApiVersions.for_broker_version(broker_version).ranges
            except UnsupportedVersionError as exc:
                raise UnrecognizedBrokerVersion(str(broker_version)) from exc
        self.broker_version: Release = ApiVersions(known).broker_version()
        self.api_versions: dict[int, Range] = dict(known if api_versions is None else api_versions)

    # Any: a class of ours, or the versions of a request as `kafka.protocol` offers them.
    def api_version(
        self, operation: Any, min_version: int = 0, max_version: float = float("inf")
    ) -> int:
        """Return the highest version of a request that this release and the package speak.

        Args:
            operation: the versions of a request, such as `kafka.protocol.metadata.MetadataRequest`.
            min_version: go no lower.
            max_version: go no higher.

        Raises:
            IncompatibleBrokerVersion: there is none.
        """
        own = operation.VERSIONS
        low, high = self.api_versions.get(operation.API_KEY, (0, -1))
        wanted = (max(own.min, min_version), min(own.max, max_version))
        version = int(min(wanted[1], high))
        if version < max(wanted[0], low):
            found = f"the broker {low} to {high}" if high >= 0 else "the broker does not know it"
            raise IncompatibleBrokerVersion(
                f"{operation.NAME}: version {wanted[0]} to {wanted[1]} is wanted, {found}"
            )
        return version

    @property
    def broker_version_str(self) -> str:
        """The release with dots."""
        return ".".join(map(str, self.broker_version))

    def __repr__(self) -> str:
        """Return the release."""
        return f"<BrokerVersionData {self.broker_version_str}>"

    def __eq__(self, other: object) -> bool:
        """Compare the releases."""
        if not isinstance(other, BrokerVersionData):
            return NotImplemented
        return self.broker_version == other.broker_version

    def __lt__(self, other: object) -> bool:
        """Compare the releases."""
        if not isinstance(other, BrokerVersionData):
            return NotImplemented
        return self.broker_version < other.broker_version

    def __hash__(self) -> int:
        """Return the hash of the release."""
        return hash(self.broker_version)


def infer_broker_version_from_api_versions(api_versions: Mapping[int, Range]) -> Release:
    """Return the newest release that *api_versions* prove.

    Args:
        api_versions: lowest and highest version by API key.
    """
    return ApiVersions(api_versions).broker_version()
