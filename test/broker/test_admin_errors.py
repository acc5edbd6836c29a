"""What becomes of each error that a broker can report to the admin client.

`admin_verdicts.txt` has a row for each error of each API, which says what the client does about it
the first time: it *fails* the key at once, asks *again*, or *looks up* the node and asks again.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import BrokerResponseError, KafkaError, for_code
from kafka.structs import OffsetAndMetadata
from kafka.testing import Fail
from test.support.admin_errors import ROWS, T0
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster

NOTE = Path(__file__).with_name("admin_verdicts.txt")
FAILS = "fails"
CONFIG = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
LOOK_UPS = ("Metadata", "FindCoordinator", "DescribeCluster")


def is_failed(found: object, error: type[BrokerResponseError]) -> bool:
    """Return whether a value tells of the error: by class, code or text."""
    text, told = repr(found), error.description.rstrip(".")
    words = (error.__name__, f"'error_code': {error.errno},", f"[Error {error.errno}]", told)
    return any(word in text for word in words)


async def verdict(
    cluster: EmbeddedCluster, admin: AsyncKafkaAdminClient, name: str, code: int
) -> str:
    """Return what comes of one error."""
    error = for_code(code)
    assert issubclass(error, BrokerResponseError)
    row = ROWS[name]
    api = row.api or name
    cluster.inject(api, Fail(error), topic=row.topic)
    before = len(cluster.requests())
    try:
        failed = is_failed(await row.call(admin), error)
    except KafkaError as raised:
        # The transaction that is asked for is not there.
        failed = isinstance(raised, error)
    came = [seen.request.NAME for seen in cluster.requests()][before:]
    if failed:
        return FAILS
    first = came.index(api)
    again = came.index(api, first + 1)
    return "looks up" if set(LOOK_UPS) & set(came[first + 1 : again]) - {api} else "again"


@asynccontextmanager
async def cluster_and_admin() -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    async with (
        cluster_of(topics={"t": 2, "d": 1}, config=CONFIG) as cluster,
        AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        await admin.alter_group_offsets("g", {T0: OffsetAndMetadata(0)})
        yield cluster, admin


async def verdicts(api: str) -> dict[str, str]:
    """Return what comes of each error of an API."""
    found: dict[str, str] = {}
    codes = list(ROWS[api].codes)
    while codes:
        # A call that fails changes nothing, so the next one can follow in the same cluster.
        async with cluster_and_admin() as (cluster, admin):
            while codes:
                code = codes.pop(0)
                name = f"{api} {for_code(code).__name__}"
                found[name] = await verdict(cluster, admin, api, code)
                if found[name] != FAILS:
                    break
    return found


@pytest.mark.parametrize("api", ROWS)
async def test_each_error_has_its_verdict(api: str) -> None:
    expected = dict(
        line.split(": ") for line in NOTE.read_text().splitlines() if line.startswith(f"{api} ")
    )
    assert await verdicts(api) == expected
