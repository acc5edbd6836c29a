"""The users, tokens and ACLs of a cluster, and the gate of each new connection.

Broker configs switch it: ``authorizer.class.name`` (any value) checks ACLs, with ``super.users``
and ``allow.everyone.if.no.acl.found``; ``connections.max.reauth.ms`` limits sessions;
``delegation.token.secret.key`` allows delegation tokens.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from kafka.testing.broker.security.acls import AclAuthorizer, AclStore
from kafka.testing.broker.security.gate import SaslGate
from kafka.testing.broker.security.oauthbearer import OAuthBearerServer, unsecured_token
from kafka.testing.broker.security.sasl import PlainServer, user
from kafka.testing.broker.security.scram import (
    Account,
    ScramCredential,
    ScramMechanism,
    ScramServer,
)
from kafka.testing.broker.security.scram_users import ScramUsers
from kafka.testing.broker.security.tokens import DelegationTokens

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.security.acls import AclBinding
    from kafka.testing.broker.security.listeners import Listener
    from kafka.testing.broker.security.oauthbearer import TokenValidator
    from kafka.testing.broker.security.sasl import SaslServer

_SALT_BYTES = 16
_NONCE_BYTES = 18
_SCRAM = {mechanism.sasl_name: mechanism for mechanism in ScramMechanism}


class Security:
    """Get it with ``cluster.component(Security)``.

    Attributes:
        acls: those that the authorizer checks.
        passwords: of the users of PLAIN.
        validate_token: of OAUTHBEARER; by default any unsecured JWT that has not expired is good.
        tokens: delegation tokens, or ``None`` if they are switched off.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.acls = AclStore()
        self.passwords: dict[str, str] = {}
        self.validate_token: TokenValidator = unsecured_token
        self.tokens = _tokens(cluster)
        self._cluster = cluster
        self._scram_users = ScramUsers()
        self._without_credential: dict[str, str] = {}
        if self.has_authorizer:
            cluster.authorizer = AclAuthorizer(
                self.acls,
                super_users=_names(cluster.setting("super.users")),
                open_by_default=cluster.flag("allow.everyone.if.no.acl.found"),
            )

    @property
    def has_authorizer(self) -> bool:
        """Whether ACLs are checked at all."""
        return bool(self._cluster.setting("authorizer.class.name"))

    @property
    def scram_users(self) -> ScramUsers:
        """The SCRAM credentials."""
        # Hashing takes milliseconds per user, so it happens on first use.
        pending, self._without_credential = self._without_credential, {}
        for name, password in pending.items():
            for mechanism in ScramMechanism:
                salt = secrets.token_bytes(_SALT_BYTES)
                credential = ScramCredential.from_password(mechanism, password, salt=salt)
                self._scram_users.set(name, mechanism, credential)
        return self._scram_users

    def add_user(self, name: str, password: str) -> None:
        """Add a user that can authenticate with a password by PLAIN and SCRAM."""
        self.passwords[name] = password
        self._without_credential[name] = password

    def add_acl(self, acl: AclBinding) -> None:
        """Add an ACL.

        Raises:
            ValueError: the cluster does not check ACLs.
        """
        if not self.has_authorizer:
            raise ValueError(
                "this cluster checks no ACLs: start it with the config authorizer.class.name, "
                'e.g. "StandardAuthorizer"'
            )
        self.acls.add(acl)

    def gate(self, listener: Listener) -> SaslGate | None:
        """Return the gate of a new connection, or ``None`` if it need not authenticate."""
        if not listener.mechanisms:
            return None
        limit = int(self._cluster.setting("connections.max.reauth.ms"))
        return SaslGate(listener.mechanisms, self._server, max_session_ms=limit)

    def _server(self, mechanism: str) -> SaslServer:
        match mechanism:
            case "PLAIN":
                return PlainServer(self.passwords.get)
            case "OAUTHBEARER":
                return OAuthBearerServer(self.validate_token)
            case _:
                scram = _SCRAM[mechanism]
                nonce = secrets.token_urlsafe(_NONCE_BYTES)
                return ScramServer(scram, partial(self._account, scram), nonce=nonce)

    def _account(self, mechanism: ScramMechanism, name: str, is_token: bool) -> Account | None:
        if is_token:
            return self._token_account(mechanism, name)
        credential = self.scram_users.find(name, mechanism)
        return None if credential is None else Account(user(name), credential)

    def _token_account(self, mechanism: ScramMechanism, token_id: str) -> Account | None:
        if self.tokens is None:
            return None
        token = self.tokens.find(token_id, self._cluster.clock.wall_ms())
        if token is None:
            return None
        salt = secrets.token_bytes(_SALT_BYTES)
        credential = ScramCredential.from_password(mechanism, token.password, salt=salt)
        return Account(token.owner, credential, token.expires_at_ms, by_token=True)


def _names(setting: str) -> list[str]:
    return [name.strip() for name in setting.split(";") if name.strip()]


def _tokens(cluster: Cluster) -> DelegationTokens | None:
    secret = cluster.setting("delegation.token.secret.key")
    if not secret:
        return None
    return DelegationTokens(
        secret.encode(),
        max_lifetime_ms=int(cluster.setting("delegation.token.max.lifetime.ms")),
        renewal_ms=int(cluster.setting("delegation.token.expiry.time.ms")),
        random_bytes=secrets.token_bytes,
    )
