"""Signatures that show every option of a client, for ``help()``, IPython, Jupyter and editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterator

    from kafka.config.base import Config
    from kafka.config.option import Option

_FIRST: Final = ("bootstrap_servers", "client_id")


class OptionsSignature:
    """``__signature__`` of a client class: its parameters and, by name, the options of *config*.

    It is made when somebody asks for it; making clients costs nothing. ``**configs`` stays at the
    end, for names of earlier releases. A subclass with an ``__init__`` of its own has the signature
    of that.

    Args:
        config: declares the options.
    """

    __slots__ = ("_config", "_owner")

    _owner: type

    def __init__(self, config: type[Config]) -> None:
        self._config = config

    def __set_name__(self, owner: type, name: str) -> None:
        """Note whose constructor it describes."""
        self._owner = owner

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        """Return the signature of *owner*."""
        if owner.__init__ is not self._owner.__init__:  # type: ignore[misc]  # compared, not called
            raise AttributeError("__signature__")
        from inspect import Parameter, signature  # noqa: PLC0415 - only people look at it

        own = signature(owner.__init__)  # type: ignore[misc]  # as above
        given = list(own.parameters.values())[1:]
        options = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=option.default)
            for name, option in self._by_interest()
            if not option.ignored
        ]
        plain = [
            parameter.replace(annotation=Parameter.empty)
            for parameter in given
            if parameter.annotation != "Never"
        ]
        return own.replace(
            parameters=[*plain[:-1], *options, plain[-1]], return_annotation=own.empty
        )

    def _by_interest(self) -> Iterator[tuple[str, Option]]:
        """Yield the options: first those that nearly all programs set, security last."""
        declared = self._config.OPTIONS
        names = [name for base in self._config.__mro__ for name in vars(base) if name in declared]
        for name in dict.fromkeys((*_FIRST, *names)):
            yield name, declared[name]
