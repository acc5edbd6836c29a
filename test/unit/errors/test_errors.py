"""The error tree: every code has a class, every class behaves as a value."""

import copy
import json
import pickle
from pathlib import Path

import pytest

from kafka import errors
from kafka.errors import (
    BrokerResponseError,
    InvalidMetadataError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    for_code,
    kafka_errors,
)

TABLE = json.loads(Path("tools/generate_protocol/errors.json").read_text())
CLASSES = sorted(
    {item for item in vars(errors).values() if isinstance(item, type)}, key=lambda c: c.__name__
)


def test_every_code_of_kafka_has_a_class_with_a_description():
    codes = [row["code"] for row in TABLE]
    assert [for_code(code).errno for code in codes] == codes
    assert [code for code in codes if not for_code(code).description] == []


@pytest.mark.parametrize(
    ("exception", "parent"),
    [
        ("RetriableException", RetriableError),
        ("InvalidMetadataException", InvalidMetadataError),
        ("AuthorizationException", errors.AuthorizationError),
    ],
)
def test_what_may_be_done_about_an_error_in_java_may_be_done_here(exception, parent):
    classes = [for_code(row["code"]) for row in TABLE if exception in row["exception"]]
    assert classes
    assert [cls for cls in classes if not issubclass(cls, parent)] == []


def test_kafka_errors_holds_exactly_the_codes_of_kafka():
    assert sorted(kafka_errors) == sorted(row["code"] for row in TABLE)


def pickled(error):
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("make_twin", [pickled, copy.copy, copy.deepcopy])
def test_every_error_pickles_and_copies(make_twin):
    for cls in CLASSES:
        error = cls("detail", 7)
        twin = make_twin(error)
        assert (type(twin), twin.args, str(twin)) == (cls, error.args, str(error))


def test_every_error_is_equal_to_itself_alone():
    for cls in CLASSES:
        error = cls("detail", 7)
        assert {error: 1}[error] == 1
        assert error != cls("detail", 7)


@pytest.mark.parametrize("parent", [KafkaError, RuntimeError])
def test_every_error_is_caught_as(parent):
    assert [cls for cls in CLASSES if not issubclass(cls, parent)] == []


@pytest.mark.parametrize(
    ("flag", "parent"),
    [("retriable", RetriableError), ("invalid_metadata", InvalidMetadataError)],
)
def test_flags_agree_with_the_ancestry(flag, parent):
    # A TLS error is a connection error to who catches it, but trying again is of no use.
    final = (errors.TlsError, errors.TlsVerificationError)
    flags = {cls: getattr(cls, flag) for cls in CLASSES}
    assert flags == {cls: issubclass(cls, parent) and cls not in final for cls in CLASSES}


def test_an_unknown_code_keeps_its_number_through_pickling():
    error = for_code(9999)("later broker")
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), twin.errno) == (for_code(9999), 9999)
    assert str(twin) == "[Error 9999] UnrecognizedBrokerError: later broker"
    assert issubclass(for_code(9999), errors.UnrecognizedBrokerError)


def test_broker_errors_explain_themselves_without_a_detail():
    assert str(errors.NotControllerError()) == (
        "[Error 41] NotControllerError: This broker is not the controller."
    )
    assert str(BrokerResponseError()) == "BrokerResponseError"


def test_client_errors_name_their_class():
    assert str(KafkaTimeoutError("5 s")) == "KafkaTimeoutError: 5 s"
    assert str(KafkaTimeoutError()) == "KafkaTimeoutError"


def test_errors_with_a_standing_explanation_give_it_when_nothing_else_is_said():
    assert "max_poll_interval_ms" in str(errors.CommitFailedError())
    assert str(errors.CommitFailedError("why")) == "CommitFailedError: why"
    assert "aborted" in str(errors.TransactionAbortedError())
    assert str(errors.TransactionAbortedError("why")) == "TransactionAbortedError: why"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AuthenticationFailedError", "SaslAuthenticationFailedError"),
        ("CorruptRecordException", "CorruptRecordError"),
        ("GroupCoordinatorNotAvailableError", "CoordinatorNotAvailableError"),
        ("GroupLoadInProgressError", "CoordinatorLoadInProgressError"),
        ("InvalidMessageError", "CorruptRecordError"),
        ("NotCoordinatorForGroupError", "NotCoordinatorError"),
        ("NotLeaderOrFollowerError", "NotLeaderForPartitionError"),
        ("StaleLeaderEpochCodeError", "NetworkExceptionError"),
        ("UnknownServerError", "UnknownError"),
    ],
)
def test_older_names_mean_the_same_classes(old, new):
    assert getattr(errors, old) is getattr(errors, new)


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("NoBrokersAvailable", "KafkaTimeoutError"),
        ("IncompatibleBrokerVersion", "UnsupportedVersionError"),
        ("CorrelationIdError", "KafkaProtocolError"),
        ("CorruptBatchError", "CorruptRecordError"),
        ("InvalidReceiveError", "KafkaProtocolError"),
        ("StaleMetadata", "InvalidMetadataError"),
    ],
)
def test_client_errors_stand_where_users_catch_them(child, parent):
    assert issubclass(getattr(errors, child), getattr(errors, parent))


def test_error_about_no_partition_has_neither_topic_nor_partition():
    error = errors.RecordDeserializationError("made by hand")
    assert (error.topic, error.partition, error.next_offset) == ("", -1, 0)
