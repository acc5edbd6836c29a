"""What one broker speaks, and which version of a request to send it (KIP-35, KIP-584).

Pure.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

from kafka.errors import UnsupportedVersionError
from kafka.protocol._releases import RELEASES
from kafka.protocol.adapt import version_floor
from kafka.protocol.features import ZSTD
from kafka.protocol.schema import Message, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.protocol.features import Feature
    from kafka.protocol.fields import VersionRange
    from kafka.protocol.messages.api_versions import ApiVersionsResponse

R = TypeVar("R", bound=Message)
Release = tuple[int, ...]
Range = tuple[int, int]

_PRODUCE: Final = 0
_METADATA: Final = 3
# Vote and Envelope: what the members of a KRaft quorum say to each other (KIP-595, KIP-590).
_QUORUM: Final = frozenset({52, 58})
# Produce version -> newest record format it carries (KIP-32, KIP-98).
_MAGIC_BY_PRODUCE: Final = ((3, 2), (2, 1), (0, 0))
_NAMES_ALL_BROKERS: Final = (0, 10)
_LZ4: Final = 3
_ZSTD: Final = 4


class ApiVersions:
    """The API versions and features of one broker. Never changed, so safe to share.

    Attributes:
        supported_features: feature -> lowest and highest level this broker supports.
        finalized_features: feature -> level in force in the whole cluster.
        finalized_features_epoch: which change of the features this is; -1 if unknown.
        record_magic: the newest record format this broker takes: 2 from 0.11, 1 from 0.10, else 0.
    """

    def __init__(
        self,
        ranges: Mapping[int, Range],
        *,
        supported_features: Mapping[str, Range] | None = None,
        finalized_features: Mapping[str, int] | None = None,
        finalized_features_epoch: int = -1,
        broker_version: Release | None = None,
    ) -> None:
        """Describe a broker.

        Args:
            ranges: API key -> lowest and highest version.
            supported_features: feature -> lowest and highest level.
            finalized_features: feature -> level in force.
            finalized_features_epoch: counts the changes of the features.
            broker_version: the broker's release where it is known; else it is inferred.
        """
        self._ranges = dict(ranges)
        produce = self._ranges.get(_PRODUCE, (0, 0))[1]
        self.record_magic = next(magic for since, magic in _MAGIC_BY_PRODUCE if produce >= since)
        self.supported_features: Mapping[str, Range] = dict(supported_features or {})
        self.finalized_features: Mapping[str, int] = dict(finalized_features or {})
        self.finalized_features_epoch = finalized_features_epoch
        self._broker_version = broker_version
        self._is_assumed = broker_version is not None

    @classmethod
    def from_response(cls, response: ApiVersionsResponse) -> ApiVersions:
        """Return what a broker says of itself."""
        return cls(
            {key.api_key: (key.min_version, key.max_version) for key in response.api_keys},
            supported_features={
                feature.name: (feature.min_version, feature.max_version)
                for feature in response.supported_features
            },
            finalized_features={
                feature.name: feature.max_version_level for feature in response.finalized_features
            },
            finalized_features_epoch=response.finalized_features_epoch,
        )

    @classmethod
    def for_broker_version(cls, version: Release) -> ApiVersions:
        """Return what the newest release up to *version* speaks, e.g. ``(0, 9)`` or ``(2, 6)``.

        Raises:
            UnsupportedVersionError: *version* is older than 0.8.0.
        """
        ranges = {}
        for api_key, rows in _releases().items():
            known = [found for release, found in rows if _is_at_least(version, release)]
            if known:
                ranges[api_key] = known[-1]
        if not ranges:
            raise UnsupportedVersionError(
                f"brokers of version {_dotted(version)} are not supported, only 0.8.0 and later"
            )
        return cls(ranges, broker_version=tuple(version))

    def __repr__(self) -> str:
        """Return the broker's release and how many APIs it speaks."""
        return f"<ApiVersions broker={_dotted(self.broker_version())} apis={len(self._ranges)}>"

    @property
    def is_controller(self) -> bool:
        """Whether this is the listener of a KRaft controller, where clients get no metadata."""
        return _METADATA not in self._ranges and not _QUORUM.isdisjoint(self._ranges)

    @property
    def names_all_brokers(self) -> bool:
        """Whether metadata names every broker: before 0.10 it may name those of topics only.

        0.8.0 and 0.8.1 name the brokers of the topics asked about, 0.8.2 and 0.9 name none until
        the cluster has its first topic.
        """
        return self.broker_version() >= _NAMES_ALL_BROKERS

    def range_of(self, api_key: int) -> Range | None:
        """Return the lowest and highest version of an API, or None if the broker lacks it."""
        return self._ranges.get(api_key)

    def supports(self, request_type: type[Request[R]], version: int) -> bool:
        """Tell whether both sides speak *version* of a request."""
        low, high = self._ranges.get(request_type.API_KEY, (0, -1))
        return low <= version <= high and version in request_type.VERSIONS

    def pick(
        self,
        request: Request[R] | type[Request[R]],
        *,
        max_version: int | None = None,
        min_version: int = 0,
    ) -> int:
        """Return the highest version of a request that both sides speak.

        Args:
            request: the request, or its class.
            max_version: go no higher; by default there is no limit.
            min_version: go no lower.

        Raises:
            UnsupportedVersionError: there is none; the message names API, needed and found.
        """
        own = request.VERSIONS
        found = self._ranges.get(request.API_KEY)
        highest = own.max if max_version is None else min(own.max, max_version)
        lowest = max(own.min, min_version)
        if found is not None:
            version = min(highest, found[1])
            if version >= lowest and version >= found[0]:
                return version
        raise self._unsupported(request, lowest, highest, found)

    def require_version(self, api_key: int, version: int, name: str) -> None:
        """Check that this broker speaks one version of an API.

        What old brokers say to each other is in no table: it is let through.

        Args:
            api_key: the API, which need not be one that this package knows.
            version: the version.
            name: the request, for the message.

        Raises:
            UnsupportedVersionError: it does not; the message names what both sides speak, and the
                nearest version.
        """
        found = self._ranges.get(api_key)
        if found is not None and found[0] <= version <= found[1]:
            return
        if found is None and self._is_assumed and api_key not in _releases():
            return
        about = f"the broker (about {_dotted(self.broker_version())})"
        if found is None:
            raise UnsupportedVersionError(f"{name}: {about} does not know this API (key {api_key})")
        own = _own_range(api_key)
        text = f"{name}: {about} speaks versions {found[0]} to {found[1]} of this API"
        if own is None:
            raise UnsupportedVersionError(f"{text}, this package none; the request has {version}")
        nearest = min(max(version, found[0], own.min), found[1], own.max)
        raise UnsupportedVersionError(
            f"{text}, this package {own.min} to {own.max}; the nearest to {version} is {nearest}"
        )

    def _unsupported(
        self,
        request: Request[R] | type[Request[R]],
        lowest: int,
        highest: int,
        found: Range | None,
    ) -> UnsupportedVersionError:
        if found is None and self.is_controller:
            return UnsupportedVersionError(
                f"a KRaft controller's listener; use the brokers' ({request.NAME}, API key "
                f"{request.API_KEY}, is not served here)"
            )
        if found is None and isinstance(request, Request):
            lowest = min(max(lowest, version_floor(request)), highest)
        speaks = "does not know it" if found is None else f"speaks {found[0]} to {found[1]}"
        since = _first_release(request.API_KEY, lowest)
        hint = f"; it takes a broker of {_dotted(since)} or later" if since else ""
        return UnsupportedVersionError(
            f"{request.NAME} (API key {request.API_KEY}): version {lowest} to {highest} is needed, "
            f"the broker (about {_dotted(self.broker_version())}) {speaks}{hint}"
        )

    def broker_version(self) -> Release:
        """Return the broker's release, if need be inferred from the newest thing it speaks."""
        if self._broker_version is None:
            self._broker_version = self._infer()
        return self._broker_version

    @property
    def is_newer_than_known(self) -> bool:
        """Whether this broker speaks a version that no release in the tables has."""
        return any(
            self._ranges.get(api_key, (0, -1))[1] > rows[-1][1][1]
            for api_key, rows in _releases().items()
        )

    @property
    def ranges(self) -> Mapping[int, Range]:
        """Lowest and highest version by API key."""
        return self._ranges

    def has(self, feature: Feature) -> bool:
        """Return whether this broker has *feature*."""
        return self._ranges.get(feature.api_key, (0, -1))[1] >= feature.version

    def require(self, feature: Feature) -> None:
        """Check that this broker has *feature*.

        Raises:
            UnsupportedVersionError: it is too old; the message names feature, needed and found.
        """
        if not self.has(feature):
            found = self._ranges.get(feature.api_key, (0, -1))[1]
            since = _first_release(feature.api_key, feature.version) or ()
            raise UnsupportedVersionError(
                f"{feature.name} needs a broker of {_dotted(since)} or later ({feature.api} "
                f"version {feature.version}), the broker is about "
                f"{_dotted(self.broker_version())} ({feature.api} version {found})"
            )

    def require_codec(self, codec: int) -> None:
        """Check that this broker can store records compressed with *codec* (0 to 4).

        Raises:
            UnsupportedVersionError: it is too old (KIP-110 for zstd).
        """
        if codec == _ZSTD:
            self.require(ZSTD)
        if codec == _LZ4 and self.broker_version() < (0, 8, 2):
            raise UnsupportedVersionError(
                "compression_type lz4 takes a broker of 0.8.2 or later, the broker is about "
                f"{_dotted(self.broker_version())}"
            )

    def _infer(self) -> Release:
        newest: Release = (0, 8, 0)
        for api_key, rows in _releases().items():
            _, spoken = self._ranges.get(api_key, (0, -1))
            for release, (_, highest) in rows:
                # A row may raise only the lowest version, which proves nothing.
                if highest <= spoken and release > newest and _raises(rows, release):
                    newest = release
        return newest


def _raises(rows: list[tuple[Release, Range]], release: Release) -> bool:
    """Tell whether the row of *release* brought a higher version."""
    versions = [highest for known, (_, highest) in rows if known <= release]
    return len(versions) == 1 or versions[-1] > versions[-2]


def _own_range(api_key: int) -> VersionRange | None:
    """Return what this package speaks of an API."""
    from kafka.protocol.messages import MODULES  # noqa: PLC0415 - for messages of errors only

    if api_key not in MODULES:
        return None
    module = import_module(f"kafka.protocol.messages.{MODULES[api_key]}")
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type)]
    requests = [k for k in kinds if issubclass(k, Request) and k.__module__ == module.__name__]
    return requests[0].VERSIONS if requests else None


def _first_release(api_key: int, version: int) -> Release | None:
    rows = _releases().get(api_key, [])
    return next((release for release, (_, highest) in rows if highest >= version), None)


def _is_at_least(version: Release, release: Release) -> bool:
    """Compare releases; what is left out counts as 0, so 0.10 promises no more than 0.10.0 does."""
    return (*version, 0, 0) >= release


def _dotted(version: Release) -> str:
    return ".".join(map(str, version))


@cache
def _releases() -> dict[int, list[tuple[Release, Range]]]:
    """Return, by API key, the releases that changed its range, oldest first."""
    return {api_key: [_row(word) for word in text.split()] for api_key, text in RELEASES.items()}


def _row(word: str) -> tuple[Release, Range]:
    release, _, found = word.partition(":")
    low, _, high = found.partition("-")
    return tuple(map(int, release.split("."))), (int(low), int(high))


if not TYPE_CHECKING:  # or else checkers would believe in any name

    def __getattr__(name: str) -> object:
        """Return a structure that kafka-python 2.3 has in this module."""
        from kafka.protocol.legacy.offers import offer  # noqa: PLC0415 - clients need none

        return offer(__name__)[0](name)
