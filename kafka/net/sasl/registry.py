"""The SASL mechanisms by name, those of users included; the interface is kafka-python's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.config.security import add_mechanism
from kafka.net.sasl.mechanisms import SaslMechanismOAuth, SaslMechanismPlain, SaslMechanismScram

if TYPE_CHECKING:
    from kafka.net.sasl.abc import SaslMechanism

_BUILT_IN: Final[dict[str, type[SaslMechanism]]] = {
    "PLAIN": SaslMechanismPlain,
    "SCRAM-SHA-256": SaslMechanismScram,
    "SCRAM-SHA-512": SaslMechanismScram,
    "OAUTHBEARER": SaslMechanismOAuth,
}

SASL_MECHANISMS: Final[dict[str, type[SaslMechanism]]] = dict(_BUILT_IN)


def register_sasl_mechanism(name: str, klass: type[SaslMechanism], overwrite: bool = False) -> None:
    """Make a mechanism known under *name*, which ``sasl_mechanism`` may be set to from now on.

    Args:
        name: sent to brokers as it is; ``sasl_mechanism`` may spell it in any case.
        klass: made anew for each attempt, with the options of TLS and SASL.
        overwrite: replace a mechanism of that name.

    Raises:
        ValueError: there is a mechanism of that name.
    """
    if not overwrite and name in SASL_MECHANISMS:
        raise ValueError(f"there is a SASL mechanism {name}; overwrite=True replaces it")
    SASL_MECHANISMS[name] = klass
    add_mechanism(name)


def get_sasl_mechanism(name: str) -> type[SaslMechanism]:
    """Return the class of a mechanism; raise `KeyError` if there is none."""
    return SASL_MECHANISMS[name]


def user_mechanism(wanted: str) -> tuple[str, type[SaslMechanism]] | None:
    """Return name and class of a mechanism that a user has registered.

    Args:
        wanted: its name in any case.

    Returns:
        ``None`` if the mechanism is one that is built in.
    """
    for name, klass in SASL_MECHANISMS.items():
        if name.upper() == wanted.upper() and _BUILT_IN.get(name) is not klass:
            return name, klass
    return None
