"""Which versions of which APIs a broker has: to change them, and to advertise them.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import UnsupportedVersionError
from kafka.protocol.messages.api_versions import ApiVersionsResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.testing.broker.versions import Range, Release
    from kafka.testing.broker.wire import AnyRequest

    Ranges = Mapping[type[AnyRequest], Range | None]


class Api(NamedTuple):
    """One API as a broker advertises it."""

    key: int
    name: str
    min_version: int
    max_version: int


def checked_ranges(wanted: Ranges, apis: Mapping[int, Api], release: Release) -> Ranges:
    """Return *wanted* if brokers that serve *apis* of *release* can have these versions.

    Raises:
        ValueError: the release does not serve an API, or nobody knows the versions.
    """
    for request_type, span in wanted.items():
        name, known = request_type.NAME, request_type.VERSIONS
        if request_type.API_KEY not in apis:
            raise ValueError(f"api_versions: a {release.name} cluster does not serve {name}")
        if span is not None and not known.min <= span[0] <= span[1] <= known.max:
            raise ValueError(f"api_versions: {name} has the versions {known}, not {span}")
    return dict(wanted)


def with_ranges(apis: Mapping[int, Api], wanted: Ranges) -> dict[int, Api]:
    """Return *apis* with the versions of *wanted*, without those that are to be missing."""
    found = dict(apis)
    for request_type, span in wanted.items():
        key = request_type.API_KEY
        if span is None:
            del found[key]
        else:
            found[key] = found[key]._replace(min_version=span[0], max_version=span[1])
    return found


def advertised(apis: Iterable[Api]) -> list[ApiVersionsResponse.ApiVersion]:
    """Return *apis* as ApiVersions lists them."""
    return [
        ApiVersionsResponse.ApiVersion(
            api_key=api.key, min_version=api.min_version, max_version=api.max_version
        )
        for api in apis
    ]


def unsupported_version_response(api: Api, *, tells_range: bool) -> ApiVersionsResponse:
    """Return the answer, to be encoded as v0, to a version of ApiVersions that is not served.

    Args:
        api: ApiVersions, as the broker serves it.
        tells_range: the answer lists the versions that are served (KIP-511).
    """
    return ApiVersionsResponse(
        error_code=UnsupportedVersionError.errno,
        api_keys=advertised([api]) if tells_range else [],
    )
