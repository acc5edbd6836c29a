"""Client quotas: DescribeClientQuotas, AlterClientQuotas (KIP-546).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.admin.client_quotas import QuotaMatch, entity_of
from kafka.admin.lookups import to_any
from kafka.admin.operation import ANY_ONCE
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.client_quotas import ClientQuotaEntity, Filter, Ops, Quotas
    from kafka.admin.operation import Answer, Verdicts
    from kafka.errors import KafkaError
    from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasResponse
    from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasResponse

_EXACT: Final = 0
_DEFAULT: Final = 1
_ANY: Final = 2


class DescribeQuotas:
    """Ask any broker for the quotas that a filter selects.

    Args:
        components: the filter.
        strict: whether entities must have no other types than the filter.
    """

    noun: Final = "client quotas of"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def __init__(self, components: Filter, *, strict: bool) -> None:
        self._components = dict(components)
        self._strict = strict
        self.key = ", ".join(f"{kind}={_shown(name)}" for kind, name in components.items()) or "all"

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeClientQuotasRequest:
        """Return the request."""
        del keys, timeout_ms
        components = [_component(kind, name) for kind, name in self._components.items()]
        return DescribeClientQuotasRequest(components=components, strict=self._strict)

    def read(
        self, answer: Answer[DescribeClientQuotasResponse], keys: Sequence[str]
    ) -> dict[str, Quotas | KafkaError]:
        """Return the limits by entity."""
        response = answer.response
        if response.error_code:
            text = response.error_message
            return {
                key: answer.error(response.error_code, text, f"{self.noun} {key}") for key in keys
            }
        found = {
            entity_of((part.entity_type, part.entity_name) for part in entry.entity): {
                value.key: value.value for value in entry.values
            }
            for entry in response.entries or ()
        }
        return dict.fromkeys(keys, found)


def _shown(name: str | QuotaMatch | None) -> str:
    if isinstance(name, QuotaMatch):
        return "any"
    return "<default>" if name is None else name


def _component(
    kind: str, name: str | QuotaMatch | None
) -> DescribeClientQuotasRequest.ComponentData:
    component = DescribeClientQuotasRequest.ComponentData
    if isinstance(name, QuotaMatch):
        return component(entity_type=kind, match_type=_ANY, match=None)
    return component(entity_type=kind, match_type=_DEFAULT if name is None else _EXACT, match=name)


class AlterQuotas:
    """Have a broker change quotas; it passes them on to the controller.

    Args:
        alterations: what to change, by entity.
        validate_only: whether they are checked only.
    """

    noun: Final = "client quotas of"
    lookup: Final = to_any(ANY_ONCE)
    verdicts: Final[Verdicts] = {}

    def __init__(
        self, alterations: Mapping[ClientQuotaEntity, Ops], *, validate_only: bool
    ) -> None:
        self._alterations = alterations
        self._validate_only = validate_only

    def build(self, keys: Sequence[ClientQuotaEntity], timeout_ms: int) -> AlterClientQuotasRequest:
        """Return the request that changes the quotas of *keys*."""
        del timeout_ms
        request = AlterClientQuotasRequest
        return request(
            entries=[
                request.EntryData(
                    entity=[
                        request.EntityData(entity_type=kind, entity_name=name)
                        for kind, name in entity
                    ],
                    ops=[
                        request.OpData(key=key, value=value or 0.0, remove=value is None)
                        for key, value in self._alterations[entity].items()
                    ],
                )
                for entity in keys
            ],
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[AlterClientQuotasResponse], keys: Sequence[ClientQuotaEntity]
    ) -> dict[ClientQuotaEntity, KafkaError | None]:
        """Return, by entity, why its quotas were not changed; ``None`` if they were."""
        del keys
        found: dict[ClientQuotaEntity, KafkaError | None] = {}
        for entry in answer.response.entries:
            entity = entity_of((part.entity_type, part.entity_name) for part in entry.entity)
            code, text = entry.error_code, entry.error_message
            found[entity] = answer.error(code, text, f"{self.noun} {entity}") if code else None
        return found
