"""What configs mean, in a line each, for DescribeConfigs with documentation.  Pure."""

from __future__ import annotations

TOPIC_DOCS: dict[str, str] = {
    "cleanup.policy": (
        "What becomes of old records: delete them by age and size, or compact to the last "
        "record of each key. A list; empty keeps everything."
    ),
    "compression.gzip.level": "Level for gzip, when this topic's compression.type is gzip.",
    "compression.lz4.level": "Level for lz4, when this topic's compression.type is lz4.",
    "compression.type": "Codec batches are stored with; 'producer' keeps the one they came with.",
    "compression.zstd.level": "Level for zstd, when this topic's compression.type is zstd.",
    "delete.retention.ms": "How long a tombstone stays in a compacted topic, in milliseconds.",
    "errors.deadletterqueue.group.enable": (
        "Whether share groups may use this topic as a dead letter queue."
    ),
    "file.delete.delay.ms": "How long a deleted segment's files stay on disk, in milliseconds.",
    "flush.messages": "Force data to disk after this many records.",
    "flush.ms": "Force data to disk after this many milliseconds.",
    "follower.replication.throttled.replicas": (
        "Followers whose replication is throttled: partition:broker pairs, or * for all."
    ),
    "index.interval.bytes": "Bytes of log between two entries of the offset index.",
    "leader.replication.throttled.replicas": (
        "Leaders whose replication is throttled: partition:broker pairs, or * for all."
    ),
    "local.retention.bytes": (
        "Size of the local part of a tiered partition; -2 takes retention.bytes."
    ),
    "local.retention.ms": "Age of the local part of a tiered partition; -2 takes retention.ms.",
    "max.compaction.lag.ms": "A record is compacted at the latest after this many milliseconds.",
    "max.decompressed.message.bytes": "Largest size of one batch after decompression.",
    "max.message.bytes": "Largest batch that is accepted, after compression, in bytes.",
    "message.timestamp.after.max.ms": (
        "How far a record's timestamp may be ahead of the broker's clock."
    ),
    "message.timestamp.before.max.ms": (
        "How far a record's timestamp may be behind the broker's clock."
    ),
    "message.timestamp.type": "Whether records keep the producer's time or get the broker's.",
    "min.cleanable.dirty.ratio": (
        "Share of the log that is not compacted yet before the cleaner takes it up."
    ),
    "min.compaction.lag.ms": "A record is not compacted before this many milliseconds.",
    "min.insync.replicas": "In-sync replicas there must be for a write with acks=all.",
    "preallocate": "Whether a new segment's file gets its full size at once.",
    "remote.copy.lag.bytes": (
        "Bytes a segment must lie behind the active one before it is copied to remote "
        "storage; -1 for no delay by size."
    ),
    "remote.copy.lag.ms": "Milliseconds before a closed segment is copied to remote storage.",
    "remote.log.copy.disable": "Whether a tiered topic stops copying to remote storage.",
    "remote.log.delete.on.disable": (
        "Whether remote data is deleted when tiered storage is switched off."
    ),
    "remote.storage.enable": "Whether the topic uses tiered storage.",
    "retention.bytes": (
        "Size a partition may reach before old segments are deleted; -1 for no limit."
    ),
    "retention.ms": "Age at which old segments are deleted; -1 for no limit.",
    "segment.bytes": "Size of a segment file.",
    "segment.index.bytes": "Size of the index that belongs to a segment.",
    "segment.jitter.ms": (
        "Random time taken off segment.ms, so that partitions do not roll together."
    ),
    "segment.ms": "Age at which a segment is closed even if it is not full.",
    "unclean.leader.election.enable": (
        "Whether a replica that is not in sync may become leader, at the price of records."
    ),
}

GROUP_DOCS: dict[str, str] = {
    "consumer.assignment.interval.ms": (
        "Shortest time between two assignments of a group (consumer protocol)."
    ),
    "consumer.heartbeat.interval.ms": (
        "How often members are told to send heartbeats (consumer protocol)."
    ),
    "consumer.session.timeout.ms": (
        "A member that is silent for longer leaves the group (consumer protocol)."
    ),
    "errors.deadletterqueue.copy.record.enable": (
        "Whether the dead letter queue gets the record, not only where it was."
    ),
    "errors.deadletterqueue.topic.name": "Topic that gets the records the share group gave up.",
    "share.assignment.interval.ms": "Shortest time between two assignments of the share group.",
    "share.auto.offset.reset": (
        "Where a share group begins: earliest, latest or by_duration:PnDTnHnMn.nS."
    ),
    "share.delivery.count.limit": (
        "How often a record is delivered to the share group before it is given up."
    ),
    "share.heartbeat.interval.ms": (
        "How often members of the share group are told to send heartbeats."
    ),
    "share.isolation.level": (
        "Whether the share group reads records of open and aborted transactions."
    ),
    "share.partition.max.record.locks": "Records of one partition that may be locked at a time.",
    "share.record.lock.duration.ms": "How long an acquired record is locked for its consumer.",
    "share.renew.acknowledge.enable": "Whether members may renew the lock of a record.",
    "share.session.timeout.ms": "A member that is silent for longer leaves the share group.",
    "streams.assignment.interval.ms": "Shortest time between two assignments of the streams group.",
    "streams.assignor.name": "Task assignor of the streams group.",
    "streams.heartbeat.interval.ms": (
        "How often members of the streams group are told to send heartbeats."
    ),
    "streams.initial.rebalance.delay.ms": (
        "How long an empty streams group waits for company before it assigns."
    ),
    "streams.num.standby.replicas": "Standby replicas of each task with state.",
    "streams.rack.aware.assignment.tags": "Client tags over which standby replicas are spread.",
    "streams.session.timeout.ms": "A member that is silent for longer leaves the streams group.",
}

# Those that stand for a topic config are found in `TOPIC_DOCS`.
BROKER_DOCS: dict[str, str] = {
    "add.partitions.to.txn.retry.backoff.max.ms": (
        "Longest time the server retries to add partitions to a transaction."
    ),
    "add.partitions.to.txn.retry.backoff.ms": (
        "Pause before the server retries to add partitions to a transaction."
    ),
    "advertised.listeners": "Addresses that clients are told.",
    "alter.config.policy.class.name": "Class that may veto changes of configs.",
    "authorizer.class.name": "Class that checks who may do what; empty allows everything.",
    "auto.create.topics.enable": (
        "Whether a topic is created when it is asked for and does not exist."
    ),
    "auto.leader.rebalance.enable": "Whether preferred leaders are elected again by and by.",
    "background.threads": "Threads for work in the background.",
    "broker.heartbeat.interval.ms": "How often a broker tells the controller that it is alive.",
    "broker.id": "Id of this broker; the same as node.id.",
    "broker.rack": "Rack this broker stands in.",
    "broker.session.timeout.ms": "A broker that is silent for longer is fenced by the controller.",
    "client.quota.callback.class": "Class that decides about quotas.",
    "connections.max.idle.ms": "Connections that are idle for longer are closed.",
    "connections.max.reauth.ms": (
        "SASL connections must authenticate again within this time; 0 for never."
    ),
    "controller.listener.names": "Listeners of the controller.",
    "controller.quorum.bootstrap.servers": "Addresses to find the controllers at.",
    "controller.quorum.voters": "Controllers of a static quorum: id@host:port.",
    "create.topic.policy.class.name": "Class that may veto the creation of topics.",
    "default.replication.factor": "Replicas of a topic that is created without saying how many.",
    "delegation.token.expiry.time.ms": "Time after which a delegation token must be renewed.",
    "delegation.token.max.lifetime.ms": "Longest life of a delegation token.",
    "delegation.token.secret.key": "Secret that delegation tokens are made with.",
    "delete.topic.enable": "Whether topics can be deleted.",
    "fetch.max.bytes": "Largest answer to a fetch.",
    "group.consumer.assignors": "Assignors of the consumer protocol; the first is the default.",
    "group.consumer.heartbeat.interval.ms": (
        "How often members are told to send heartbeats (consumer protocol)."
    ),
    "group.consumer.max.heartbeat.interval.ms": "Upper bound of consumer.heartbeat.interval.ms.",
    "group.consumer.max.session.timeout.ms": "Upper bound of consumer.session.timeout.ms.",
    "group.consumer.max.size": "Members a group of the consumer protocol may have.",
    "group.consumer.migration.policy": (
        "Which ways groups may change between the classic and the consumer protocol."
    ),
    "group.consumer.min.heartbeat.interval.ms": "Lower bound of consumer.heartbeat.interval.ms.",
    "group.consumer.min.session.timeout.ms": "Lower bound of consumer.session.timeout.ms.",
    "group.consumer.session.timeout.ms": (
        "A member that is silent for longer leaves the group (consumer protocol)."
    ),
    "group.coordinator.rebalance.protocols": "Group protocols this broker coordinates.",
    "group.coordinator.threads": "Threads of the group coordinator.",
    "group.initial.rebalance.delay.ms": (
        "How long the first rebalance of an empty classic group waits for company."
    ),
    "group.max.session.timeout.ms": "Longest session timeout of a classic member.",
    "group.max.size": "Members a classic group may have.",
    "group.min.session.timeout.ms": "Shortest session timeout of a classic member.",
    "inter.broker.listener.name": "Listener for traffic between brokers.",
    "leader.imbalance.check.interval.seconds": (
        "How often it is checked whether preferred leaders lead."
    ),
    "listener.security.protocol.map": "Security protocol of each listener name.",
    "listeners": "Addresses this broker listens on.",
    "log.cleaner.backoff.ms": "Pause of a cleaner that found nothing to do.",
    "log.cleaner.dedupe.buffer.size": "Memory of all cleaners for the keys they compare.",
    "log.cleaner.enable": "Whether compacted topics are compacted.",
    "log.cleaner.threads": "Threads that compact.",
    "log.dir": "Directory for log data, if log.dirs is not set.",
    "log.dirs": "Directories for log data.",
    "log.retention.check.interval.ms": "How often it is checked which segments are to be deleted.",
    "log.retention.hours": (
        "Like log.retention.ms, in hours; counts when neither ms nor minutes are set."
    ),
    "log.retention.minutes": "Like log.retention.ms, in minutes; counts when ms is not set.",
    "log.roll.hours": "Like log.roll.ms, in hours; counts when ms is not set.",
    "log.roll.jitter.hours": "Like log.roll.jitter.ms, in hours; counts when ms is not set.",
    "max.connection.creation.rate": "New connections accepted in a second.",
    "max.connections": "Connections there may be in all.",
    "max.connections.per.ip": "Connections there may be from one address.",
    "max.connections.per.ip.overrides": "Limits for single addresses: host:number pairs.",
    "max.incremental.fetch.session.cache.slots": "Incremental fetch sessions that are kept.",
    "max.request.partition.size.limit": (
        "Partitions one answer of DescribeTopicPartitions may have."
    ),
    "metric.reporters": "Classes that report metrics.",
    "metrics.num.samples": "Samples a metric is computed from.",
    "metrics.recording.level": "Which metrics are recorded.",
    "metrics.sample.window.ms": "Length of one sample of a metric.",
    "node.id": "Id of this node.",
    "num.io.threads": "Threads that handle requests.",
    "num.network.threads": "Threads that read requests and write answers.",
    "num.partitions": "Partitions of a topic that is created without saying how many.",
    "num.recovery.threads.per.data.dir": "Threads per directory that load logs at the start.",
    "num.replica.fetchers": "Threads that replicate from each other broker.",
    "offset.metadata.max.bytes": "Largest metadata that may be committed with an offset.",
    "offsets.retention.check.interval.ms": "How often it is checked which offsets are too old.",
    "offsets.retention.minutes": "How long offsets of a group without members are kept.",
    "offsets.topic.num.partitions": "Partitions of the topic that keeps committed offsets.",
    "offsets.topic.replication.factor": "Replicas of the topic that keeps committed offsets.",
    "offsets.topic.segment.bytes": "Segment size of the topic that keeps committed offsets.",
    "principal.builder.class": "Class that makes a principal of an authenticated connection.",
    "process.roles": "Whether this node is broker, controller or both.",
    "producer.id.expiration.ms": "A producer id that is silent for longer is forgotten.",
    "queued.max.requests": "Requests that may wait before no more are read.",
    "quota.window.num": "Samples a client's rate is computed from.",
    "quota.window.size.seconds": "Length of one such sample.",
    "replica.fetch.max.bytes": "Bytes a follower tries to fetch of each partition.",
    "replica.fetch.wait.max.ms": "How long a follower's fetch waits for data.",
    "replica.lag.time.max.ms": "A follower that lags for longer leaves the in-sync replicas.",
    "replica.selector.class": "Class that picks the replica a consumer reads from.",
    "request.timeout.ms": "How long this broker waits for an answer when it is the client.",
    "sasl.enabled.mechanisms": "SASL mechanisms that are offered.",
    "sasl.jaas.config": "Login data for SASL.",
    "sasl.mechanism.inter.broker.protocol": "SASL mechanism between brokers.",
    "security.inter.broker.protocol": "Security protocol between brokers.",
    "socket.connection.setup.timeout.ms": "How long a connection may take to be set up.",
    "socket.listen.backlog.size": "Connections that may wait to be accepted.",
    "socket.receive.buffer.bytes": "Receive buffer of a socket; -1 for the system's choice.",
    "socket.request.max.bytes": "Largest request that is read.",
    "socket.send.buffer.bytes": "Send buffer of a socket; -1 for the system's choice.",
    "ssl.client.auth": "Whether clients must show a certificate.",
    "ssl.enabled.protocols": "Versions of TLS that are allowed.",
    "ssl.key.password": "Password of the private key.",
    "ssl.keystore.location": "File with the broker's key and certificate.",
    "ssl.keystore.password": "Password of the key store.",
    "ssl.keystore.type": "Format of the key store.",
    "ssl.truststore.location": "File with the certificates that are trusted.",
    "ssl.truststore.password": "Password of the trust store.",
    "ssl.truststore.type": "Format of the trust store.",
    "telemetry.max.bytes": "Largest payload of client metrics, uncompressed.",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": (
        "How often transactions that timed out are aborted."
    ),
    "transaction.max.timeout.ms": "Longest transaction timeout a producer may ask for.",
    "transaction.partition.verification.enable": (
        "Whether it is checked that a partition is part of the transaction written to it."
    ),
    "transaction.state.log.min.isr": "min.insync.replicas of the topic that keeps transactions.",
    "transaction.state.log.num.partitions": "Partitions of the topic that keeps transactions.",
    "transaction.state.log.replication.factor": "Replicas of the topic that keeps transactions.",
    "transaction.two.phase.commit.enable": "Whether producers may take part in two-phase commits.",
    "transactional.id.expiration.ms": "A transactional id that is silent for longer is forgotten.",
}
