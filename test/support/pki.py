"""The ways to reach a broker of a test, good and bad, and the certificates they need.

Job: one table of listeners for the embedded cluster and for real Apache Kafka, so that what one of
them shows the other can show too.
Limits: says what is wanted; `secured_cluster` and `apache_kafka.secured` make it.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from test.support.certificates import (
    CLIENT,
    DAY,
    Authority,
    Credential,
    Files,
    self_signed,
    weak_key,
)
from test.support.signed_tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USER: Final = "alice"
PASSWORD: Final = "wonder-42-land"
KEY_PASSWORD: Final = "key-pass-77"
SCRAMS: Final = ("SCRAM-SHA-256", "SCRAM-SHA-512")
MECHANISMS: Final = ("PLAIN", *SCRAMS, "OAUTHBEARER")
OTHER_NAME: Final = "kafka.example.org"


class Plan(NamedTuple):
    """A listener.

    Attributes:
        protocol: of security, by Kafka's name.
        broker: the certificate it shows, by its name for `Pki.broker`.
        mechanisms: of SASL.
        tls: the only version of TLS it speaks.
        wants_client: it refuses clients without a certificate.
        signed: it takes signed tokens only.
        session_ms: how long a client stays authenticated; real Apache Kafka only.
    """

    protocol: str
    broker: str = "TLS"
    mechanisms: tuple[str, ...] = ()
    tls: str | None = None
    wants_client: bool = False
    signed: bool = False
    session_ms: int = 0

    @property
    def has_tls(self) -> bool:
        """Whether it speaks TLS at all."""
        return self.protocol.endswith("SSL")


_BAD_CERTIFICATES = (
    "EXPIRED", "EARLY", "WRONGNAME", "BYNAME", "REVOKED", "SELFSIGNED", "STRANGER", "NOCHAIN",
    "WEAK", "CLIENTONLY",
)  # fmt: skip
LISTENERS: Final[Mapping[str, Plan]] = {
    "PLAINTEXT": Plan("PLAINTEXT"),
    "TLS": Plan("SSL"),
    "CHAIN": Plan("SSL", broker="CHAIN"),
    **{name: Plan("SSL", broker=name) for name in _BAD_CERTIFICATES},
    "MTLS": Plan("SSL", wants_client=True),
    "MTLS12": Plan("SSL", wants_client=True, tls="TLSv1.2"),
    "TLS12": Plan("SSL", tls="TLSv1.2"),
    "TLS13": Plan("SSL", tls="TLSv1.3"),
    "SASL": Plan("SASL_PLAINTEXT", mechanisms=MECHANISMS),
    "PLAINONLY": Plan("SASL_PLAINTEXT", mechanisms=("PLAIN",)),
    "SASLTLS": Plan("SASL_SSL", mechanisms=MECHANISMS),
    "BRIEF": Plan("SASL_PLAINTEXT", mechanisms=MECHANISMS, session_ms=3000),
    "SIGNED": Plan("SASL_SSL", mechanisms=("OAUTHBEARER",), signed=True),
}


class Pki:
    """Certificates of a test, each made when it is asked for the first time.

    Args:
        directory: holds the files.

    Attributes:
        directory: holds the files.
        authority: signs those of the brokers and clients.
        issuer: signs tokens.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority()
        self.issuer = TokenIssuer()
        self._makers: dict[str, Callable[[], Credential]] = {
            "CHAIN": self._chained,
            "EXPIRED": lambda: self.authority.issue(starts=-2 * DAY, ends=timedelta(hours=-1)),
            "EARLY": lambda: self.authority.issue(starts=timedelta(hours=1)),
            "WRONGNAME": lambda: self.authority.issue(hosts=[OTHER_NAME]),
            "BYNAME": lambda: self.authority.issue(hosts=["localhost"]),
            "SELFSIGNED": self_signed,
            "STRANGER": lambda: self.stranger.issue("broker"),
            "NOCHAIN": lambda: self._chained()._replace(chain=()),
            "WEAK": lambda: self.authority.issue(key=weak_key()),
            "CLIENTONLY": lambda: self.authority.issue(purpose=CLIENT),
        }
        self._made: dict[str, Credential] = {}

    def _chained(self) -> Credential:
        return Authority("Test intermediate", self.authority).issue()

    @cached_property
    def stranger(self) -> Authority:
        """An authority that nobody trusts."""
        return Authority("Stranger")

    @cached_property
    def ca(self) -> str:
        """File with the certificate of the authority."""
        return self._file("ca.pem", self.authority.pem)

    @cached_property
    def crl(self) -> str:
        """File with its list of revoked certificates."""
        return self._file("crl.pem", self.authority.revocations(self.broker("REVOKED")))

    @cached_property
    def client(self) -> Files:
        """Certificate and key of a client."""
        return self.client_of(self.authority, "client")

    def broker(self, name: str) -> Credential:
        """Return certificate and key of a broker, by the name that plans of listeners have."""
        if name not in self._made:
            self._made[name] = self._makers.get(name, self.authority.issue)()
        return self._made[name]

    def key_store(self, name: str) -> Path:
        """Return the file with key and certificate of a broker, in PEM."""
        credential = self.broker(name)
        content = credential.key_pem() + credential.pem
        return Path(self._file(f"{name.lower()}.keystore.pem", content))

    def client_of(self, authority: Authority, name: str) -> Files:
        """Return another certificate for a client, of the authority that is given."""
        return self.write(authority.issue(name, hosts=[]))

    def encrypted_client(self) -> Files:
        """Return a client's certificate whose key needs `KEY_PASSWORD`."""
        return self.write(self.authority.issue("careful", hosts=[]), KEY_PASSWORD)

    def write(self, credential: Credential, password: str | None = None) -> Files:
        """Write certificate and key to two new files; clients on other threads may do the same."""
        return credential.write(Path(tempfile.mkdtemp(dir=self.directory)), "client", password)

    def _file(self, name: str, content: str) -> str:
        path = self.directory / name
        path.write_text(content)
        return str(path)
