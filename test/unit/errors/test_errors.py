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


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_every_code_of_kafka_has_a_class_at_least_as_retriable_as_in_java(row):
    error = for_code(row["code"])
    assert error.errno == row["code"]
    assert error.description
    if "RetriableException" in row["exception"]:
        assert issubclass(error, RetriableError)
    if "InvalidMetadataException" in row["exception"]:
        assert issubclass(error, InvalidMetadataError)
    if "AuthorizationException" in row["exception"]:
        assert issubclass(error, errors.AuthorizationError)


def test_kafka_errors_holds_exactly_the_codes_of_kafka():
    assert sorted(kafka_errors) == sorted(row["code"] for row in TABLE)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_pickle_copy_and_hash(cls):
    error = cls("detail", 7)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert twin.args == error.args
        assert str(twin) == str(error)
    assert {error: 1}[error] == 1
    assert error != cls("detail", 7)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_flags_agree_with_the_ancestry(cls):
    assert issubclass(cls, KafkaError)
    assert issubclass(cls, RuntimeError)
    assert cls.retriable is issubclass(cls, RetriableError)
    assert cls.invalid_metadata is issubclass(cls, InvalidMetadataError)


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
        ("InvalidReceiveError", "KafkaProtocolError"),
        ("StaleMetadata", "InvalidMetadataError"),
    ],
)
def test_client_errors_stand_where_users_catch_them(child, parent):
    assert issubclass(getattr(errors, child), getattr(errors, parent))
