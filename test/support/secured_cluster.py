"""The embedded cluster with a listener for each way of `test.support.pki`."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from kafka.testing import EmbeddedCluster, Listener
from test.support.pki import LISTENERS, PASSWORD, USER, Pki, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_VERSIONS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


class SecuredCluster:
    """A cluster of one broker, and the certificates of its listeners.

    Args:
        listeners: those of `LISTENERS` that it has; all by default.
        options: of the cluster.
    """

    # Any: options of every type.
    def __init__(self, *listeners: str, **options: Any) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kafka-secured-")
        self.pki = Pki(Path(self._directory.name))
        names = listeners or [name for name, plan in LISTENERS.items() if not plan.signed]
        self.cluster = EmbeddedCluster(
            listeners=list(self._listeners(names)), users={USER: PASSWORD}, **options
        )

    def _listeners(self, names: Iterable[str]) -> Iterable[Listener]:
        for name in names:
            plan = LISTENERS[name]
            context = server_context(self.pki, plan) if plan.has_tls else None
            yield Listener(name, tls=context, mechanisms=plan.mechanisms)

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
        return self.cluster.addresses(listener)[0]


def server_context(pki: Pki, plan: Plan) -> ssl.SSLContext:
    """Return the context of a broker's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A broker may do what no client should accept: a short key, for one.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(pki.key_store(plan.broker))
    if plan.tls is not None:
        context.minimum_version = context.maximum_version = _VERSIONS[plan.tls]
    if plan.wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.ca)
    return context
