"""The blocking admin client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Never, Self

from kafka._base.lifetime import Lifetime
from kafka._base.loop_thread import EventLoopThread
from kafka.admin.admin import Admin, options_of
from kafka.admin.binding import asks, deprecated
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
from kafka.errors import IllegalStateError, KafkaConfigurationError, KafkaError
from kafka.metrics.sensors import by_raw
from kafka.sync.facade import GRACE, Facade, local

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Unpack

    from kafka.client_async import KafkaClient
    from kafka.config.typed import AdminOptions
    from kafka.future import Future
    from kafka.low_level.client_link import NodeId
    from kafka.low_level.outgoing import AnyRequest


class KafkaAdminClient(Facade[Admin]):
    """Manage a Kafka cluster. Safe to share between threads.

    Args:
        *positional: none: options are keywords.
        **configs: the options of every client, see the page on options.

    Raises:
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: a value of the wrong type.
    """

    __module__ = "kafka"  # where programs import it from
    __signature__ = OptionsSignature(AdminConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = AdminConfig.default_config()

    def __init__(self, *positional: Never, **configs: Unpack[AdminOptions]) -> None:
        configs = AdminConfig.sealed(configs)  # first, so that no frame shows them
        try:
            options = options_of(type(self).__name__, positional, configs)
            self._admin = admin = Admin(type(self).__name__, options)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        super().__init__(admin, EventLoopThread(f"kafka-{options.client_id}-io"))
        self.config = admin.config
        self._lifetime = Lifetime(self._thread, on_fork=self._after_fork)
        self._thread.start()
        try:
            self._thread.call(admin.start(), options.bootstrap_timeout + GRACE)
        except BaseException as error:
            admin.closed = True
            self._thread.stop()
            if isinstance(error, KafkaError):
                raise error.with_traceback(None) from error.__cause__  # as above
            raise

    # -- topics ------------------------------------------------------------------------------

    create_topics = asks(topics.create_topics)
    delete_topics = asks(topics.delete_topics)
    create_partitions = asks(topics.create_partitions)
    list_topics = asks(topics.list_topics)
    describe_topics = asks(topics.describe_topics)
    describe_topic_partitions = asks(topics.describe_topic_partitions)
    wait_for_topics = asks(topics.wait_for_topics)

    # -- partitions --------------------------------------------------------------------------

    delete_records = asks(partitions.delete_records)
    list_partition_offsets = asks(partitions.list_partition_offsets)
    elect_leaders = asks(partitions.elect_leaders)
    perform_leader_election = asks(partitions.perform_leader_election)
    alter_partition_reassignments = asks(partitions.alter_partition_reassignments)
    list_partition_reassignments = asks(partitions.list_partition_reassignments)

    # -- configs -----------------------------------------------------------------------------

    describe_configs = asks(configs.describe_configs)
    alter_configs = asks(configs.alter_configs)
    reset_configs = asks(configs.reset_configs)
    list_config_resources = asks(configs.list_config_resources)
    describe_client_quotas = asks(client_quotas.describe_client_quotas)
    alter_client_quotas = asks(client_quotas.alter_client_quotas)

    # -- cluster -----------------------------------------------------------------------------

    describe_cluster = asks(cluster.describe_cluster)
    describe_log_dirs = asks(log_dirs.describe_log_dirs)
    alter_replica_log_dirs = asks(log_dirs.alter_replica_log_dirs)
    describe_metadata_quorum = asks(cluster.describe_metadata_quorum)
    describe_features = asks(cluster.describe_features)
    update_features = asks(cluster.update_features)
    api_versions = asks(cluster.api_versions)
    get_broker_version_data = asks(cluster.get_broker_version_data)
    send_request = deprecated(asks(cluster.send_request), cluster.SEND_REQUEST_IS_OLD)
    send_requests = deprecated(asks(cluster.send_requests), cluster.SEND_REQUEST_IS_OLD)

    # -- security ----------------------------------------------------------------------------

    create_acls = asks(security.create_acls)
    describe_acls = asks(security.describe_acls)
    delete_acls = asks(security.delete_acls)
    alter_user_scram_credentials = asks(security.alter_user_scram_credentials)
    describe_user_scram_credentials = asks(security.describe_user_scram_credentials)

    # -- groups ------------------------------------------------------------------------------

    list_groups = asks(groups.list_groups)
    describe_groups = asks(groups.describe_groups)
    delete_groups = asks(groups.delete_groups)
    remove_group_members = asks(groups.remove_group_members)
    list_group_offsets = asks(group_offsets.list_group_offsets)
    alter_group_offsets = asks(group_offsets.alter_group_offsets)
    delete_group_offsets = asks(group_offsets.delete_group_offsets)
    reset_group_offsets = asks(group_offsets.reset_group_offsets)
    list_group_lag = asks(group_offsets.list_group_lag)
    copy_group_offsets = asks(group_offsets.copy_group_offsets)
    list_consumer_groups = asks(groups.list_consumer_groups)
    describe_consumer_groups = asks(groups.describe_consumer_groups)
    delete_consumer_groups = asks(groups.delete_consumer_groups)
    list_consumer_group_offsets = asks(group_offsets.list_consumer_group_offsets)

    # -- transactions ------------------------------------------------------------------------

    list_transactions = asks(transactions.list_transactions)
    describe_transactions = asks(transactions.describe_transactions)
    describe_producers = asks(transactions.describe_producers)
    abort_transaction = asks(transactions.abort_transaction)
    find_hanging_transactions = asks(transactions.find_hanging_transactions)

    # -- for programs that talk to brokers through the client --------------------------------

    @property
    def _client(self) -> KafkaClient:
        """The network of this client; the page "Probing a broker" describes it."""
        # Few programs do.
        from kafka.client_doors import Network, door  # noqa: PLC0415

        own = self._admin
        return door(self, Network(self._thread, own.net, own.options.network(), own.security))

    def _send_request_to_node(
        self,
        node_id: NodeId,
        request: AnyRequest,
        wakeup: bool = True,  # noqa: ARG002 - kafka-python's signature
    ) -> Future:
        """Connect to a node and send it a request; the future is for `_wait_for_futures`."""
        return self._client.send_when_ready(node_id, request)

    def _wait_for_futures(self, futures: Iterable[Future]) -> None:
        """Wait until all are resolved; raise the error of the first that failed."""
        self._client.wait_for(futures)

    # Any: the versions of a request.
    def _matching_api_version(self, operation: Any) -> int:
        """Return the highest version of a request that the brokers and this package speak."""
        return self._client.api_version(operation)

    # -- life --------------------------------------------------------------------------------

    metrics = by_raw(local(Admin.metrics))

    def close(self) -> None:
        """Disconnect. May be called again; all other calls raise `IllegalStateError` after it."""
        self._admin.closed = True
        try:
            if self._thread.is_running:
                self._thread.call(self._admin.close(), GRACE)
        except IllegalStateError:
            pass  # another thread has closed it at the same time
        finally:
            self._lifetime.on_closed()
            self._thread.stop()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        self.close()

    def __del__(self) -> None:
        """Warn if the client was not closed, and close its connections."""
        lifetime: Lifetime | None = self.__dict__.get("_lifetime")  # None: options refused
        if lifetime is not None and not self._admin.closed:
            lifetime.on_collected(self, self._admin.close)

    def _after_fork(self) -> Admin:
        """Return what the child must keep: closing it would disturb the parent."""
        return self._admin

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._admin)
