"""The base of the configurations: takes keyword arguments, checks them, is frozen afterwards.

Not made with the dataclass decorator, which would cost most of this package's import time.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Never, Self, TypeVar, dataclass_transform

from kafka._base.secret import MASK, hidden, hides_something, may_be_secret, revealed, shown
from kafka.config.foreign_names import name_here
from kafka.config.option import Option, ignored, nearest, option, unbuilt, warn_user
from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

C = TypeVar("C", bound="Config")
Given = TypeVar("Given", bound="Mapping[str, object]")


class ClientConfig(dict[str, object]):
    """The options of a client, as users see them: real values, masked when the dict is shown.

    Args:
        options: names and values.
        masked: the names whose values are not shown.
    """

    def __init__(self, options: Mapping[str, object], masked: frozenset[str]) -> None:
        super().__init__(options)
        self._masked = masked

    def __repr__(self) -> str:
        """Return it as a dict, with the mask in place of secrets."""
        texts = [
            f"{name!r}: {MASK if name in self._masked else shown(self[name])}" for name in self
        ]
        return f"{{{', '.join(texts)}}}"

    # What follows would make a plain dict, which shows everything.
    def copy(self) -> ClientConfig:
        """Return a copy that is masked, too."""
        return ClientConfig(self, self._masked)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, object]) -> ClientConfig:
        """Return a copy that is masked, too."""
        import copy  # noqa: PLC0415 - needed here only

        return ClientConfig(copy.deepcopy(dict(self), memo), self._masked)

    def __or__(self, other: object) -> ClientConfig:  # type: ignore[override]  # dict: two overloads
        """Return a copy with the entries of *other*; what is masked here stays masked."""
        if not isinstance(other, dict):
            return NotImplemented
        return ClientConfig({**self, **other}, self._masked | _masked_in(other))

    def __ror__(self, other: object) -> ClientConfig:  # type: ignore[override]  # as above
        """Return a copy of *other* with the entries of this one; what is masked stays masked."""
        if not isinstance(other, dict):
            return NotImplemented
        return ClientConfig({**other, **self}, self._masked | _masked_in(other))

    def __reduce_ex__(self, protocol: object) -> Never:
        """Refuse to be pickled: the bytes would have the real values."""
        raise TypeError(
            "the config of a client is not pickled, because it holds passwords and keys; pickle "
            "dict(client.config) without them, or with them if that is what you mean"
        )


def _masked_in(options: Mapping[str, object]) -> frozenset[str]:
    return options._masked if isinstance(options, ClientConfig) else frozenset()  # noqa: SLF001 - its own module


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(option, ignored, unbuilt)
)
class Config:
    """Options with checked values, as attributes under their public names.

    A subclass declares options as annotated class attributes and checks them against each other
    in `_settle`. Times are in milliseconds under the public name (``linger_ms``) and in float
    seconds under the name without unit (``linger``).
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = MappingProxyType({})
    DROPPED: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Options of earlier releases that no longer matter, with the reason."""
    CLIENTS: ClassVar[str] = ""
    """Whose options these are, in words for messages."""

    def __init_subclass__(cls) -> None:
        """Collect the options declared by the class and its bases."""
        options = {
            name: opt for base in reversed(cls.__bases__) for name, opt in _options_of(base).items()
        }
        for name, opt in list(vars(cls).items()):
            if isinstance(opt, Option):
                opt.name = name
                opt.annotation = opt.annotation or cls.__annotations__[name]
                options[name] = opt
        cls.OPTIONS = MappingProxyType(options)

    # object: the type checker takes names and types of the arguments from the declarations.
    def __init__(self, **configs: object) -> None:
        given = self._modern_names(configs)
        for name, opt in self.OPTIONS.items():
            value = given.get(name, opt.default)
            self._put(name, opt.convert(value))
            if opt.ignored and value is not None and value != opt.default:
                warn_user(f"{name} has no effect: {opt.ignored}")
        self._settle(frozenset(given))

    @classmethod
    def from_kwargs(cls, configs: Mapping[str, object]) -> Self:
        """Make a configuration of the keyword arguments given to a client.

        Args:
            configs: option names and values; names of earlier releases are understood.

        Raises:
            KafkaConfigurationError: an unknown option, a value that cannot work, or values that
                contradict each other.
            TypeError: a value of the wrong type.
        """
        return cls(**configs)

    @classmethod
    def default_config(cls) -> dict[str, object]:
        """Return every option with its default, as the clients' ``DEFAULT_CONFIG``."""
        return {name: _own(opt.default) for name, opt in cls.OPTIONS.items()}

    @classmethod
    def sealed(cls, configs: Given) -> Given:
        """Return *configs* with whatever may be secret hidden, unknown options included.

        A client calls it first of all with its keyword arguments, so that no frame of this package
        shows them.
        """
        return {  # type: ignore[return-value]  # the same names; values stay of their types, or hidden
            name: hidden(value) if cls._may_be_secret(name, value) else value
            for name, value in configs.items()
        }

    @classmethod
    def _may_be_secret(cls, name: str, value: object) -> bool:
        opt = cls.OPTIONS.get(name)
        if opt is None:
            return name not in cls.DROPPED or may_be_secret(value)
        return opt.secret or opt.opaque or may_be_secret(value)

    def as_dict(self) -> dict[str, object]:
        """Return every option with its value; secrets stay hidden."""
        return {name: _own(getattr(self, name)) for name in self.OPTIONS}

    def as_client_config(self) -> ClientConfig:
        """Return every option with its real value, as the clients' ``config``."""
        options = self.as_dict()
        masked = frozenset(name for name, value in options.items() if hides_something(value))
        return ClientConfig({name: revealed(options[name]) for name in options}, masked)

    def slice(self, kind: type[C]) -> C:
        """Return only the options that *kind*, a base of this class, declares."""
        part = object.__new__(kind)
        for name in kind.OPTIONS:
            part._put(name, getattr(self, name))
        return part

    def _settle(self, given: frozenset[str]) -> None:
        """Check the values against each other and derive those that depend on others.

        Args:
            given: names of the options that the user set.
        """

    def _put(self, name: str, value: object) -> None:
        self.__dict__[name] = value

    def _modern_names(self, configs: Mapping[str, object]) -> dict[str, object]:
        given: dict[str, object] = {}
        renamed = {old: name for name, opt in self.OPTIONS.items() for old in opt.old_names}
        for key, value in configs.items():
            if key in self.DROPPED:
                warn_user(f"{key} has no effect: {self.DROPPED[key]}")
                continue
            name = renamed.get(key, key)
            if name not in self.OPTIONS:
                raise KafkaConfigurationError(self._unknown(key))
            if name != key:
                warn_user(f"{key} is now called {name}")
                if name in configs:
                    raise KafkaConfigurationError(f"{key} and {name} are the same option")
            given[name] = value
        return given

    def _unknown(self, key: str) -> str:
        here = name_here(key, self.OPTIONS)
        if here is not None:
            return f"Unrecognized configs: {key!r} is {here} here"
        guess = nearest(key, self.OPTIONS)
        hint = f"; did you mean {guess}?" if guess else ""
        whose = self.CLIENTS or type(self).__name__
        return f"Unrecognized configs: {key!r} is not an option of {whose}{hint}"

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a configuration does not change."""
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __repr__(self) -> str:
        """Return the options that differ from their defaults, without secrets."""
        texts = [
            f"{name}={shown(getattr(self, name))}"
            for name, opt in self.OPTIONS.items()
            if getattr(self, name) != opt.default
        ]
        return f"<{' '.join([type(self).__name__, *texts])}>"


def _options_of(base: type) -> Mapping[str, Option]:
    return base.OPTIONS if issubclass(base, Config) else {}


def _own(value: object) -> object:
    """Return *value*, or a copy if it is a list the caller might change."""
    return list(value) if isinstance(value, list) else value
