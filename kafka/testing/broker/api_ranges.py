"""APIs that a cluster has in other versions than its release, or not at all.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.handlers import api_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.testing.broker.handlers import Api
    from kafka.testing.broker.versions import Range, Release
    from kafka.testing.broker.wire import AnyRequest

    Ranges = Mapping[type[AnyRequest], Range | None]


def checked_ranges(wanted: Ranges, release: Release) -> Ranges:
    """Return *wanted* if brokers of *release* can have these versions.

    Raises:
        ValueError: the release does not serve an API, or nobody knows the versions.
    """
    table = api_table(release)
    for request_type, span in wanted.items():
        name, known = request_type.NAME, request_type.VERSIONS
        if request_type.API_KEY not in table:
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
