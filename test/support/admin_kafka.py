"""Three real brokers with everything that an admin client can be asked about.

Job: an authorizer, two log directories each, a listener for users who may nothing; Java's Admin
beside it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from test.support.apache_kafka import NEWEST, KafkaCluster
from test.support.apache_kafka.config import KEEP_OLD_RECORDS
from test.support.java_admin import JavaAdmin

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECURITY: Final = "org.apache.kafka.common.security"
_PREFIX: Final = "listener.name.sasl"
GUEST: Final = "guest"
PASSWORD: Final = "guest-password"

#: Whoever comes over PLAINTEXT may everything; `GUEST` may nothing.
PROPERTIES: Final = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    f"{_PREFIX}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    f"{_PREFIX}.plain.sasl.jaas.config": (
        f'{_SECURITY}.plain.PlainLoginModule required user_{GUEST}="{PASSWORD}";'
    ),
    f"{_PREFIX}.scram-sha-256.sasl.jaas.config": f"{_SECURITY}.scram.ScramLoginModule required;",
    f"{_PREFIX}.scram-sha-512.sasl.jaas.config": f"{_SECURITY}.scram.ScramLoginModule required;",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "500",
    # The internal topic of KIP-932 is of no use here.
    "auto.create.topics.enable": "false",
    **KEEP_OLD_RECORDS,
}


class AdminKafka(NamedTuple):
    """A cluster and Java's Admin."""

    cluster: KafkaCluster
    java: JavaAdmin

    @property
    def servers(self) -> list[str]:
        """Where whoever comes may everything."""
        return self.cluster.bootstrap_servers

    def as_user(self, mechanism: str, user: str, password: str) -> dict[str, object]:
        """Return the options of a client that authenticates."""
        return {
            "bootstrap_servers": self.cluster.listener("SASL"),
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    def as_guest(self) -> dict[str, object]:
        """Return the options of a client that may nothing."""
        return self.as_user("PLAIN", GUEST, PASSWORD)


@contextmanager
def admin_kafka(version: str = NEWEST, brokers: int = 3) -> Iterator[AdminKafka]:
    """Start the cluster and the judge."""
    listeners = {"PLAINTEXT": "PLAINTEXT", "SASL": "SASL_PLAINTEXT"}
    with (
        KafkaCluster(
            version, brokers, properties=PROPERTIES, listeners=listeners, disks=2
        ) as cluster,
        JavaAdmin(cluster.bootstrap_servers) as java,
    ):
        yield AdminKafka(cluster, java)
