"""Client quotas as users of the admin client name them (KIP-546, KIP-612).  Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from enum import Enum, unique
from typing import Final, NamedTuple

# What a quota may be for. Brokers refuse others.
ENTITY_TYPES: Final = ("user", "client-id", "ip")


@unique
class QuotaMatch(Enum):
    """What a filter may ask for in the place of a name."""

    ANY = "any name, and the default"


class ClientQuotaEntity(tuple[tuple[str, str | None], ...]):
    """Whom a quota limits: pairs of type and name, in the order of their types.

    It compares and hashes by value, so it can be the key of a dict.

    Args:
        names: type -> name, e.g. ``{"user": "alice", "client-id": "app"}``. The types are
            ``user``, ``client-id`` and ``ip``; the name ``None`` means the default of that type:
            all for whom there is no quota of their own.

    Raises:
        TypeError: a type or name is no text.
        ValueError: there is none, or a type that Kafka does not know, or an empty name.
    """

    __slots__ = ()

    def __new__(
        cls, names: Mapping[str, str | None] | Iterable[tuple[str, str | None]]
    ) -> ClientQuotaEntity:
        """Check *names*."""
        return super().__new__(cls, sorted(_checked_names(names, "entity").items()))

    def __repr__(self) -> str:
        """Return the names as a dict."""
        return f"ClientQuotaEntity({dict(self)!r})"

    def __str__(self) -> str:
        """Return the names as Kafka's tools print them."""
        return ", ".join(f"{kind}={'<default>' if name is None else name}" for kind, name in self)

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to build a copy; a broker may have named a type that is not known here."""
        return entity_of, (tuple(self),)


class ClientQuotaAlteration(NamedTuple):
    """Change the quotas of one entity.

    Args:
        entity: whom they limit: a `ClientQuotaEntity`, or a dict of type and name.
        ops: name of the quota, such as ``producer_byte_rate``, and its limit; ``None`` removes it.
    """

    entity: ClientQuotaEntity | Mapping[str, str | None]
    ops: Mapping[str, float | None]


Filter = Mapping[str, str | QuotaMatch | None]
Ops = Mapping[str, float | None]
Quotas = dict[ClientQuotaEntity, dict[str, float]]


def checked_filter(components: Filter | None) -> dict[str, str | QuotaMatch | None]:
    """Return the filter of ``describe_client_quotas``.

    Raises:
        TypeError: it is no dict, or a type or name is no text.
        ValueError: an unknown type, or an empty name.
    """
    if components is None:
        return {}
    if not isinstance(components, Mapping):
        raise TypeError(f"components must be a dict of type and name, not {components!r}")
    for kind, name in components.items():
        _check_type(kind, "components")
        if not isinstance(name, QuotaMatch):
            _check_name(kind, name, "components")
    return dict(components)


def checked_alterations(alterations: object) -> dict[ClientQuotaEntity, dict[str, float | None]]:
    """Return the changes by entity.

    Raises:
        TypeError: it is no list of alterations, or a part of one is of another type.
        ValueError: it is empty, or names an entity twice, an unknown type or a limit that no broker
            takes.
    """
    pairs = alterations.items() if isinstance(alterations, Mapping) else alterations
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise TypeError(f"alterations must be a list of ClientQuotaAlteration, not {pairs!r}")
    checked: dict[ClientQuotaEntity, dict[str, float | None]] = {}
    for pair in [pairs] if isinstance(pairs, ClientQuotaAlteration) else pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"alterations must hold ClientQuotaAlteration each, not {pair!r}")
        names, ops = pair
        entity = (
            names
            if isinstance(names, ClientQuotaEntity)
            else entity_of(_checked_names(names, "alterations: entity").items())
        )
        if entity in checked:
            raise ValueError(f"alterations names {entity} twice; put all its quotas into one")
        checked[entity] = _checked_ops(entity, ops)
    if not checked:
        raise ValueError("alterations must not be empty")
    return checked


def entity_of(pairs: Iterable[tuple[str, str | None]]) -> ClientQuotaEntity:
    """Return an entity as a broker names it: later ones may know other types."""
    return tuple.__new__(ClientQuotaEntity, sorted(pairs))


def _checked_names(
    names: Mapping[str, str | None] | Iterable[tuple[str, str | None]], what: str
) -> dict[str, str | None]:
    try:
        checked = dict(names)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a dict of type and name, not {names!r}") from None
    for kind, name in checked.items():
        _check_type(kind, what)
        _check_name(kind, name, what)
    if not checked:
        raise ValueError(f"{what} must name at least one of {', '.join(ENTITY_TYPES)}")
    return checked


def _check_type(kind: object, what: str) -> None:
    if not isinstance(kind, str):
        raise TypeError(f"{what}: a type must be a str, not {kind!r}")
    if kind not in ENTITY_TYPES:
        raise ValueError(f"{what}: a type must be one of {', '.join(ENTITY_TYPES)}, not {kind!r}")


def _check_name(kind: str, name: object, what: str) -> None:
    if name is not None and not isinstance(name, str):
        raise TypeError(f"{what}: the name of a {kind} must be a str or None, not {name!r}")
    if name == "":
        raise ValueError(f"{what}: the name of a {kind} must not be empty; None is the default")


def _checked_ops(entity: ClientQuotaEntity, ops: object) -> dict[str, float | None]:
    if not isinstance(ops, Mapping):
        raise TypeError(
            f"alterations: ops of {entity} must be a dict of quota and limit, not {ops!r}"
        )
    if not ops:
        raise ValueError(f"alterations: ops of {entity} must not be empty")
    for key, value in ops.items():
        if not isinstance(key, str):
            raise TypeError(
                f"alterations: ops of {entity}: the name of a quota must be a str, not {key!r}"
            )
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(
                f"alterations: ops of {entity}: {key} must be a number or None, not {value!r}"
            )
        if not 0 < value <= sys.float_info.max:
            raise ValueError(
                f"alterations: ops of {entity}: {key} must be greater than 0 and finite, not "
                f"{value!r}; None removes a quota"
            )
    return {key: None if value is None else float(value) for key, value in ops.items()}
