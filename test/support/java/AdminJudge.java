import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;

/**
 * Answers questions about a cluster with Java's own Admin, a JSON object a line, in and out.
 *
 * <p>A question is {"call": name, ...}; the answer {"result": ...} or {"error": class, "message"}.
 */
public class AdminJudge {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Admin admin;
    private final JsonNode asked;

    private AdminJudge(Admin admin, JsonNode asked) {
        this.admin = admin;
        this.asked = asked;
    }

    public static void main(String[] words) throws Exception {
        Properties settings = new Properties();
        for (int i = 0; i < words.length; i += 2) {
            settings.put(words[i], words[i + 1]);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Admin admin = Admin.create(settings)) {
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                out.println(JSON.writeValueAsString(answer(admin, JSON.readTree(line))));
            }
        }
    }

    private static Map<String, Object> answer(Admin admin, JsonNode asked) {
        Map<String, Object> answer = new HashMap<>();
        try {
            answer.put("result", new AdminJudge(admin, asked).call(asked.get("call").asText()));
        } catch (Exception error) {
            boolean wrapped = error instanceof ExecutionException && error.getCause() != null;
            Throwable cause = wrapped ? error.getCause() : error;
            answer.put("error", cause.getClass().getSimpleName());
            answer.put("message", String.valueOf(cause.getMessage()));
        }
        return answer;
    }

    private Object call(String name) throws Exception {
        return switch (name) {
            case "listTopics" -> listTopics();
            case "describeTopics" -> describeTopics();
            case "describeCluster" -> describeCluster();
            case "describeConfigs" -> describeConfigs();
            case "listConfigResources" -> listConfigResources();
            case "describeLogDirs" -> describeLogDirs();
            case "listOffsets" -> listOffsets();
            case "listPartitionReassignments" -> listPartitionReassignments();
            case "listGroups" -> listGroups();
            case "describeConsumerGroups" -> describeConsumerGroups();
            case "describeClassicGroups" -> describeClassicGroups();
            case "listConsumerGroupOffsets" -> listConsumerGroupOffsets();
            case "describeAcls" -> describeAcls();
            case "describeUserScramCredentials" -> describeUserScramCredentials();
            case "describeClientQuotas" -> describeClientQuotas();
            case "describeFeatures" -> describeFeatures();
            case "describeMetadataQuorum" -> describeMetadataQuorum();
            case "listTransactions" -> listTransactions();
            case "describeTransactions" -> describeTransactions();
            case "describeProducers" -> describeProducers();
            default -> throw new IllegalArgumentException("no call " + name);
        };
    }

    // -- arguments ------------------------------------------------------------------------------

    private List<String> texts(String field) {
        List<String> found = new ArrayList<>();
        asked.path(field).forEach(each -> found.add(each.asText()));
        return found;
    }

    private List<TopicPartition> partitions() {
        List<TopicPartition> found = new ArrayList<>();
        asked.path("partitions").forEach(each -> found.add(partition(each)));
        return found;
    }

    private static TopicPartition partition(JsonNode pair) {
        return new TopicPartition(pair.get(0).asText(), pair.get(1).asInt());
    }

    private static OffsetSpec spec(JsonNode named) {
        if (named.isNumber()) {
            return OffsetSpec.forTimestamp(named.asLong());
        }
        return switch (named.asText()) {
            case "earliest" -> OffsetSpec.earliest();
            case "latest" -> OffsetSpec.latest();
            case "max_timestamp" -> OffsetSpec.maxTimestamp();
            case "earliest_local" -> OffsetSpec.earliestLocal();
            case "latest_tiered" -> OffsetSpec.latestTiered();
            default -> throw new IllegalArgumentException("no spec " + named);
        };
    }

    // -- topics and partitions ------------------------------------------------------------------

    private Object listTopics() throws Exception {
        boolean internal = asked.path("internal").asBoolean(true);
        ListTopicsOptions options = new ListTopicsOptions().listInternal(internal);
        return new TreeSet<>(admin.listTopics(options).names().get());
    }

    private Object describeTopics() throws Exception {
        DescribeTopicsOptions options = new DescribeTopicsOptions();
        options.includeAuthorizedOperations(asked.path("operations").asBoolean(false));
        Map<String, Object> found = new TreeMap<>();
        for (TopicDescription topic :
                admin.describeTopics(texts("names"), options).allTopicNames().get().values()) {
            List<Object> partitions = new ArrayList<>();
            for (TopicPartitionInfo each : topic.partitions()) {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("partition_index", each.partition());
                row.put("leader_id", each.leader() == null ? -1 : each.leader().id());
                row.put("replica_nodes", ids(each.replicas()));
                row.put("isr_nodes", ids(each.isr()));
                row.put("elr", each.elr() == null ? null : ids(each.elr()));
                partitions.add(row);
            }
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("topic_id", topic.topicId().toString());
            row.put("is_internal", topic.isInternal());
            row.put("authorized_operations", operations(topic.authorizedOperations()));
            row.put("partitions", partitions);
            found.put(topic.name(), row);
        }
        return found;
    }

    private Object listOffsets() throws Exception {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        asked.get("specs").forEach(each -> wanted.put(partition(each), spec(each.get(2))));
        boolean committed = asked.path("committed").asBoolean(false);
        ListOffsetsOptions options =
                new ListOffsetsOptions(
                        committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED);
        Map<String, Object> found = new TreeMap<>();
        admin.listOffsets(wanted, options)
                .all()
                .get()
                .forEach(
                        (key, each) -> {
                            Map<String, Object> row = new LinkedHashMap<>();
                            row.put("offset", each.offset());
                            row.put("timestamp", each.timestamp());
                            row.put("leader_epoch", each.leaderEpoch().orElse(null));
                            found.put(key.toString(), row);
                        });
        return found;
    }

    private Object listPartitionReassignments() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        admin.listPartitionReassignments()
                .reassignments()
                .get()
                .forEach(
                        (key, each) ->
                                found.put(
                                        key.toString(),
                                        Map.of(
                                                "replicas", each.replicas(),
                                                "adding_replicas", each.addingReplicas(),
                                                "removing_replicas", each.removingReplicas())));
        return found;
    }

    private static List<Integer> ids(List<Node> nodes) {
        return nodes.stream().map(Node::id).toList();
    }

    private static Collection<String> operations(Set<AclOperation> given) {
        if (given == null) {
            return null;
        }
        Set<String> names = new TreeSet<>();
        given.forEach(each -> names.add(each.name()));
        return names;
    }

    // -- configs --------------------------------------------------------------------------------

    private Object describeConfigs() throws Exception {
        ConfigResource.Type type = ConfigResource.Type.valueOf(asked.get("type").asText());
        ConfigResource resource = new ConfigResource(type, asked.get("name").asText());
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true);
        Config config = admin.describeConfigs(List.of(resource), options).all().get().get(resource);
        Map<String, Object> found = new TreeMap<>();
        for (ConfigEntry entry : config.entries()) {
            List<Object> synonyms = new ArrayList<>();
            for (ConfigEntry.ConfigSynonym each : entry.synonyms()) {
                List<Object> row = new ArrayList<>();
                row.add(each.name());
                row.add(each.value());
                row.add(each.source().name());
                synonyms.add(row);
            }
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("value", entry.value());
            row.put("read_only", entry.isReadOnly());
            row.put("config_source", entry.source().name());
            row.put("is_sensitive", entry.isSensitive());
            row.put("config_type", entry.type().name());
            row.put("synonyms", synonyms);
            found.put(entry.name(), row);
        }
        return found;
    }

    private Object listConfigResources() throws Exception {
        Set<ConfigResource.Type> types = EnumSet.noneOf(ConfigResource.Type.class);
        texts("types").forEach(each -> types.add(ConfigResource.Type.valueOf(each)));
        Map<String, Set<String>> found = new TreeMap<>();
        for (ConfigResource each :
                admin.listConfigResources(types, new ListConfigResourcesOptions()).all().get()) {
            found.computeIfAbsent(each.type().name(), type -> new TreeSet<>()).add(each.name());
        }
        return found;
    }

    // -- cluster --------------------------------------------------------------------------------

    private Object describeCluster() throws Exception {
        DescribeClusterOptions options = new DescribeClusterOptions();
        options.includeAuthorizedOperations(asked.path("operations").asBoolean(false));
        DescribeClusterResult result = admin.describeCluster(options);
        List<Object> brokers = new ArrayList<>();
        for (Node node : result.nodes().get()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("broker_id", node.id());
            row.put("host", node.host());
            row.put("port", node.port());
            row.put("rack", node.rack());
            brokers.add(row);
        }
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("cluster_id", result.clusterId().get());
        found.put("controller_id", result.controller().get().id());
        found.put("brokers", brokers);
        found.put("authorized_operations", operations(result.authorizedOperations().get()));
        return found;
    }

    private Object describeLogDirs() throws Exception {
        List<Integer> brokers = new ArrayList<>();
        asked.get("brokers").forEach(each -> brokers.add(each.asInt()));
        Map<String, Object> found = new TreeMap<>();
        admin.describeLogDirs(brokers)
                .allDescriptions()
                .get()
                .forEach(
                        (broker, directories) -> {
                            Map<String, Object> rows = new TreeMap<>();
                            directories.forEach((path, each) -> rows.put(path, replicas(each)));
                            found.put(broker.toString(), rows);
                        });
        return found;
    }

    private static Object replicas(LogDirDescription directory) {
        Map<String, Object> replicas = new TreeMap<>();
        directory
                .replicaInfos()
                .forEach(
                        (key, each) ->
                                replicas.put(
                                        key.toString(),
                                        Map.of(
                                                "partition_size", each.size(),
                                                "offset_lag", each.offsetLag(),
                                                "is_future_key", each.isFuture())));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("total_bytes", directory.totalBytes().orElse(-1));
        row.put("replicas", replicas);
        return row;
    }

    private Object describeFeatures() throws Exception {
        FeatureMetadata features = admin.describeFeatures().featureMetadata().get();
        Map<String, Object> supported = new TreeMap<>();
        features.supportedFeatures()
                .forEach(
                        (name, range) ->
                                supported.put(
                                        name, List.of(range.minVersion(), range.maxVersion())));
        Map<String, Object> finalized = new TreeMap<>();
        features.finalizedFeatures()
                .forEach(
                        (name, range) ->
                                finalized.put(
                                        name,
                                        List.of(range.minVersionLevel(), range.maxVersionLevel())));
        return Map.of("supported", supported, "finalized", finalized);
    }

    private Object describeMetadataQuorum() throws Exception {
        QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get();
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("leader_id", quorum.leaderId());
        found.put("leader_epoch", quorum.leaderEpoch());
        found.put("voters", replicaIds(quorum.voters()));
        found.put("observers", replicaIds(quorum.observers()));
        return found;
    }

    private static List<Integer> replicaIds(List<QuorumInfo.ReplicaState> states) {
        return states.stream().map(QuorumInfo.ReplicaState::replicaId).sorted().toList();
    }

    // -- groups ---------------------------------------------------------------------------------

    private Object listGroups() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        for (GroupListing each : admin.listGroups().all().get()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("protocol_type", each.protocol());
            row.put("group_state", text(each.groupState()));
            row.put("group_type", text(each.type()));
            found.put(each.groupId(), row);
        }
        return found;
    }

    private static String text(Optional<?> found) {
        return found.map(Object::toString).orElse(null);
    }

    private Object describeConsumerGroups() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        for (ConsumerGroupDescription group :
                admin.describeConsumerGroups(texts("groups")).all().get().values()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("group_state", group.groupState().toString());
            row.put("group_type", group.type().toString());
            row.put("assignor", group.partitionAssignor());
            row.put("coordinator", group.coordinator().id());
            row.put("members", members(group.members()));
            found.put(group.groupId(), row);
        }
        return found;
    }

    private Object describeClassicGroups() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        for (ClassicGroupDescription group :
                admin.describeClassicGroups(texts("groups")).all().get().values()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("group_state", group.state().toString());
            row.put("protocol_type", group.protocol());
            row.put("protocol_data", group.protocolData());
            row.put("coordinator", group.coordinator().id());
            row.put("members", members(group.members()));
            found.put(group.groupId(), row);
        }
        return found;
    }

    private static Object members(Collection<MemberDescription> given) {
        Map<String, Object> found = new TreeMap<>();
        for (MemberDescription member : given) {
            Set<String> assigned = new TreeSet<>();
            member.assignment().topicPartitions().forEach(each -> assigned.add(each.toString()));
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("client_id", member.clientId());
            row.put("client_host", member.host());
            row.put("group_instance_id", member.groupInstanceId().orElse(null));
            row.put("assigned", assigned);
            found.put(member.consumerId(), row);
        }
        return found;
    }

    private Object listConsumerGroupOffsets() throws Exception {
        Map<String, ListConsumerGroupOffsetsSpec> wanted = new HashMap<>();
        texts("groups").forEach(each -> wanted.put(each, new ListConsumerGroupOffsetsSpec()));
        Map<String, Object> found = new TreeMap<>();
        for (Map.Entry<String, Map<TopicPartition, OffsetAndMetadata>> group :
                admin.listConsumerGroupOffsets(wanted).all().get().entrySet()) {
            Map<String, Object> rows = new TreeMap<>();
            group.getValue()
                    .forEach(
                            (key, each) -> {
                                if (each != null) {
                                    rows.put(
                                            key.toString(),
                                            List.of(each.offset(), each.metadata()));
                                }
                            });
            found.put(group.getKey(), rows);
        }
        return found;
    }

    // -- security and quotas --------------------------------------------------------------------

    private Object describeAcls() throws Exception {
        Set<String> found = new TreeSet<>();
        for (AclBinding acl : admin.describeAcls(AclBindingFilter.ANY).values().get()) {
            found.add(
                    String.join(
                            " ",
                            acl.entry().principal(),
                            acl.entry().host(),
                            acl.entry().operation().name(),
                            acl.entry().permissionType().name(),
                            acl.pattern().resourceType().name(),
                            acl.pattern().name(),
                            acl.pattern().patternType().name()));
        }
        return found;
    }

    private Object describeUserScramCredentials() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        for (UserScramCredentialsDescription user :
                admin.describeUserScramCredentials().all().get().values()) {
            Map<String, Object> rows = new TreeMap<>();
            user.credentialInfos()
                    .forEach(
                            each -> rows.put(each.mechanism().mechanismName(), each.iterations()));
            found.put(user.name(), rows);
        }
        return found;
    }

    private Object describeClientQuotas() throws Exception {
        List<Object> found = new ArrayList<>();
        Map<ClientQuotaEntity, Map<String, Double>> quotas =
                admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get();
        quotas.forEach(
                (entity, values) ->
                        found.add(List.of(new TreeMap<>(entity.entries()), new TreeMap<>(values))));
        return found;
    }

    // -- transactions ---------------------------------------------------------------------------

    private Object listTransactions() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        for (TransactionListing each : admin.listTransactions().all().get()) {
            found.put(
                    each.transactionalId(),
                    Map.of("producer_id", each.producerId(), "state", each.state().toString()));
        }
        return found;
    }

    private Object describeTransactions() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        admin.describeTransactions(texts("ids"))
                .all()
                .get()
                .forEach((key, each) -> found.put(key, transaction(each)));
        return found;
    }

    private static Object transaction(TransactionDescription given) {
        Set<String> partitions = new TreeSet<>();
        given.topicPartitions().forEach(each -> partitions.add(each.toString()));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("coordinator_id", given.coordinatorId());
        row.put("state", given.state().toString());
        row.put("producer_id", given.producerId());
        row.put("producer_epoch", given.producerEpoch());
        row.put("timeout_ms", given.transactionTimeoutMs());
        boolean started = given.transactionStartTimeMs().isPresent();
        row.put("start_time_ms", started ? given.transactionStartTimeMs().getAsLong() : null);
        row.put("topic_partitions", partitions);
        return row;
    }

    private Object describeProducers() throws Exception {
        Map<String, Object> found = new TreeMap<>();
        admin.describeProducers(partitions())
                .all()
                .get()
                .forEach(
                        (key, state) -> {
                            List<Object> rows = new ArrayList<>();
                            state.activeProducers().forEach(each -> rows.add(producer(each)));
                            found.put(key.toString(), rows);
                        });
        return found;
    }

    private static Object producer(ProducerState given) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("producer_id", given.producerId());
        row.put("producer_epoch", given.producerEpoch());
        row.put("last_sequence", given.lastSequence());
        row.put("last_timestamp", given.lastTimestamp());
        row.put("coordinator_epoch", given.coordinatorEpoch().orElse(-1));
        row.put("current_txn_start_offset", given.currentTransactionStartOffset().orElse(-1));
        return row;
    }
}
