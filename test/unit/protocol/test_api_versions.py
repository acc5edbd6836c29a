"""Which version to send, to which release a broker belongs, and which records it takes."""

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.features import OFFSETS_FOR_TIMES, READ_COMMITTED, ZSTD
from kafka.protocol.messages.api_versions import ApiVersionsResponse
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.share_fetch import ShareFetchRequest

RELEASES = [
    (0, 8, 0), (0, 8, 1), (0, 8, 2), (0, 9), (0, 10, 0), (0, 10, 1), (0, 10, 2), (0, 11, 0),
    (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8),
    (3, 0), (3, 1), (3, 2), (3, 3), (3, 5), (3, 6), (3, 7), (3, 8), (3, 9),
    (4, 0), (4, 1), (4, 2), (4, 3), (4, 4),
]  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_recognised_by_what_it_speaks(release):
    known = ApiVersions.for_broker_version(release)
    ranges = {key: known.range_of(key) for key in range(100) if known.range_of(key)}
    assert ApiVersions(ranges).broker_version() == release


@pytest.mark.parametrize(
    ("release", "produce", "fetch", "metadata"),
    [
        ((0, 8, 0), 0, 0, 0),
        ((0, 9), 1, 1, 0),
        ((0, 10), 2, 2, 1),
        ((0, 11), 3, 5, 4),
        ((1, 1, 1), 5, 7, 5),
        ((2, 6), 8, 11, 9),
        ((3, 4), 9, 13, 12),
        ((4, 4), 13, 18, 13),
        ((9, 9), 13, 18, 13),
    ],
)
def test_a_given_release_decides_the_versions(release, produce, fetch, metadata):
    versions = ApiVersions.for_broker_version(release)
    picked = [versions.pick(r) for r in (ProduceRequest, FetchRequest, MetadataRequest)]
    assert picked == [produce, fetch, metadata]
    assert versions.broker_version() == release


def test_a_release_before_the_first_is_refused():
    with pytest.raises(UnsupportedVersionError, match=r"0\.7 are not supported"):
        ApiVersions.for_broker_version((0, 7))


@pytest.mark.parametrize(
    ("broker", "limits", "expected"),
    [
        ((0, 5), {}, 5),
        ((0, 99), {}, 18),
        ((4, 18), {"max_version": 12}, 12),
        ((4, 18), {"min_version": 18}, 18),
        ((7, 7), {"min_version": 7, "max_version": 7}, 7),
    ],
)
def test_the_highest_version_both_speak_is_picked(broker, limits, expected):
    assert ApiVersions({1: broker}).pick(FetchRequest(), **limits) == expected


@pytest.mark.parametrize(
    ("broker", "limits"),
    [
        ((19, 25), {}),
        ((0, 5), {"min_version": 6}),
        ((13, 18), {"max_version": 12}),
        ((5, 4), {}),
    ],
)
def test_no_version_in_common_is_an_error(broker, limits):
    with pytest.raises(UnsupportedVersionError, match=f"speaks {broker[0]} to {broker[1]}"):
        ApiVersions({1: broker}).pick(FetchRequest, **limits)


def test_the_error_names_the_api_and_the_release_it_takes():
    with pytest.raises(UnsupportedVersionError) as caught:
        ApiVersions.for_broker_version((2, 6)).pick(ShareFetchRequest)
    assert str(caught.value) == (
        "[Error 35] UnsupportedVersionError: ShareFetch (API key 78): version 1 to 2 is needed, "
        "the broker (about 2.6) does not know it; it takes a broker of 4.1 or later"
    )


@pytest.mark.parametrize(("types", "release"), [([2], "4.1"), ([16], "3.7")])
def test_the_error_names_the_release_that_can_say_what_is_asked(types, release):
    request = ListConfigResourcesRequest(resource_types=types)
    with pytest.raises(UnsupportedVersionError, match=f"it takes a broker of {release} or later"):
        ApiVersions.for_broker_version((2, 8)).pick(request)


def test_supports_asks_both_sides():
    versions = ApiVersions({9: (1, 50)})
    assert [versions.supports(OffsetFetchRequest, v) for v in (0, 1, 10, 11)] == [
        False,
        True,
        True,
        False,
    ]
    assert not versions.supports(FetchRequest, 4)


def test_a_broker_describes_itself_and_the_cluster():
    response = ApiVersionsResponse(
        api_keys=[ApiVersionsResponse.ApiVersion(api_key=1, min_version=4, max_version=17)],
        supported_features=[
            ApiVersionsResponse.SupportedFeatureKey(name="f", min_version=0, max_version=3)
        ],
        finalized_features=[
            ApiVersionsResponse.FinalizedFeatureKey(
                name="f", min_version_level=1, max_version_level=2
            )
        ],
        finalized_features_epoch=9,
    )
    versions = ApiVersions.from_response(response)
    assert versions.range_of(1) == (4, 17)
    assert versions.range_of(2) is None
    assert versions.supported_features == {"f": (0, 3)}
    assert versions.finalized_features == {"f": 2}
    assert versions.finalized_features_epoch == 9
    assert repr(versions) == "<ApiVersions broker=3.9 apis=1>"


@pytest.mark.parametrize("feature", [OFFSETS_FOR_TIMES, READ_COMMITTED, ZSTD])
def test_required_feature_is_there_on_the_newest_and_named_on_the_oldest(feature):
    ApiVersions.for_broker_version((4, 4)).require(feature)
    with pytest.raises(UnsupportedVersionError) as caught:
        ApiVersions.for_broker_version((0, 8, 2)).require(feature)
    message = str(caught.value)
    assert feature.name in message
    assert "or later" in message
    assert "the broker is about 0.8.2" in message


def test_required_feature_names_the_release_that_brought_it():
    with pytest.raises(UnsupportedVersionError, match=r"needs a broker of 0\.10\.1 or later"):
        ApiVersions.for_broker_version((0, 10, 0)).require(OFFSETS_FOR_TIMES)


@pytest.mark.parametrize(
    ("release", "magic"),
    [((0, 8, 0), 0), ((0, 9), 0), ((0, 10, 0), 1), ((0, 10, 2), 1), ((0, 11), 2), ((4, 0), 2)],
)
def test_record_format_follows_the_release(release, magic):
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
def test_codec_takes_a_new_enough_broker(release, codec, works):
    versions = ApiVersions.for_broker_version(release)
    if works:
        versions.require_codec(codec)
        return
    with pytest.raises(UnsupportedVersionError, match="compression_type"):
        versions.require_codec(codec)


@pytest.mark.parametrize(
    ("release", "names_all"),
    [((0, 8, 0), False), ((0, 9), False), ((0, 10, 0), True), ((4, 4), True)],
)
def test_brokers_before_0_10_do_not_name_all_others(release, names_all):
    assert ApiVersions.for_broker_version(release).names_all_brokers is names_all


def test_listener_of_a_controller_is_told_from_a_broker():
    controller = ApiVersions({1: (0, 17), 18: (0, 4), 52: (0, 2), 58: (0, 0)})
    assert controller.is_controller
    with pytest.raises(UnsupportedVersionError, match="a KRaft controller's listener; use the"):
        controller.pick(MetadataRequest)
    assert not ApiVersions({3: (0, 12), 52: (0, 0)}).is_controller
    assert not ApiVersions.for_broker_version((0, 8, 0)).is_controller


def test_a_version_is_spoken_or_refused_with_the_nearest_one():
    versions = ApiVersions({3: (4, 13), 200: (1, 2)})
    versions.require_version(3, 4, "Metadata")
    for version, nearest in ((0, 4), (99, 13)):
        text = f"4 to 13 of this API, this package 0 to 13; the nearest to {version} is {nearest}"
        with pytest.raises(UnsupportedVersionError, match=text):
            versions.require_version(3, version, "Metadata")
    with pytest.raises(UnsupportedVersionError, match=r"X: .* 1 to 2 .* this package none"):
        versions.require_version(200, 3, "X")
    with pytest.raises(UnsupportedVersionError, match=r"X: .* does not know this API \(key 77\)"):
        versions.require_version(77, 0, "X")


def test_what_old_brokers_say_to_each_other_is_let_through():
    old = ApiVersions.for_broker_version((0, 8, 2))
    old.require_version(7, 0, "ControlledShutdown")
    with pytest.raises(UnsupportedVersionError, match="key 19"):
        old.require_version(19, 0, "CreateTopics")


@pytest.mark.parametrize(("produce", "is_newer"), [(13, False), (14, True)])
def test_a_broker_that_speaks_more_than_any_release_is_newer(produce, is_newer):
    assert ApiVersions({0: (3, produce)}).is_newer_than_known is is_newer
