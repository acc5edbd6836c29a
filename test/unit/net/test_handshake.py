"""The first words on a connection, with brokers old and new."""

from __future__ import annotations

import pytest

from kafka._base.transitions import IllegalTransitionError
from kafka.errors import CorrelationIdError, KafkaConnectionError, KafkaProtocolError
from kafka.net.handshake import (
    HANDSHAKE_TRANSITIONS,
    Action,
    Done,
    Fail,
    Handshake,
    HandshakeState,
    Send,
)
from kafka.protocol.headers import encode_response
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import Message

NEWEST = ApiVersionsRequest.VERSIONS.max
HUNG_UP = KafkaConnectionError("closed")


def frame(response: Message, version: int) -> bytes:
    return b"".join(encode_response(response, version, correlation_id=0))[4:]


def versions(high: int = 4, error: int = 0) -> ApiVersionsResponse:
    keys = [ApiVersionsResponse.ApiVersion(api_key=18, min_version=0, max_version=high)]
    return ApiVersionsResponse(error_code=error, api_keys=keys)


def started() -> Handshake:
    handshake = Handshake(software_version="1")
    handshake.start()
    return handshake


def name(action: Action) -> str:
    assert isinstance(action, Send)
    return f"{action.request.NAME} {action.version}{' again' if action.reconnect else ''}"


def test_highest_version_goes_first() -> None:
    assert name(Handshake(software_version="1").start()) == f"ApiVersions {NEWEST}"


def test_client_gives_its_name() -> None:
    action = Handshake(software_version="3.1").start()
    assert isinstance(action, Send)
    assert isinstance(action.request, ApiVersionsRequest)
    assert action.request.client_software_name == "kafka-python"
    assert action.request.client_software_version == "3.1"


def test_answer_ends_the_handshake() -> None:
    action = started().on_response(frame(versions(), NEWEST))
    assert isinstance(action, Done)
    assert action.versions.supports(ApiVersionsRequest, 4)


def test_version_given_by_the_user_needs_no_question() -> None:
    action = Handshake(software_version="1", broker_version=(0, 9)).start()
    assert isinstance(action, Done)
    assert action.versions.broker_version() == (0, 9)


def test_refused_version_is_replaced_by_the_one_the_broker_names() -> None:
    assert name(started().on_response(frame(versions(2, error=35), 0))) == "ApiVersions 2"


@pytest.mark.parametrize(
    "body",
    [
        frame(ApiVersionsResponse(error_code=35), 0),
        b"\0\0\0\0\0\x23",
        b"\0\0\0\0\0\x23\x7f\xff\xff\xff",
        frame(versions(NEWEST, error=35), 0),
    ],
    ids=["no list", "cut off", "absurd count", "names the version it refused"],
)
def test_refusal_without_a_usable_range_falls_back_to_version_0(body: bytes) -> None:
    assert name(started().on_response(body)) == "ApiVersions 0"


def test_refusal_of_version_0_is_the_end() -> None:
    handshake = started()
    handshake.on_response(frame(ApiVersionsResponse(error_code=35), 0))
    action = handshake.on_response(frame(ApiVersionsResponse(error_code=35), 0))
    assert isinstance(action, Fail)


@pytest.mark.parametrize("garbage", [b"", b"\0\0", b"\0\0\0\0\0\0\x7f", b"\xff" * 40])
def test_garbage_is_a_protocol_error(garbage: bytes) -> None:
    action = started().on_response(garbage)
    assert isinstance(action, Fail)
    assert isinstance(action.error, KafkaProtocolError)


def test_broker_that_hangs_up_is_asked_for_metadata_on_a_new_connection() -> None:
    assert name(started().on_disconnect(HUNG_UP)) == "Metadata 0 again"


def test_broker_that_hangs_up_on_everything_is_given_up() -> None:
    handshake = started()
    handshake.on_disconnect(HUNG_UP)
    action = handshake.on_disconnect(HUNG_UP)
    assert action == Fail(HUNG_UP)


ANSWERED = b"\0\0\0\0"
PROBES = ["OffsetFetch 0", "FindCoordinator 0", "ListGroups 0", "ApiVersions 0"]


def after(answers: int) -> tuple[Handshake, Action]:
    """Return a handshake whose peer hung up once, then gave so many answers, and what follows."""
    handshake = started()
    handshake.on_disconnect(HUNG_UP)
    action = handshake.on_response(frame(MetadataResponse(), 0))
    for number in range(answers):
        assert name(action) == PROBES[number]
        action = handshake.on_response(ANSWERED)
    assert name(action) == PROBES[answers]
    return handshake, action


def test_broker_that_only_restarted_is_recognised() -> None:
    handshake, _ = after(3)
    action = handshake.on_response(frame(versions(), 0))
    assert isinstance(action, Done)
    assert action.versions.supports(ApiVersionsRequest, 4)
    assert handshake.proved is None


@pytest.mark.parametrize(("answers", "release"), [(1, (0, 8, 1)), (2, (0, 8, 2)), (3, (0, 9))])
def test_old_broker_is_known_by_the_first_request_that_it_does_not_know(
    answers: int, release: tuple[int, ...]
) -> None:
    handshake, _ = after(answers)
    action = handshake.on_disconnect(HUNG_UP)
    assert isinstance(action, Done)
    assert action.reconnect
    assert handshake.proved == release
    assert action.versions.broker_version() == release


def test_oldest_broker_knows_what_kafka_4_has_forgotten() -> None:
    handshake, _ = after(0)
    assert name(handshake.on_disconnect(HUNG_UP)) == "ListOffsets 0 again"
    action = handshake.on_response(ANSWERED)
    assert isinstance(action, Done)
    assert not action.reconnect
    assert handshake.proved == (0, 8, 0)


def test_kafka_4_that_restarted_is_not_taken_for_the_oldest_broker() -> None:
    handshake, _ = after(0)
    handshake.on_disconnect(HUNG_UP)
    assert name(handshake.on_disconnect(HUNG_UP)) == "ApiVersions 0 again"
    action = handshake.on_response(frame(versions(), 0))
    assert isinstance(action, Done)
    assert handshake.proved is None


def test_broker_that_hangs_up_on_the_last_question_too_is_given_up() -> None:
    handshake, _ = after(0)
    handshake.on_disconnect(HUNG_UP)
    handshake.on_disconnect(HUNG_UP)
    assert handshake.on_disconnect(HUNG_UP) == Fail(HUNG_UP)


def test_silent_broker_gets_a_request_it_may_know() -> None:
    action = started().on_silence()
    assert action is not None
    assert isinstance(action.request, MetadataRequest)


def test_broker_that_answers_only_the_second_request_skips_what_it_does_not_know() -> None:
    handshake = started()
    handshake.on_silence()
    action = handshake.on_disconnect(CorrelationIdError("expected 0"))
    assert isinstance(action, Done)
    assert handshake.proved == (0, 9)
    assert action.reconnect


def test_slow_broker_is_not_taken_for_an_old_one() -> None:
    handshake = started()
    handshake.on_silence()
    action = handshake.on_response(frame(versions(), NEWEST))
    assert isinstance(action, Done)
    assert handshake.proved is None


def test_silence_later_on_is_only_waited_for() -> None:
    handshake = started()
    handshake.on_silence()
    assert handshake.on_silence() is None


def test_wrong_correlation_id_on_the_first_answer_is_an_error() -> None:
    error = CorrelationIdError("expected 0")
    assert started().on_disconnect(error) == Fail(error)


@pytest.mark.parametrize("old", HandshakeState)
def test_every_move_is_in_the_table_or_refused(old: HandshakeState) -> None:
    for new in HandshakeState:
        if HANDSHAKE_TRANSITIONS.allows(old, new):
            assert HANDSHAKE_TRANSITIONS.step(old, new) is new
        else:
            with pytest.raises(IllegalTransitionError):
                HANDSHAKE_TRANSITIONS.step(old, new)
