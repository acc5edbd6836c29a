"""Check what users say of ACLs, beyond what their classes check.  Pure.

A value of 0 must not be sent: a broker cannot read the request then, and ends the connection.
"""

from __future__ import annotations

from collections.abc import Iterable

from kafka.admin import arguments
from kafka.admin.acl_resource import ACL, ACLFilter
from kafka.errors import IllegalArgumentError


def checked_acls(acls: object) -> list[ACL]:
    """Return the ACLs to create, each once.

    Raises:
        TypeError: not a list.
        IllegalArgumentError: what is in it is no ACL, or has an unknown value.
        ValueError: there is none.
    """
    if isinstance(acls, ACLFilter):
        acls = [acls]
    found: list[ACL] = []
    for acl in _listed("acls", acls, "ACL"):
        if not isinstance(acl, ACL):
            raise IllegalArgumentError(f"acls must contain ACL objects, not {acl!r}")
        found.append(acl)
        _check_known("acls", acl)
    return list(dict.fromkeys(arguments.not_empty("acls", found)))


def checked_filters(argument: str, filters: object) -> list[ACLFilter]:
    """Return the filters, each once; an ACL is a filter for itself.

    Raises:
        TypeError: not a list.
        IllegalArgumentError: what is in it is no filter, or has an unknown value.
        ValueError: there is none.
    """
    if isinstance(filters, ACLFilter):
        filters = [filters]
    found = [checked_filter(argument, one) for one in _listed(argument, filters, "ACLFilter")]
    return list(dict.fromkeys(arguments.not_empty(argument, found)))


def checked_filter(argument: str, given: object) -> ACLFilter:
    """Return a filter.

    Raises:
        IllegalArgumentError: it is none, or has an unknown value.
    """
    if not isinstance(given, ACLFilter):
        raise IllegalArgumentError(f"{argument} must be an ACLFilter object, not {given!r}")
    _check_known(argument, given)
    return given


def _listed(argument: str, given: object, what: str) -> Iterable[object]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be a list of {what} objects, not {given!r}")
    return given


def _check_known(argument: str, acl: ACLFilter) -> None:
    pattern = acl.resource_pattern
    values = {
        "operation": acl.operation,
        "permission_type": acl.permission_type,
        "resource_type": pattern.resource_type,
        "pattern_type": pattern.pattern_type,
    }
    for name, value in values.items():
        if not value:
            raise IllegalArgumentError(f"{argument}: {name} of {acl!r} must not be UNKNOWN")
