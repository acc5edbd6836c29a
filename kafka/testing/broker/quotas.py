"""Client quotas: set, list, and find the one of a client (KIP-546, KIP-612).  Pure."""

from __future__ import annotations

import ipaddress
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidRequestError, UnsupportedVersionError
from kafka.testing.broker.config_values import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.testing.broker.cluster import Cluster

USER, CLIENT_ID, IP = "user", "client-id", "ip"
PRODUCE, FETCH, REQUEST = "producer_byte_rate", "consumer_byte_rate", "request_percentage"

# The entity that a quota applies to: names by type, ``None`` for the default of that type.
Entity = frozenset[tuple[str, str | None]]

_CLIENT_KEYS = {
    PRODUCE: Kind.LONG,
    FETCH: Kind.LONG,
    REQUEST: Kind.DOUBLE,
    "controller_mutation_rate": Kind.DOUBLE,
}
_IP_KEYS = {"connection_creation_rate": Kind.INT}
_LARGEST = {Kind.LONG: float(1 << 63), Kind.INT: float(1 << 31)}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")


class Component(NamedTuple):
    """One condition of a filter.

    Attributes:
        match_type: 0 this name, 1 the default, 2 any.
    """

    entity_type: str
    match_type: int
    match: str | None


class QuotaInForce(NamedTuple):
    """A quota that applies to a client, and the user and client id that share it."""

    limit: float
    shared_by: tuple[str, str]


class ClientQuotas:
    """The quotas of a cluster.

    Attributes:
        by_entity: values by key, such as ``producer_byte_rate``.
    """

    def __init__(self, cluster: Cluster | None = None) -> None:  # noqa: ARG002 - a component
        self.by_entity: dict[Entity, dict[str, float]] = {}

    def alter(
        self, entity: Entity, values: Mapping[str, float | None], *, validate_only: bool
    ) -> None:
        """Set quotas of an entity; ``None`` removes one.

        Raises:
            InvalidRequestError: there is no such entity or key, or a value is not valid.
        """
        keys = _keys_of(entity)
        for key, value in values.items():
            if key not in keys:
                raise InvalidRequestError(f"Invalid configuration key {key}")
            if value is not None:
                _check_value(key, value, keys[key])
        if validate_only:
            return
        own = self.by_entity.setdefault(entity, {})
        for key, value in values.items():
            if value is None:
                own.pop(key, None)
            else:
                own[key] = value
        if not own:
            del self.by_entity[entity]

    def matching(
        self, components: Sequence[Component], *, strict: bool
    ) -> list[tuple[Entity, dict[str, float]]]:
        """Return the quotas that a filter selects.

        Args:
            components: all must match.
            strict: entities have no other types than the filter.

        Raises:
            InvalidRequestError: the filter contradicts itself.
            UnsupportedVersionError: it names an unknown type of entity.
        """
        _check_filter(components)
        return [
            (entity, values)
            for entity, values in self.by_entity.items()
            if (not strict or len(entity) == len(components))
            and all(_matches(component, entity) for component in components)
        ]

    def in_force(self, key: str, user: str, client_id: str) -> QuotaInForce | None:
        """Return the quota of a client, the most specific one."""
        for entity, shared_by in _by_precedence(user, client_id):
            limit = self.by_entity.get(entity, {}).get(key)
            if limit is not None:
                return QuotaInForce(limit, shared_by)
        return None


def _by_precedence(user: str, client_id: str) -> Iterable[tuple[Entity, tuple[str, str]]]:
    """Return the entities a client is part of, in the order of KIP-55."""
    both, own, client = (user, client_id), (user, ""), ("", client_id)
    return (
        (frozenset(((USER, user), (CLIENT_ID, client_id))), both),
        (frozenset(((USER, user), (CLIENT_ID, None))), both),
        (frozenset(((USER, user),)), own),
        (frozenset(((USER, None), (CLIENT_ID, client_id))), both),
        (frozenset(((USER, None), (CLIENT_ID, None))), both),
        (frozenset(((USER, None),)), own),
        (frozenset(((CLIENT_ID, client_id),)), client),
        (frozenset(((CLIENT_ID, None),)), client),
    )


def _keys_of(entity: Entity) -> dict[str, Kind]:
    if not entity:
        raise InvalidRequestError("Invalid empty client quota entity")
    names = dict(entity)
    for kind, name in names.items():
        if kind not in {USER, CLIENT_ID, IP}:
            raise InvalidRequestError(f"Unhandled client quota entity type: {kind}")
        if name == "":
            raise InvalidRequestError(f"Empty {kind} not supported")
    if IP not in names:
        return _CLIENT_KEYS
    if len(names) > 1:
        raise InvalidRequestError(
            "Invalid quota entity combination, IP entity should not be combined with User or "
            "ClientId"
        )
    if names[IP] is not None and not _is_host(names[IP] or ""):
        raise InvalidRequestError(f"{names[IP]} is not a valid IP or resolvable host.")
    return _IP_KEYS


def _is_host(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        # Names are not resolved here; any valid host name is accepted.
        return _HOST.match(name) is not None
    return True


def _check_value(key: str, value: float, kind: Kind) -> None:
    if not math.isfinite(value):
        raise InvalidRequestError(f"Quota {key} must be a finite number")
    if value <= 0:
        raise InvalidRequestError(f"Quota {key} must be greater than 0")
    if kind is Kind.DOUBLE:
        return
    if value >= _LARGEST[kind]:
        raise InvalidRequestError(f"Proposed value for {key} is too large for a {kind.name}.")
    # As in Apache Kafka: a whole number stays one despite the rounding of doubles.
    if abs(value - round(value)) > 1e-6:
        raise InvalidRequestError(f"{key} cannot be a fractional value.")


def _check_filter(components: Sequence[Component]) -> None:
    kinds = [component.entity_type for component in components]
    for component in components:
        if not component.entity_type:
            raise InvalidRequestError("Invalid empty entity type.")
        if kinds.count(component.entity_type) > 1:
            raise InvalidRequestError(
                f"Entity type {component.entity_type} cannot appear more than once in the filter."
            )
        if component.entity_type not in {USER, CLIENT_ID, IP}:
            raise UnsupportedVersionError(f"Unsupported entity type {component.entity_type}")
        _check_match(component)
    if IP in kinds and len(kinds) > 1:
        raise InvalidRequestError(
            "Invalid entity filter component combination. IP filter component should not be used "
            "with user or clientId filter component."
        )


def _check_match(component: Component) -> None:
    names = {0: "EXACT", 1: "DEFAULT", 2: "SPECIFIED"}
    name = names.get(component.match_type)
    if name is None:
        raise InvalidRequestError(f"Unknown match type {component.match_type}")
    if component.match_type == 0 and component.match is None:
        raise InvalidRequestError(
            "Request specified MATCH_TYPE_EXACT, but set match string to null."
        )
    if component.match_type != 0 and component.match is not None:
        raise InvalidRequestError(
            f"Request specified MATCH_TYPE_{name}, but also specified a match string."
        )


def _matches(component: Component, entity: Entity) -> bool:
    names = dict(entity)
    if component.entity_type not in names:
        return False
    name = names[component.entity_type]
    return component.match_type == 2 or name == component.match
