"""What a template writes and reads is what the codec writes and reads."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kafka.errors import UnsupportedVersionError
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.headers import encode_request, encode_response
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.primitives import ZERO_UUID
from kafka.protocol.produce_template import ProduceAck, ProduceSettings, ProduceTemplate

if TYPE_CHECKING:
    from collections.abc import Sequence

TOPIC = "orders.of-2024"
TOPIC_ID = UUID(int=0x0123456789ABCDEF_FEDCBA9876543210)
PARTITION = 300
ALL = range(ProduceRequest.VERSIONS.min, ProduceRequest.VERSIONS.max + 1)
SETTINGS = ProduceSettings("client <records>", acks=-1, timeout_ms=30_000)
# Lengths around where their varints grow and where pieces are not joined any more.
SIZES = [0, 1, 61, 126, 127, 128, 1023, 1024, 16_382, 16_383, 65_400, 65_536, 200_000]


def template(
    version: int, settings: ProduceSettings = SETTINGS, topic_id: UUID = TOPIC_ID
) -> ProduceTemplate:
    return ProduceTemplate(
        ApiVersions({ProduceRequest.API_KEY: (0, version)}),
        settings,
        topic=TOPIC,
        topic_id=topic_id,
        partition=PARTITION,
    )


def whole_request(
    settings: ProduceSettings, version: int, records: Sequence[bytes], name: str = TOPIC
) -> bytes:
    data = ProduceRequest.PartitionProduceData(index=PARTITION, records=records)
    topic = ProduceRequest.TopicProduceData(name=name, topic_id=TOPIC_ID, partition_data=[data])
    request = ProduceRequest(
        transactional_id=settings.transactional_id,
        acks=settings.acks,
        timeout_ms=settings.timeout_ms,
        topic_data=[topic],
    )
    return b"".join(
        encode_request(request, version, correlation_id=2**31 - 2, client_id=settings.client_id)
    )


def answer(
    version: int,
    *,
    correlation_id: int = 77,
    throttle_time_ms: int = 0,
    count: int = 1,
    **values: object,
) -> bytes:
    """Return the frame of an answer for the partition, with *values* in it."""
    fields: dict[str, object] = {"index": PARTITION, "base_offset": 2**40 + 5, **values}
    made = ProduceResponse.PartitionProduceResponse(**fields)  # type: ignore[arg-type]
    topic = ProduceResponse.TopicProduceResponse(
        name=TOPIC, topic_id=TOPIC_ID, partition_responses=[made] * count
    )
    response = ProduceResponse(responses=[topic], throttle_time_ms=throttle_time_ms)
    return b"".join(encode_response(response, version, correlation_id=correlation_id))[4:]


@pytest.mark.parametrize("version", ALL)
def test_a_request_is_what_the_codec_makes_of_it(version: int) -> None:
    for size in SIZES:
        records = [b"h" * min(size, 61), b"r" * max(size - 61, 0)]
        pieces = template(version).request(2**31 - 2, records)
        assert b"".join(pieces) == whole_request(SETTINGS, version, records), size


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("acks", [0, 1, -1])
@pytest.mark.parametrize("client_id", [None, "", "na\u00efve \u5ba2\u6237", "x" * 300])
def test_a_request_is_the_same_whoever_sends_it(
    version: int, acks: int, client_id: str | None
) -> None:
    settings = ProduceSettings(client_id, acks=acks, timeout_ms=2**31 - 1)
    pieces = template(version, settings).request(2**31 - 2, [b"batch"])
    assert b"".join(pieces) == whole_request(settings, version, [b"batch"])


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("length", [1, 126, 127, 249])
def test_a_request_is_the_same_however_long_the_name_of_the_topic(
    version: int, length: int
) -> None:
    name = "t" * length
    made = ProduceTemplate(
        ApiVersions({ProduceRequest.API_KEY: (0, version)}),
        SETTINGS,
        topic=name,
        topic_id=TOPIC_ID,
        partition=PARTITION,
    )
    pieces = made.request(2**31 - 2, [b"batch"])
    assert b"".join(pieces) == whole_request(SETTINGS, version, [b"batch"], name)


@pytest.mark.parametrize("version", [3, 8, 9, 13])
def test_a_request_says_who_sends_it_and_in_which_transactions(version: int) -> None:
    settings = ProduceSettings(None, acks=1, timeout_ms=5, transactional_id="bank-1")
    pieces = template(version, settings).request(2**31 - 2, [b"batch"])
    assert b"".join(pieces) == whole_request(settings, version, [b"batch"])


def test_large_records_are_not_copied() -> None:
    payload = bytes(100_000)
    pieces = template(13).request(1, [b"header", payload])
    assert any(piece is payload for piece in pieces)


@pytest.mark.parametrize("version", ALL)
def test_an_answer_without_error_is_read(version: int) -> None:
    since_2 = 1234 if version >= 2 else -1
    frame = answer(version, log_append_time_ms=since_2, log_start_offset=9 if version >= 5 else -1)
    assert template(version).read_ack(frame) == ProduceAck(2**40 + 5, since_2)


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(
    "values",
    [{"error_code": 6}, {"error_code": -1}, {"index": 301}, {"count": 2}, {"count": 0}],
    ids=str,
)
def test_any_other_answer_is_left_to_the_codec(version: int, values: dict[str, int]) -> None:
    assert template(version).read_ack(answer(version, **values)) is None


@pytest.mark.parametrize("version", ALL[1:])
def test_an_answer_that_asks_for_a_pause_is_left_to_the_codec(version: int) -> None:
    assert template(version).read_ack(answer(version, throttle_time_ms=1)) is None


@pytest.mark.parametrize("version", ALL[10:])
def test_an_answer_that_names_the_leader_is_left_to_the_codec(version: int) -> None:
    leader = ProduceResponse.LeaderIdAndEpoch(leader_id=2, leader_epoch=7)
    assert template(version).read_ack(answer(version, current_leader=leader)) is None


@pytest.mark.parametrize("version", ALL)
def test_an_answer_cut_short_or_with_more_behind_it_is_left_to_the_codec(version: int) -> None:
    frame = answer(version)
    made = template(version)
    assert not any(made.read_ack(frame[:end]) for end in range(len(frame)))
    assert made.read_ack(frame + b"\0") is None


def test_an_answer_in_a_buffer_of_its_own_is_left_to_the_codec() -> None:
    assert template(13).read_ack(memoryview(answer(13))) is None


def test_a_topic_without_an_id_is_named() -> None:
    assert template(13, topic_id=ZERO_UUID).version == 12


def test_a_broker_that_has_no_version_in_common_is_refused() -> None:
    with pytest.raises(UnsupportedVersionError, match="Produce"):
        ProduceTemplate(
            ApiVersions({ProduceRequest.API_KEY: (90, 99)}),
            SETTINGS,
            topic=TOPIC,
            topic_id=TOPIC_ID,
            partition=0,
        )
