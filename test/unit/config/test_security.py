"""Options of TLS and SASL: what is understood, what is refused, and what is never shown."""

from __future__ import annotations

import copy
import json
import os
import pickle
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kafka._base.secret import Secret
from kafka.config import ConsumerConfig, ProducerConfig, SecurityConfig
from kafka.config.base import ClientConfig
from kafka.errors import KafkaConfigurationError, KafkaError

PEM = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
PASSWORD = "s3cr3t-password"
LOGIN = {"sasl_plain_username": "u", "sasl_plain_password": PASSWORD}


class Provider:
    def token(self) -> str:
        return "t"


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_protocol_is_understood_in_any_case(protocol: str) -> None:
    sasl: dict[str, Any] = {}
    if protocol.startswith("SASL"):
        sasl = {"sasl_mechanism": "PLAIN", **LOGIN}
    for spelled in (protocol, protocol.lower()):
        config = SecurityConfig(security_protocol=spelled, **sasl)
        assert config.security_protocol == protocol
        assert config.uses_tls == protocol.endswith("SSL")
        assert config.uses_sasl == protocol.startswith("SASL")


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("plain", LOGIN),
        ("Scram-Sha-256", LOGIN),
        ("scram-sha-512", LOGIN),
        ("oauthbearer", {"sasl_oauth_token_provider": Provider()}),
    ],
)
def test_mechanism_is_understood_in_any_case(given: str, options: dict[str, Any]) -> None:
    config = SecurityConfig(security_protocol="SASL_SSL", sasl_mechanism=given, **options)
    assert config.sasl_mechanism == given.upper()


SASL = {"security_protocol": "SASL_SSL"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"security_protocol": "TLS"}, "security_protocol='TLS': must be one of PLAINTEXT, SSL"),
    ({"sasl_mechanism": "SCRAM-SHA-1"}, "sasl_mechanism='SCRAM-SHA-1': there is no such mechanism"),
    ({"sasl_mechanism": "GSSAPI"}, "GSSAPI is not part of this release; there are PLAIN"),
    ({"sasl_mechanism": "AWS_MSK_IAM"}, "AWS_MSK_IAM is not part of this release"),
    (SASL, "security_protocol=SASL_SSL needs sasl_mechanism: PLAIN, SCRAM-SHA-256"),
    ({**SASL, "sasl_mechanism": "PLAIN"}, "sasl_mechanism=PLAIN needs sasl_plain_username"),
    (
        {**SASL, "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "u"},
        "sasl_mechanism=SCRAM-SHA-512 needs sasl_plain_password",
    ),
    (
        {**SASL, "sasl_mechanism": "OAUTHBEARER"},
        "sasl_mechanism=OAUTHBEARER needs sasl_oauth_token_provider",
    ),
    ({"security_protocol": "SSL", "ssl_keyfile": "k"}, "ssl_keyfile needs ssl_certfile"),
    ({"ssl_min_version": "TLSv1.1"}, "ssl_min_version='TLSv1.1': must be one of TLSv1.2, TLSv1.3"),
    ({"ssl_cafile": ""}, "ssl_cafile='': must not be empty"),
    ({"ssl_cafile": []}, "must name a file at least"),
    ({"ssl_ciphers": ""}, "ssl_ciphers='': must not be empty"),
    ({"ssl_server_hostname": ""}, "ssl_server_hostname='': must not be empty"),
    ({"ssl_server_hostname": "."}, r"ssl_server_hostname='\.': must not be empty"),
    ({"ssl_server_hostname": "a\0b"}, "ssl_server_hostname=.*spaces or control characters"),
    ({"ssl_server_hostname": "a b"}, "ssl_server_hostname='a b': must not have spaces"),
    ({"ssl_server_hostname": "x" * 64}, "ssl_server_hostname='x+': is no name of a host"),
    ({"ssl_server_hostname": "a..b"}, r"ssl_server_hostname='a\.\.b': is no name of a host"),
    ({"ssl_server_hostname": "a.."}, r"ssl_server_hostname='a\.\.': is no name of a host"),
    ({"ssl_server_hostname": ".b"}, r"ssl_server_hostname='\.b': is no name of a host"),
    ({"ssl_server_hostname": "a." * 128}, "must not be longer than 253 characters"),
    ({"sasl_scram_max_iterations": 4095}, "must be between 4096 and 2147483647"),
    ({"sasl_login_refresh_window_factor": 0.4}, "must be between 0.5 and 1.0"),
    ({"sasl_login_refresh_window_jitter": 0.3}, "must be between 0.0 and 0.25"),
    ({"sasl_login_refresh_min_period_seconds": 901}, "must be between 0 and 900"),
    ({"sasl_login_refresh_buffer_seconds": -1}, "must be between 0 and 3600"),
    ({"sasl_kerberos_domain_name": "d"}, "GSSAPI is not part of this release"),
    ({"proxy_url": f"socks5h://u:{PASSWORD}@h"}, r"proxy_url=\*\*\*: connecting through a proxy"),
    ({"socks5_proxy": f"socks5://u:{PASSWORD}@h"}, r"socks5_proxy=\*\*\*: connecting"),
    ({"sasl_plain_pasword": PASSWORD}, "did you mean sasl_plain_password"),
    ({"sasl.password": PASSWORD}, "'sasl.password' is sasl_plain_password here"),
    ({"ssl_key": PEM}, "'ssl_key' is not an option"),
]


@pytest.mark.parametrize(("configs", "words"), REFUSED, ids=[words for _, words in REFUSED])
@pytest.mark.parametrize("kind", [ProducerConfig, ConsumerConfig])
@pytest.mark.filterwarnings("ignore:.*has no effect:UserWarning")
def test_options_that_cannot_work_are_refused_by_name(
    kind: type[ProducerConfig], configs: dict[str, Any], words: str
) -> None:
    with pytest.raises(KafkaConfigurationError, match=words) as caught:
        kind.from_kwargs(kind.sealed(configs))
    assert_unseen(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sasl_plain_username", 7, "must be a string, or a function"),
        ("sasl_plain_password", 7, "must be a string, or a function"),
        ("ssl_password", 7, "must be a string, bytes, or a function"),
        ("ssl_cafile", 7, "must be the path of a file, or PEM text"),
        ("ssl_keyfile", ["k"], "must be the path of a file, or PEM text"),
        ("ssl_check_hostname", "no", "ssl_check_hostname must be bool"),
        ("sasl_oauth_token_provider", "token", "must be an object with a method token"),
        ("sasl_scram_max_iterations", "4096", "sasl_scram_max_iterations must be int"),
        ("ssl_ciphers", [PEM], r"ssl_ciphers must be str \| None, not list \(\*\*\*\)"),
    ],
)
def test_value_of_another_type_is_a_type_error(name: str, value: object, words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        SecurityConfig.from_kwargs(SecurityConfig.sealed({name: value}))
    assert_unseen(caught.value)


def assert_unseen(error: BaseException) -> None:
    """Check that no secret can be seen in an error or in the frames that it leads to."""
    seen: BaseException | None = error
    while seen is not None:
        shown = traceback.TracebackException.from_exception(seen, capture_locals=True)
        inside = [frame for frame in shown.stack if f"{os.sep}kafka{os.sep}" in frame.filename]
        text = "".join([str(seen), *(str(frame.locals) for frame in inside)])
        assert PASSWORD not in text
        assert "c2VjcmV0" not in text
        seen = seen.__cause__ or seen.__context__


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ssl_cafile": "ca.pem"}, "ssl_cafile has no effect: security_protocol is PLAINTEXT"),
        (LOGIN, "sasl_plain_.* has no effect: security_protocol is PLAINTEXT"),
        (
            {"security_protocol": "SSL", "sasl_mechanism": "PLAIN"},
            "sasl_mechanism has no effect: security_protocol is SSL",
        ),
        (
            {"security_protocol": "SSL", "ssl_context": object(), "ssl_cafile": "ca.pem"},
            "ssl_cafile has no effect: ssl_context is given",
        ),
    ],
)
def test_option_that_is_not_used_is_warned_of(options: dict[str, Any], reason: str) -> None:
    with pytest.warns(UserWarning, match=reason):
        SecurityConfig(**options)


def test_name_to_verify_goes_with_a_given_context() -> None:
    config = SecurityConfig(
        security_protocol="SSL", ssl_context=object(), ssl_server_hostname="kafka"
    )
    assert config.ssl_server_hostname == "kafka"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("kafka.example.org", "kafka.example.org"),
        ("kafka.example.org.", "kafka.example.org"),
        ("x" * 63, "x" * 63),
        ("kafka_1", "kafka_1"),
        ("bücher.example", "bücher.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_name_to_verify_has_no_dot_at_its_end(given: str, kept: str) -> None:
    config = SecurityConfig(security_protocol="SSL", ssl_server_hostname=given)
    assert config.ssl_server_hostname == kept


def test_paths_are_kept_and_text_is_hidden() -> None:
    config = SecurityConfig(
        security_protocol="SSL",
        ssl_cafile=[Path("ca.pem"), "system", PEM],
        ssl_certfile="own.pem",
        ssl_keyfile=f"\n{PEM}",
    )
    assert config.ssl_cafile == ["ca.pem", "system", Secret(PEM)]
    assert config.ssl_certfile == "own.pem"
    assert config.ssl_keyfile == Secret(f"\n{PEM}")


# -- secrets ---------------------------------------------------------------------------------


@pytest.fixture
def secured() -> ProducerConfig:
    return ProducerConfig(
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        ssl_certfile="own.pem",
        ssl_keyfile=PEM,
        ssl_password=PASSWORD,
        **LOGIN,
    )


def test_configuration_shows_no_secret(secured: ProducerConfig) -> None:
    for config in (secured, secured.security, secured.network()):
        for shown in (repr(config), repr(config.as_dict()), repr(vars(config))):
            assert "sasl_plain_password" in shown
            assert "***" in shown
            assert PASSWORD not in shown
            assert "c2VjcmV0" not in shown


def test_dict_of_the_client_has_what_was_given_and_does_not_show_it(
    secured: ProducerConfig,
) -> None:
    config = secured.as_client_config()
    assert (config["sasl_plain_password"], config["ssl_keyfile"]) == (PASSWORD, PEM)
    assert config["sasl_plain_username"] == "u"
    assert json.dumps(config["ssl_password"]) == json.dumps(PASSWORD)
    for shown in (repr(config), str(config), repr(config.copy()), f"{config}"):
        assert "'sasl_plain_password': ***" in shown
        assert "'sasl_plain_username': 'u'" in shown
        assert PASSWORD not in shown
        assert "c2VjcmV0" not in shown


def test_dict_of_the_client_stays_masked_when_it_is_copied_and_joined() -> None:
    config = ClientConfig({"a": PASSWORD, "b": 1}, frozenset("a"))
    more = ClientConfig({"c": PASSWORD}, frozenset("c"))
    for twin in (copy.copy(config), copy.deepcopy(config), config.copy(), config | {}, {} | config):
        assert twin == config
        assert repr(twin) == "{'a': ***, 'b': 1}"
    assert repr(config | more) == "{'a': ***, 'b': 1, 'c': ***}"
    assert repr({"a": PASSWORD} | config) == "{'a': ***, 'b': 1}"
    assert (config | {"b": 2})["b"] == 2
    assert ({"b": 2} | config)["b"] == 1
    config |= {"b": 3}
    assert repr(config) == "{'a': ***, 'b': 3}"
    with pytest.raises(TypeError, match="unsupported operand"):
        config | [("b", 2)]  # type: ignore[operator]
    with pytest.raises(TypeError, match="unsupported operand"):
        [("b", 2)] | config  # type: ignore[operator]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_dict_of_the_client_is_not_pickled(protocol: int) -> None:
    config = ClientConfig({"a": PASSWORD, "b": 1}, frozenset("a"))
    with pytest.raises(TypeError, match=r"pickle dict\(client\.config\) without them"):
        pickle.dumps(config, protocol)
    assert pickle.loads(pickle.dumps(dict(config))) == config


def test_functions_are_hidden_too_because_they_may_hold_a_secret() -> None:
    config = SecurityConfig(
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        sasl_plain_username="u",
        sasl_plain_password=lambda: PASSWORD,
    )
    assert "sasl_plain_password=***" in repr(config)


@dataclass
class Application:
    client_id: str = "app"
    client_secret: str = PASSWORD

    def token(self) -> str:
        return "t"

    def name(self) -> str:
        return "u"


@dataclass
class NoProvider:
    client_secret: str = PASSWORD


@pytest.mark.parametrize("given", [PASSWORD, NoProvider(), partial(str, PASSWORD), [PASSWORD]])
def test_only_the_type_of_what_is_no_provider_is_told(given: object) -> None:
    words = f"sasl_oauth_token_provider=<{type(given).__name__}>: must be an object with a method"
    with pytest.raises(TypeError, match=words) as caught:
        SecurityConfig.from_kwargs(SecurityConfig.sealed({"sasl_oauth_token_provider": given}))
    assert_unseen(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Application()},
        {**LOGIN, "sasl_mechanism": "PLAIN", "sasl_plain_username": partial(str, PASSWORD)},
        {**LOGIN, "sasl_mechanism": "PLAIN", "sasl_plain_username": Application().name},
        {**LOGIN, "sasl_mechanism": "PLAIN", "sasl_plain_password": partial(str, PASSWORD)},
    ],
    ids=["provider", "partial", "method", "password"],
)
def test_what_objects_of_the_user_hold_is_not_shown(options: dict[str, Any]) -> None:
    config = ProducerConfig(security_protocol="SASL_SSL", **options)
    for seen in (repr(config), repr(config.security), repr(config.as_client_config())):
        assert PASSWORD not in seen


def test_arguments_are_sealed_unless_they_are_known_to_be_harmless() -> None:
    sealed = ProducerConfig.sealed(
        {
            "client_id": "c",
            "linger_ms": 5,
            "sasl_plain_password": PASSWORD,
            "unknown": PASSWORD,
            "ssl_cafile": ["a", PEM],
            "ssl_keyfile": "path",
            "ssl_password": None,
        }
    )
    assert {name for name, value in sealed.items() if isinstance(value, Secret)} == {
        "sasl_plain_password",
        "unknown",
        "ssl_cafile",
    }
    assert sealed["client_id"] == "c"


def test_sealed_arguments_make_the_same_configuration() -> None:
    given = {"api_version_auto_timeout_ms": 7.0, "proxy_url": None, "client_id": "c"}
    with pytest.warns(DeprecationWarning, match="bootstrap_timeout_ms"):
        config = ProducerConfig.from_kwargs(ProducerConfig.sealed(given))
    assert (config.bootstrap_timeout_ms, config.proxy_url, config.client_id) == (7.0, None, "c")


def test_error_class_is_one_of_kafka() -> None:
    with pytest.raises(KafkaError):
        SecurityConfig(security_protocol="NONSENSE")
