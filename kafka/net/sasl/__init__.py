"""SASL: who the client is.

Start at `authenticator`. Each mechanism is an object that makes tokens of challenges and knows of
nothing else (`conversation`); `exchange` carries them over a connection, `credentials` and
`token_source` get what they prove, `token_plan` knows when to do it again. The public
names are those of kafka-python, for mechanisms and token providers that users write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.lazy import lazy_names, public_names

if TYPE_CHECKING:
    from kafka.net.sasl.mechanisms import (
        SaslMechanismOAuth,
        SaslMechanismPlain,
        SaslMechanismScram,
    )
    from kafka.net.sasl.registry import (
        SASL_MECHANISMS,
        get_sasl_mechanism,
        register_sasl_mechanism,
    )

__all__ = [
    "SASL_MECHANISMS",
    "SaslMechanismOAuth",
    "SaslMechanismPlain",
    "SaslMechanismScram",
    "get_sasl_mechanism",
    "register_sasl_mechanism",
]

_HOMES: Final = {
    "SASL_MECHANISMS": "kafka.net.sasl.registry",
    "SaslMechanismOAuth": "kafka.net.sasl.mechanisms",
    "SaslMechanismPlain": "kafka.net.sasl.mechanisms",
    "SaslMechanismScram": "kafka.net.sasl.mechanisms",
    "get_sasl_mechanism": "kafka.net.sasl.registry",
    "register_sasl_mechanism": "kafka.net.sasl.registry",
}
_NOT_YET: Final = "this release does not have the mechanism; docs/compat.rst lists what is there"
_MISSING: Final = dict.fromkeys(
    ("SaslMechanismAwsMskIam", "SaslMechanismGSSAPI", "SaslMechanismSSPI"), _NOT_YET
)

__getattr__ = lazy_names(__name__, _HOMES, _MISSING)


def __dir__() -> list[str]:
    return public_names(__name__, _HOMES)
