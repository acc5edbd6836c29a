"""Mechanisms under the names and the interface of kafka-python."""

from __future__ import annotations

from importlib import import_module

import pytest

import kafka.net.sasl
from kafka.errors import KafkaConfigurationError, SaslAuthenticationFailedError
from kafka.net.sasl import (
    SASL_MECHANISMS,
    SaslMechanismOAuth,
    SaslMechanismPlain,
    SaslMechanismScram,
    get_sasl_mechanism,
)
from kafka.net.sasl.abc import SaslMechanism
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.testing.broker.security.oauthbearer import BearerToken, OAuthBearerServer
from kafka.testing.broker.security.sasl import PlainServer, SaslServer, user
from kafka.testing.broker.security.scram import (
    Account,
    ScramCredential,
    ScramMechanism,
    ScramServer,
)

USER = {"sasl_plain_username": "alice", "sasl_plain_password": "wonder"}


class Provider(AbstractTokenProvider):
    def token(self) -> str:
        return "opaque"


def scram_server(mechanism: ScramMechanism) -> ScramServer:
    credential = ScramCredential.from_password(mechanism, "wonder", salt=b"salt")
    account = Account(user("alice"), credential)
    return ScramServer(mechanism, lambda name, _: account, nonce="broker")


def run(mechanism: SaslMechanism, server: SaslServer) -> bool:
    """Do what a connection of kafka-python does; return whether the broker believes."""
    outcome = None
    while not mechanism.is_done():
        step = server.step(mechanism.auth_bytes(), 0)
        outcome = step.outcome
        mechanism.receive(step.challenge)
    assert mechanism.is_authenticated()
    return outcome is not None


def test_plain_is_conducted_by_its_methods() -> None:
    mechanism = SaslMechanismPlain(**USER)
    with pytest.raises(RuntimeError):
        mechanism.auth_details()
    assert run(mechanism, PlainServer({"alice": "wonder"}.get))
    assert mechanism.auth_details() == "Authenticated via SASL / PLAIN"


@pytest.mark.parametrize("mechanism", ScramMechanism)
def test_scram_is_conducted_by_its_methods(mechanism: ScramMechanism) -> None:
    made = SaslMechanismScram(sasl_mechanism=mechanism.sasl_name, **USER)
    assert run(made, scram_server(mechanism))


def test_scram_raises_what_it_does_not_believe() -> None:
    made = SaslMechanismScram(sasl_mechanism="SCRAM-SHA-256", **USER)
    made.auth_bytes()
    with pytest.raises(SaslAuthenticationFailedError):
        made.receive(b"lie")


def test_oauth_is_conducted_by_its_methods() -> None:
    mechanism = SaslMechanismOAuth(sasl_oauth_token_provider=Provider(unused=1))
    server = OAuthBearerServer(lambda token, now_ms, extensions: BearerToken("alice"))
    assert run(mechanism, server)


class Wrong:
    def token(self) -> bytes:
        return b"secret"


class WrongExtensions(Provider):
    def extensions(self) -> list[str]:  # type: ignore[override] # that is what is wrong
        return []


@pytest.mark.parametrize(
    ("klass", "options", "problem"),
    [
        (SaslMechanismPlain, {}, "sasl_plain_username must be given"),
        (SaslMechanismPlain, {"sasl_plain_username": "a"}, "sasl_plain_password must be given"),
        (SaslMechanismScram, {"sasl_mechanism": "PLAIN", **USER}, "SCRAM-SHA-256, SCRAM-SHA-512"),
        (SaslMechanismOAuth, {}, "sasl_oauth_token_provider"),
        (SaslMechanismOAuth, {"sasl_oauth_token_provider": Wrong()}, "returned bytes"),
        (SaslMechanismOAuth, {"sasl_oauth_token_provider": WrongExtensions()}, "returned list"),
    ],
)
def test_option_that_is_missing_or_wrong_is_named(
    klass: type[SaslMechanism], options: dict[str, object], problem: str
) -> None:
    with pytest.raises(KafkaConfigurationError, match=problem):
        klass(**options)


def test_provider_has_no_extensions_by_default() -> None:
    assert Provider().extensions() == {}


@pytest.mark.parametrize("name", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])
def test_built_in_mechanisms_are_known(name: str) -> None:
    assert get_sasl_mechanism(name) is SASL_MECHANISMS[name]


def test_unknown_mechanism_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        get_sasl_mechanism("NONE")


@pytest.mark.parametrize(
    ("module", "name", "home"),
    [
        ("kafka.oauth", "AbstractTokenProvider", "kafka.net.sasl.oauth"),
        ("kafka.oauth.abstract", "AbstractTokenProvider", "kafka.net.sasl.oauth"),
        ("kafka.sasl.oauth", "AbstractTokenProvider", "kafka.net.sasl.oauth"),
        ("kafka.sasl.oauth", "SaslMechanismOAuth", "kafka.net.sasl.mechanisms"),
        ("kafka.sasl.plain", "SaslMechanismPlain", "kafka.net.sasl.mechanisms"),
        ("kafka.sasl.scram", "SaslMechanismScram", "kafka.net.sasl.mechanisms"),
        ("kafka.net.sasl.plain", "SaslMechanismPlain", "kafka.net.sasl.mechanisms"),
        ("kafka.net.sasl.scram", "SaslMechanismScram", "kafka.net.sasl.mechanisms"),
        ("kafka.net.sasl.oauth", "SaslMechanismOAuth", "kafka.net.sasl.mechanisms"),
        ("kafka.sasl.abc", "SaslMechanism", "kafka.net.sasl.abc"),
        ("kafka.sasl", "register_sasl_mechanism", "kafka.net.sasl.registry"),
        ("kafka.sasl", "get_sasl_mechanism", "kafka.net.sasl.registry"),
        ("kafka.sasl", "SASL_MECHANISMS", "kafka.net.sasl.registry"),
        ("kafka.net.sasl", "SaslMechanismPlain", "kafka.net.sasl.mechanisms"),
    ],
)
def test_name_is_found_where_kafka_python_had_it(module: str, name: str, home: str) -> None:
    assert getattr(import_module(module), name) is getattr(import_module(home), name)


@pytest.mark.parametrize(
    "name", ["SaslMechanismGSSAPI", "SaslMechanismSSPI", "SaslMechanismAwsMskIam"]
)
def test_mechanism_that_is_not_there_says_so(name: str) -> None:
    with pytest.raises(ImportError, match="does not have the mechanism"):
        getattr(kafka.net.sasl, name)


def test_names_are_listed() -> None:
    assert {"SASL_MECHANISMS", "register_sasl_mechanism", "abc", "oauth"} <= set(
        dir(kafka.net.sasl)
    )
