"""The place of `kafka.net.sasl` in kafka-python 2.1 to 2.3."""

from kafka.net.sasl.mechanisms import SaslMechanismOAuth, SaslMechanismPlain, SaslMechanismScram
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
