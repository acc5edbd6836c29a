"""The interface of token providers, as in kafka-python 2.0 to 3.x."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from collections.abc import Mapping


class AbstractTokenProvider(ABC):
    """Base class of token providers; any object with the same methods will do.

    Both methods may be async. The client calls one at a time, off its own event loop, and shares
    the result between its connections.
    """

    def __init__(self, **config: object) -> None:  # noqa: B027 - only takes what nobody uses
        """Take the keyword arguments that a subclass has no use for."""

    @abstractmethod
    def token(self) -> object:
        """Return a token.

        Returns:
            A text, or an object with the attributes ``token`` (the text) and ``expires_at_ms``
            (Unix time in milliseconds). A JWT says itself when it ends. A text that does not is
            asked for again at every authentication.
        """

    def extensions(self) -> Mapping[str, str]:
        """Return SASL extensions to send with the token (KIP-342); by default none."""
        return {}


# kafka-python 3.x has the class here. An import that mypy sees would close a circle.
__getattr__ = lazy_names(__name__, {"SaslMechanismOAuth": "kafka.net.sasl.mechanisms"})
