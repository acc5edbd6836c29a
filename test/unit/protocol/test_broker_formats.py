"""Which record formats and codecs a broker takes."""

from __future__ import annotations

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.api_versions import ApiVersions


@pytest.mark.parametrize(
    ("release", "magic"),
    [((0, 8, 0), 0), ((0, 9), 0), ((0, 10, 0), 1), ((0, 10, 2), 1), ((0, 11), 2), ((4, 0), 2)],
)
def test_record_format_follows_the_release(release: tuple[int, ...], magic: int) -> None:
    assert ApiVersions.for_broker_version(release).record_magic == magic


@pytest.mark.parametrize(
    ("release", "codec", "works"),
    [
        ((2, 1), 4, True),
        ((2, 0), 4, False),
        ((0, 8, 2), 3, True),
        ((0, 8, 1), 3, False),
        ((0, 8, 0), 2, True),
        ((0, 8, 0), 0, True),
    ],
)
def test_codec_takes_a_new_enough_broker(release: tuple[int, ...], codec: int, works: bool) -> None:
    versions = ApiVersions.for_broker_version(release)
    if works:
        versions.require_codec(codec)
        return
    with pytest.raises(UnsupportedVersionError, match="compression_type"):
        versions.require_codec(codec)
