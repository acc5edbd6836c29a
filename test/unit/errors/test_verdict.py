"""Verdicts: every error has a default, and an API's table comes first."""

import pytest

from kafka import errors
from kafka.errors.verdict import Verdict, default_verdict, is_refusal, verdict_for

CLASSES = [item for item in vars(errors).values() if isinstance(item, type)]


def allowed(cls):
    """Return what the default verdict may be for the flags of an error."""
    if cls.invalid_metadata:
        return {Verdict.REFRESH_METADATA}
    if cls.retriable:
        return {Verdict.RETRY, Verdict.FIND_COORDINATOR}
    return set(Verdict) - {Verdict.RETRY, Verdict.REFRESH_METADATA}


def test_every_error_has_a_default_verdict_that_agrees_with_its_flags():
    verdicts = {cls: default_verdict(cls) for cls in CLASSES}
    wrong = {cls: found for cls, found in verdicts.items() if found not in allowed(cls)}
    assert wrong == {}


@pytest.mark.parametrize(
    ("cls", "verdict"),
    [
        (errors.NoError, Verdict.SUCCEED),
        (errors.NotCoordinatorError, Verdict.FIND_COORDINATOR),
        (errors.CoordinatorLoadInProgressError, Verdict.RETRY),
        (errors.NotLeaderForPartitionError, Verdict.REFRESH_METADATA),
        (errors.TransactionAbortableError, Verdict.ABORT),
        (errors.RebootstrapRequiredError, Verdict.REBOOTSTRAP),
        (errors.TopicAuthorizationFailedError, Verdict.FATAL),
        (errors.for_code(9999), Verdict.FATAL),
    ],
)
def test_defaults_follow_the_kind_of_error(cls, verdict):
    assert default_verdict(cls) is verdict


@pytest.mark.parametrize(
    "cls",
    [
        errors.TlsError,
        errors.TlsVerificationError,
        errors.SaslAuthenticationFailedError,
        errors.UnsupportedSaslMechanismError,
        errors.IllegalSaslStateError,
    ],
)
def test_what_brokers_prove_is_a_refusal(cls):
    assert is_refusal(cls("x"))
    assert default_verdict(cls) is Verdict.FATAL


@pytest.mark.parametrize(
    "error",
    [None, errors.KafkaConnectionError("x"), errors.TopicAuthorizationFailedError("x"), OSError()],
)
def test_what_may_pass_or_concerns_less_is_none(error):
    assert not is_refusal(error)


def test_a_table_overrules_the_default_for_its_own_class_only():
    table = {errors.UnsupportedVersionError: Verdict.SKIP}
    assert verdict_for(errors.UnsupportedVersionError, table) is Verdict.SKIP
    assert verdict_for(errors.IncompatibleBrokerVersion, table) is Verdict.FATAL
    assert verdict_for(errors.RequestTimedOutError, table) is Verdict.RETRY
