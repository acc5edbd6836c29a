"""Every structure of the released kafka-python 2.0.2 and 2.3.3."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from kafka.protocol.types import Array, Schema
from test.support.released_structs import NEWEST, released

COMPAT = Path(__file__).parents[4] / "docs/compat.rst"

# Structures of which the release writes other bytes than Kafka reads, or that say another version
# than they have. Here they are as Kafka has them; docs/compat.rst lists them.
WIRE_BUGS = {
    "2.0.2": (
        "DescribeAclsRequest_v2 DescribeAclsResponse_v2 DescribeConfigsResponse_v1"
        " DescribeGroupsRequest_v3 DescribeGroupsResponse_v3 FetchRequest_v7 FetchRequest_v8"
        " FetchRequest_v9 FetchRequest_v10 FetchRequest_v11 GroupCoordinatorResponse_v1"
        " ListGroupsRequest_v2 OffsetRequest_v4 OffsetRequest_v5 ProduceResponse_v8"
        " ApiVersionRequest_v2"
    ),
    "2.3.3": (
        "DescribeAclsRequest_v2 DescribeAclsResponse_v2 DescribeLogDirsRequest_v0"
        " ElectLeadersRequest_v0 ElectLeadersResponse_v0 ListGroupsRequest_v2"
        " OffsetForLeaderEpochRequest_v4"
    ),
}
# What 2.3.3 names otherwise than 2.0.2 has its name, and answers to the other one, too.
OLD_NAMES = {"message_set": "records", "messages": "records"}


def is_wrong(struct):
    return struct.name in WIRE_BUGS[struct.release].split()


def right(release, module):
    """Return the structures of a module that write what Kafka reads."""
    return [s for s in released() if (s.release, s.module) == (release, module) and not is_wrong(s)]


MODULES = pytest.mark.parametrize(
    ("release", "module"), sorted({(struct.release, struct.module) for struct in released()})
)


def ours(struct):
    return getattr(import_module(struct.module), struct.name)


def names(kind):
    if isinstance(kind, Array):
        return [names(kind.array_of)]
    if isinstance(kind, Schema):
        return [(name, names(field)) for name, field in zip(kind.names, kind.fields, strict=True)]
    return None


def their_names(shape):
    if isinstance(shape, dict):
        return [their_names(next(iter(shape.values())))]
    if isinstance(shape, list):
        return [(OLD_NAMES.get(name, name), their_names(field)) for name, field in shape]
    return None


def renamed(plain):
    if isinstance(plain, list):
        return [renamed(item) for item in plain]
    if isinstance(plain, dict):
        return {OLD_NAMES.get(name, name): renamed(item) for name, item in plain.items()}
    return plain


def facts(cls, struct, sample):
    """Return what our class makes of a sample, and what the release does."""
    made = cls(*sample.values)
    ours = [made.encode(), cls.API_VERSION, names(cls.SCHEMA)]
    theirs = [sample.encoded, struct.api_version, their_names(struct.schema)]
    if struct.response:
        ours.append(cls.RESPONSE_TYPE.__name__)
        theirs.append(struct.response)
        if struct.flexible is not None:  # 2.0.2 has none that are
            ours.append(cls.FLEXIBLE_VERSION)
            theirs.append(struct.flexible)
    return ours, theirs


def samples(release, module):
    for struct in right(release, module):
        for sample in struct.samples:
            yield struct, ours(struct), sample


@MODULES
def test_structure_is_that_of_the_release(release, module):
    for struct, cls, sample in samples(release, module):
        assert (cls.__name__, cls.__module__) == (struct.name, struct.module)
        assert struct.api_key == cls.API_KEY
        mine, theirs = facts(cls, struct, sample)
        assert mine == theirs


@MODULES
def test_bytes_of_the_release_are_decoded_and_the_same_by_name(release, module):
    for _, cls, sample in samples(release, module):
        made = cls(*sample.values)
        assert cls.decode(sample.encoded) == made
        assert cls(**dict(zip(cls.SCHEMA.names, sample.values, strict=True))) == made


@MODULES
def test_structure_shows_itself_as_the_release_does(release, module):
    for _, cls, sample in samples(release, module):
        made = cls(*sample.values)
        if sample.as_dict is not None:  # to_object() of the releases fails for some
            assert made.to_object() == renamed(sample.as_dict)
        if sample.shown and "auth_bytes" not in sample.shown:  # they show secrets
            assert repr(made).replace("records=", "") == (
                sample.shown.replace("records=", "")
                .replace("message_set=", "")
                .replace("messages=", "")
            )


@pytest.mark.parametrize(
    "struct",
    [pytest.param(s, id=f"{s.release}-{s.name}") for s in released() if is_wrong(s)],
)
def test_wire_bug_of_the_release_is_still_one_and_is_documented(struct):
    cls = ours(struct)
    told = COMPAT.read_text(encoding="utf-8").partition("what no broker reads")[2]
    assert struct.name.rpartition("_v")[0] in told
    pairs = []
    for sample in struct.samples:
        try:
            pairs.append(facts(cls, struct, sample))
        except (ValueError, TypeError):  # our class has other fields
            return
    assert any(mine != theirs for mine, theirs in pairs)


def test_names_of_2_0_answer_as_well():
    from kafka.protocol.fetch import FetchResponse
    from kafka.protocol.produce import ProduceRequest

    partition = (0, 0, 5, b"records")
    response = FetchResponse[0].decode(FetchResponse[0]([("t", [partition])]).encode())
    element = response.topics[0].partitions[0]
    assert element.message_set == element.records == b"records"
    request = ProduceRequest[0].decode(ProduceRequest[0](1, 9, [("t", [(0, b"x")])]).encode())
    assert request.topics[0].partitions[0].messages == b"x"


def test_releases_have_the_structures_that_are_compared():
    releases = [struct.release for struct in released()]
    assert {release: releases.count(release) for release in WIRE_BUGS} == {
        "2.0.2": 180,
        NEWEST: 278,
    }
