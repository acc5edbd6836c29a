"""Real Apache Kafka with TLS and SASL.

Job: the settings and files of a broker that has a listener for each way of `test.support.pki`, and
of one of any version that has the two SASL ways.
Limits: the brokers themselves talk PLAINTEXT.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from test.support.apache_kafka.cluster import KafkaCluster
from test.support.apache_kafka.jars import NEWEST, version_tuple
from test.support.pki import LISTENERS, PASSWORD, USER, Pki, Plan
from test.support.signed_tokens import AUDIENCE, ISSUER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_STORE_PASSWORD: Final = "store-password"
#: Key stores in PEM came with 2.7 (KIP-651), but 2.x wants their keys to be encrypted.
_PEM_SINCE: Final = (3, 0)
#: Listeners have JAAS settings of their own since KIP-226; before it there is one file for all.
_JAAS_BY_LISTENER_SINCE: Final = (1, 1)
_BEARER_SINCE: Final = (2, 0)
_SECURITY: Final = "org.apache.kafka.common.security"
_PLAIN: Final = f'{_SECURITY}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
_SCRAM: Final = f"{_SECURITY}.scram.ScramLoginModule required;"
_BEARER: Final = f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule required;"
_VALIDATOR: Final = f"{_SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler"
_LOGINS: Final = {"PLAIN": _PLAIN, "OAUTHBEARER": _BEARER}


class SecuredKafka:
    """A broker, and the certificates of its listeners.

    Args:
        version: release of Apache Kafka.
        listeners: those of `LISTENERS` that it has besides PLAINTEXT; all by default.
        properties: further settings.
        jvm_options: further options of the broker's JVM.
    """

    def __init__(
        self,
        version: str = NEWEST,
        *listeners: str,
        properties: Mapping[str, str] | None = None,
        jvm_options: Sequence[str] = (),
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kafka-secured-")
        home = Path(self._directory.name)
        self.pki = Pki(home)
        self._key_set = home / "jwks.json"
        self._version = version_tuple(version)
        plans = {name: LISTENERS[name] for name in ("PLAINTEXT", *(listeners or LISTENERS))}
        self.cluster = KafkaCluster(
            version,
            listeners={name: plan.protocol for name, plan in plans.items()},
            properties={**self._properties(plans), **(properties or {})},
            jvm_options=[*self._jvm_options(), *jvm_options],
            scram_users={USER: PASSWORD},
        )

    def __enter__(self) -> Self:
        self.cluster.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cluster.__exit__(kind, error, traceback)
        self._directory.cleanup()

    def address(self, listener: str) -> str:
        """Return ``host:port`` of a listener."""
        return self.cluster.listener(listener)[0]

    # -- settings --------------------------------------------------------------------------------

    def _properties(self, plans: Mapping[str, Plan]) -> dict[str, str]:
        settings = {"sasl.enabled.mechanisms": ",".join(self._known(LISTENERS["SASL"]))}
        settings |= self._store("", "TLS")
        for name, plan in plans.items():
            prefix = f"listener.name.{name.lower()}."
            if plan.broker != "TLS":
                settings |= self._store(prefix, plan.broker)
            if plan.wants_client:
                settings[f"{prefix}ssl.client.auth"] = "required"
            if plan.tls is not None:
                settings[f"{prefix}ssl.enabled.protocols"] = plan.tls
                settings[f"{prefix}ssl.protocol"] = plan.tls
            if plan.mechanisms and self._version >= _JAAS_BY_LISTENER_SINCE:
                settings |= self._sasl(prefix, plan)
        return settings

    def _known(self, plan: Plan) -> list[str]:
        has_bearer = self._version >= _BEARER_SINCE
        return [name for name in plan.mechanisms if has_bearer or name != "OAUTHBEARER"]

    def _store(self, prefix: str, broker: str) -> dict[str, str]:
        if self._version >= _PEM_SINCE:
            return {
                f"{prefix}ssl.keystore.type": "PEM",
                f"{prefix}ssl.keystore.location": str(self.pki.key_store(broker)),
                f"{prefix}ssl.truststore.type": "PEM",
                f"{prefix}ssl.truststore.location": self.pki.ca,
            }
        path = self.pki.directory / f"{broker.lower()}.p12"
        path.write_bytes(self.pki.broker(broker).pkcs12(_STORE_PASSWORD))
        return {
            f"{prefix}ssl.keystore.type": "PKCS12",
            f"{prefix}ssl.keystore.location": str(path),
            f"{prefix}ssl.keystore.password": _STORE_PASSWORD,
            f"{prefix}ssl.key.password": _STORE_PASSWORD,
        }

    def _sasl(self, prefix: str, plan: Plan) -> dict[str, str]:
        mechanisms = self._known(plan)
        settings = {f"{prefix}sasl.enabled.mechanisms": ",".join(mechanisms)}
        for mechanism in mechanisms:
            login = _LOGINS.get(mechanism, _SCRAM)
            settings[f"{prefix}{mechanism.lower()}.sasl.jaas.config"] = login
            if plan.session_ms:
                settings[f"{prefix}{mechanism.lower()}.connections.max.reauth.ms"] = str(
                    plan.session_ms
                )
        if plan.signed:
            self._key_set.write_text(self.pki.issuer.key_set())
            handler = f"{prefix}oauthbearer.sasl.server.callback.handler.class"
            settings |= {
                handler: _VALIDATOR,
                "sasl.oauthbearer.jwks.endpoint.url": self._key_set.as_uri(),
                "sasl.oauthbearer.expected.issuer": ISSUER,
                "sasl.oauthbearer.expected.audience": AUDIENCE,
            }
        return settings

    def _jvm_options(self) -> list[str]:
        if self._version >= _JAAS_BY_LISTENER_SINCE:
            url = self._key_set.as_uri()
            return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={url}"]
        path = self.pki.directory / "jaas.conf"
        path.write_text(f"KafkaServer {{\n{_PLAIN}\n{_SCRAM}\n}};\n")
        return [f"-Djava.security.auth.login.config={path}"]
