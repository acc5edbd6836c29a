"""Methods about client quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin import arguments
from kafka.admin.client_quotas import checked_alterations, checked_filter
from kafka.admin.failures import settle
from kafka.admin.operations.client_quotas import AlterQuotas, DescribeQuotas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.admin.admin import Admin
    from kafka.admin.client_quotas import (
        ClientQuotaAlteration,
        ClientQuotaEntity,
        Filter,
        Ops,
        Quotas,
    )
    from kafka.errors import KafkaError


async def describe_client_quotas(
    admin: Admin,
    components: Filter | None = None,
    *,
    strict: bool = False,
    timeout_ms: float | None = None,
) -> Quotas:
    """Return the quotas that a filter selects (KIP-546).

    Args:
        components: a dict of type (``user``, ``client-id``, ``ip``) and name; the name ``None``
            asks for the default, `QuotaMatch.ANY` for any name. An entity must match all of them.
            ``None`` asks for all quotas.
        strict: whether entities must have no other types than *components*.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{ClientQuotaEntity({'user': 'alice'}): {'producer_byte_rate': 1048576.0}}``.

    Raises:
        UnsupportedVersionError: the broker is older than 2.6.
    """
    operation = DescribeQuotas(checked_filter(components), strict=arguments.flag("strict", strict))
    outcome = await admin.run(operation, [operation.key], admin.deadline(timeout_ms))
    settle(outcome, {})
    return outcome.results[operation.key]


async def alter_client_quotas(
    admin: Admin,
    alterations: Iterable[ClientQuotaAlteration] | Mapping[ClientQuotaEntity, Ops],
    *,
    validate_only: bool = False,
    timeout_ms: float | None = None,
    raise_errors: bool = True,
) -> dict[ClientQuotaEntity, KafkaError | None]:
    """Set and remove quotas (KIP-546).

    Args:
        alterations: what to change; also a dict of entity and changes.
        validate_only: check only, change nothing.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether to raise if the quotas of an entity could not be changed.

    Returns:
        By entity ``None``, or the error.

    Raises:
        UnsupportedVersionError: the broker is older than 2.6.
        KafkaError: the first failure; its ``results`` has what came of all entities.
    """
    checked = checked_alterations(alterations)
    raises = arguments.flag("raise_errors", raise_errors)
    operation = AlterQuotas(checked, validate_only=arguments.flag("validate_only", validate_only))
    outcome = await admin.run(operation, checked, admin.deadline(timeout_ms))
    result = {entity: outcome.errors.get(entity) for entity in checked}
    settle(outcome, result, raise_errors=raises)
    return result
