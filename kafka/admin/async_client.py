"""The admin client for asyncio programs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar, Never, Self

from kafka.admin.admin import Admin, options_of
from kafka.admin.binding import awaits, deprecated
from kafka.admin.methods import (
    client_quotas,
    cluster,
    configs,
    group_offsets,
    groups,
    log_dirs,
    partitions,
    security,
    topics,
    transactions,
)
from kafka.config.admin import AdminConfig
from kafka.config.signature import OptionsSignature
from kafka.errors import KafkaConfigurationError, KafkaError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Unpack

    from kafka.config.typed import AdminOptions


class AsyncKafkaAdminClient:
    """Manage a Kafka cluster from an event loop.

    Use it as ``async with AsyncKafkaAdminClient(...) as admin``. One client serves all tasks of its
    loop; a call that is cancelled leaves it usable.

    Args:
        *positional: none: options are keywords.
        **configs: the options of every client, see the page on options.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: a value of the wrong type.
    """

    __module__ = "kafka.aio"  # where programs import it from
    __signature__ = OptionsSignature(AdminConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = AdminConfig.default_config()

    def __init__(self, *positional: Never, **configs: Unpack[AdminOptions]) -> None:
        configs = AdminConfig.sealed(configs)  # first, so that no frame shows them
        try:
            options = options_of(type(self).__name__, positional, configs)
            self._admin = Admin(type(self).__name__, options)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        self.config = self._admin.config

    # -- topics ------------------------------------------------------------------------------

    create_topics = awaits(topics.create_topics)
    delete_topics = awaits(topics.delete_topics)
    create_partitions = awaits(topics.create_partitions)
    list_topics = awaits(topics.list_topics)
    describe_topics = awaits(topics.describe_topics)
    describe_topic_partitions = awaits(topics.describe_topic_partitions)
    wait_for_topics = awaits(topics.wait_for_topics)

    # -- partitions --------------------------------------------------------------------------

    delete_records = awaits(partitions.delete_records)
    list_partition_offsets = awaits(partitions.list_partition_offsets)
    elect_leaders = awaits(partitions.elect_leaders)
    perform_leader_election = awaits(partitions.perform_leader_election)
    alter_partition_reassignments = awaits(partitions.alter_partition_reassignments)
    list_partition_reassignments = awaits(partitions.list_partition_reassignments)

    # -- configs -----------------------------------------------------------------------------

    describe_configs = awaits(configs.describe_configs)
    alter_configs = awaits(configs.alter_configs)
    reset_configs = awaits(configs.reset_configs)
    list_config_resources = awaits(configs.list_config_resources)
    describe_client_quotas = awaits(client_quotas.describe_client_quotas)
    alter_client_quotas = awaits(client_quotas.alter_client_quotas)

    # -- cluster -----------------------------------------------------------------------------

    describe_cluster = awaits(cluster.describe_cluster)
    describe_log_dirs = awaits(log_dirs.describe_log_dirs)
    alter_replica_log_dirs = awaits(log_dirs.alter_replica_log_dirs)
    describe_metadata_quorum = awaits(cluster.describe_metadata_quorum)
    describe_features = awaits(cluster.describe_features)
    update_features = awaits(cluster.update_features)
    api_versions = awaits(cluster.api_versions)
    get_broker_version_data = awaits(cluster.get_broker_version_data)
    send_request = deprecated(awaits(cluster.send_request), cluster.SEND_REQUEST_IS_OLD)
    send_requests = deprecated(awaits(cluster.send_requests), cluster.SEND_REQUEST_IS_OLD)

    # -- security ----------------------------------------------------------------------------

    create_acls = awaits(security.create_acls)
    describe_acls = awaits(security.describe_acls)
    delete_acls = awaits(security.delete_acls)
    alter_user_scram_credentials = awaits(security.alter_user_scram_credentials)
    describe_user_scram_credentials = awaits(security.describe_user_scram_credentials)

    # -- groups ------------------------------------------------------------------------------

    list_groups = awaits(groups.list_groups)
    describe_groups = awaits(groups.describe_groups)
    delete_groups = awaits(groups.delete_groups)
    remove_group_members = awaits(groups.remove_group_members)
    list_group_offsets = awaits(group_offsets.list_group_offsets)
    alter_group_offsets = awaits(group_offsets.alter_group_offsets)
    delete_group_offsets = awaits(group_offsets.delete_group_offsets)
    reset_group_offsets = awaits(group_offsets.reset_group_offsets)
    list_group_lag = awaits(group_offsets.list_group_lag)
    copy_group_offsets = awaits(group_offsets.copy_group_offsets)
    list_consumer_groups = awaits(groups.list_consumer_groups)
    describe_consumer_groups = awaits(groups.describe_consumer_groups)
    delete_consumer_groups = awaits(groups.delete_consumer_groups)
    list_consumer_group_offsets = awaits(group_offsets.list_consumer_group_offsets)

    # -- transactions ------------------------------------------------------------------------

    list_transactions = awaits(transactions.list_transactions)
    describe_transactions = awaits(transactions.describe_transactions)
    describe_producers = awaits(transactions.describe_producers)
    abort_transaction = awaits(transactions.abort_transaction)
    find_hanging_transactions = awaits(transactions.find_hanging_transactions)

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find the cluster; called by ``async with``.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        try:
            await self._admin.start()
        except KafkaError as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__

    async def close(self) -> None:
        """Disconnect. May be called again; all other calls raise `IllegalStateError` after it."""
        self._admin.check_loop()
        await self._admin.close()

    def metrics(self, raw: bool = False) -> object:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return self._admin.metrics(raw)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    def __del__(self) -> None:
        """Warn about a client that was started and never closed."""
        admin: Admin | None = self.__dict__.get("_admin")  # None: options refused
        if admin is not None and admin.state == "OPEN":
            text = f"{self!r} was not closed: use 'async with', or await its close()"
            warnings.warn(text, ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._admin)
