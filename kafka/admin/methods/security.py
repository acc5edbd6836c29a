"""Methods about ACLs and SCRAM credentials."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from kafka._base.blocking_work import BlockingWork
from kafka.admin import arguments
from kafka.admin.acl_arguments import checked_acls, checked_filter, checked_filters
from kafka.admin.failures import settle
from kafka.admin.lost_answers import done_before
from kafka.admin.operation import Every, Outcome
from kafka.admin.operations.acls import CreateAcls, DeleteAcls, DescribeAcls
from kafka.admin.operations.scram import AlterScram, DescribeScram, hashed
from kafka.admin.request_size import sliced
from kafka.admin.scram_credentials import checked_alterations, in_waves
from kafka.admin.security_results import (
    AlterScramResult,
    CreateAclsResult,
    delete_acls_result,
    scram_view,
)
from kafka.errors import KafkaTimeoutError, NoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kafka._base.deadline import Deadline
    from kafka.admin.acl_resource import ACL, ACLFilter
    from kafka.admin.admin import Admin
    from kafka.admin.operations.scram import Changes
    from kafka.admin.scram_credentials import Alteration
    from kafka.admin.security_results import DeletedAcls, UserScramView
    from kafka.errors import KafkaError

# As long as the output of the smaller hash; RFC 5802 leaves it open.
_SALT_BYTES: Final = 32
# Half a second's work at the most iterations: what is hashed does not wait for many others.
_HASHED_AT_ONCE: Final = 32


async def create_acls(
    admin: Admin, acls: ACL | Iterable[ACL], *, timeout_ms: float | None = None
) -> CreateAclsResult:
    """Create ACLs; one that is there already is created without effect.

    Args:
        acls: the rules.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{'succeeded': [ACL], 'failed': [error class]}``; ``errors`` of the result has the errors
        by ACL.

    Raises:
        KafkaError: no broker has answered.
    """
    rules = checked_acls(acls)
    outcome = await admin.run(CreateAcls(), rules, admin.deadline(timeout_ms))
    result = CreateAclsResult(outcome, rules)
    settle(outcome, result, raise_errors=False)
    return result


async def describe_acls(
    admin: Admin, acl_filter: ACLFilter, *, timeout_ms: float | None = None
) -> tuple[list[ACL], type[KafkaError]]:
    """Return the ACLs that a filter matches.

    Args:
        acl_filter: which.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        The ACLs and `NoError`; errors are raised.
    """
    wanted = checked_filter("acl_filter", acl_filter)
    outcome = await admin.run(DescribeAcls(), [wanted], admin.deadline(timeout_ms))
    settle(outcome, None)
    return outcome.results[wanted], NoError


async def delete_acls(
    admin: Admin, acl_filters: ACLFilter | Iterable[ACLFilter], *, timeout_ms: float | None = None
) -> list[DeletedAcls]:
    """Delete the ACLs that filters match.

    Args:
        acl_filters: which.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        For each filter a tuple: the filter, the ACLs deleted, the class of its error or `NoError`.
        If an answer is lost the request is sent again, and filters that match nothing any more
        count as done. What the first request has deleted is not among the ACLs then: brokers do
        not tell. Whoever has to know calls `describe_acls` before.

    Raises:
        KafkaError: no broker has answered.
    """
    wanted = checked_filters("acl_filters", acl_filters)
    outcome = await admin.run(DeleteAcls(), wanted, admin.deadline(timeout_ms))
    result = delete_acls_result(outcome, wanted)
    settle(outcome, result, raise_errors=False)
    return result


async def alter_user_scram_credentials(
    admin: Admin,
    alterations: Alteration | Iterable[Alteration],
    *,
    timeout_ms: float | None = None,
) -> AlterScramResult:
    """Set and delete passwords for SCRAM (KIP-554).

    Passwords are hashed here; brokers get the hashes. Alterations of one user are made one after
    the other, as brokers take one of each user at a time; after one that fails, the next ones of
    this user are not made.

    Args:
        alterations: what to do.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        By user ``None``, or the first error in words; ``errors`` of the result has the errors.

    Raises:
        UnsupportedVersionError: the brokers are older than 2.7.
        KafkaError: no broker has answered.
    """
    checked = checked_alterations(alterations)
    deadline = admin.deadline(timeout_ms)
    done: dict[str, None] = {}
    errors: dict[str, KafkaError] = {}
    with _hasher(admin) as hasher:
        for part in _parts(checked):
            # What follows a failure was asked for in the belief that all before it is done.
            wanted = [alteration for alteration in part if alteration.user not in errors]
            outcome = await _altered(admin, wanted, deadline, hasher)
            done |= outcome.results
            errors |= outcome.errors
    total = Outcome({user: None for user in done if user not in errors}, errors, frozenset[str]())
    result = AlterScramResult(total, [alteration.user for alteration in checked])
    settle(total, result, raise_errors=False)
    return result


async def describe_user_scram_credentials(
    admin: Admin, users: Iterable[str] | str | None = None, *, timeout_ms: float | None = None
) -> dict[str, UserScramView]:
    """Return which SCRAM credentials users have (KIP-554).

    Args:
        users: their names, or one name; ``None`` for all.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Returns:
        ``{user: {'error': None, 'credential_infos': [{'mechanism': ..., 'iterations': ...}]}}``;
        a user without credentials has an error.

    Raises:
        UnsupportedVersionError: the brokers are older than 2.7.
    """
    names = None if users is None else arguments.names("users", users)
    keys: Sequence[str | Every] = [Every.USERS] if names is None else names
    outcome = await admin.run(DescribeScram(), keys, admin.deadline(timeout_ms))
    views = {
        user: scram_view(found)
        for described in outcome.results.values()
        for user, found in described.items()
    }
    settle(outcome, views)
    return views


def _parts(alterations: list[Alteration]) -> Iterator[Sequence[Alteration]]:
    """Divide *alterations* so that what is hashed goes out before the next is hashed."""
    for wave in in_waves(alterations):
        yield from sliced(wave, _HASHED_AT_ONCE)


class _Hasher:
    """Hash passwords on a thread, so that the loop goes on.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._work = BlockingWork(name)
        self._is_wanted = True

    async def hash(self, alterations: Sequence[Alteration], deadline: Deadline) -> Changes:
        """Return what brokers are told; raises `TimeoutError` at *deadline*."""
        make_salt = partial(secrets.token_bytes, _SALT_BYTES)
        async with asyncio.timeout_at(deadline.timeout_at):
            return await self._work.run(
                partial(hashed, alterations, make_salt, lambda: self._is_wanted)
            )

    def close(self) -> None:
        """Let the thread end after the password that it hashes."""
        self._is_wanted = False
        self._work.close()


@contextmanager
def _hasher(admin: Admin) -> Iterator[_Hasher]:
    hasher = _Hasher(f"kafka-{admin.options.client_id}-hash")
    try:
        yield hasher
    finally:
        hasher.close()


async def _altered(
    admin: Admin, part: Sequence[Alteration], deadline: Deadline, hasher: _Hasher
) -> Outcome[str, None]:
    """Make alterations of different users."""
    if deadline.is_expired(admin.net.runtime.clock.now()):
        return _too_late(part)
    try:
        changes = await hasher.hash(part, deadline)
    except TimeoutError:
        return _too_late(part)
    outcome = await admin.run(AlterScram(changes), changes, deadline)
    return done_before("AlterUserScramCredentials", outcome, lambda _user: None)


def _too_late(part: Iterable[Alteration]) -> Outcome[str, None]:
    errors: dict[str, KafkaError] = {
        alteration.user: KafkaTimeoutError(
            f"SCRAM credentials of user {alteration.user}: the password was not hashed in time, "
            "and nothing is altered; alter fewer at once, or raise timeout_ms"
        )
        for alteration in part
    }
    return Outcome({}, errors, frozenset())
