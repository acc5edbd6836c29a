"""All versions of a structure under kafka-python's name."""

from __future__ import annotations

import re

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.admin import DescribeClusterRequest
from kafka.protocol.messages.metadata import MetadataRequest as Message
from kafka.protocol.metadata import MetadataRequest, MetadataRequest_v1, MetadataResponse


def test_family_is_the_list_of_the_versions_of_2_x():
    assert len(MetadataRequest) == 9
    assert [cls.API_VERSION for cls in MetadataRequest] == list(range(9))
    assert MetadataRequest[-1].API_VERSION == 8
    assert [cls.API_VERSION for cls in MetadataRequest[2:4]] == [2, 3]
    assert MetadataRequest[1] is MetadataRequest_v1
    assert MetadataRequest_v1 in MetadataRequest


def test_later_versions_have_their_index():
    assert MetadataRequest[13].__name__ == "MetadataRequest_v13"
    assert MetadataRequest[13].RESPONSE_TYPE.__name__ == "MetadataResponse_v13"


def test_api_that_2_x_did_not_have_has_all_its_versions():
    assert [cls.API_VERSION for cls in DescribeClusterRequest] == [0, 1, 2]


@pytest.mark.parametrize("version", [99, -10])
def test_version_that_there_is_not_says_which_there_are(version):
    with pytest.raises(
        IndexError, match=rf"Metadata has versions 0 to 13 here, 2\.x had 0 to 8; .* no {version}"
    ) as caught:
        MetadataRequest[version]
    assert isinstance(caught.value, UnsupportedVersionError)
    with pytest.raises(IndexError, match=r"DescribeCluster has .* 0 to 2 here, 2\.x had none"):
        DescribeClusterRequest[3]


@pytest.mark.parametrize("version", ["1", 1.0, None])
def test_what_is_no_version_is_refused_with_an_example(version):
    said = f"MetadataRequest[...] takes a version, such as MetadataRequest[13], not {version!r}"
    with pytest.raises(TypeError, match=re.escape(said)):
        MetadataRequest[version]


def test_call_makes_a_message_whose_version_is_picked_when_it_is_sent():
    topic = MetadataRequest.MetadataRequestTopic(name="t")
    assert MetadataRequest(topics=[topic]) == Message(topics=[topic])
    assert MetadataRequest.API_KEY == 3
    assert MetadataRequest(version=1, topics=[topic]) == MetadataRequest[1](["t"])


def test_any_version_is_an_instance():
    assert isinstance(MetadataRequest[1](["t"]), MetadataRequest)
    assert isinstance(MetadataRequest(), MetadataRequest)
    assert not isinstance(MetadataResponse[0]([], []), MetadataRequest)


def test_family_shows_its_name_and_versions():
    assert repr(MetadataRequest) == "<MetadataRequest, versions 0-13>"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        MetadataRequest.nothing  # noqa: B018 - looking is what is tested
