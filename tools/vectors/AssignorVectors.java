import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads one group a line, as JSON, and prints what Java's assignor does with it: the bytes of each
 * subscription, the partitions of each member, and the bytes of each assignment.
 */
public class AssignorVectors {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = input.readLine(); line != null; line = input.readLine())
            System.out.println(MAPPER.writeValueAsString(answer(MAPPER.readTree(line))));
    }

    private static ObjectNode answer(JsonNode group) throws Exception {
        String assignorClass = group.get("assignor").asText();
        ObjectNode answer = MAPPER.createObjectNode();
        ObjectNode subscriptions = answer.putObject("subscriptions");
        Map<String, Subscription> members = new HashMap<>();
        for (JsonNode member : group.get("members")) {
            ByteBuffer bytes = subscription(assignor(assignorClass), member);
            subscriptions.put(member.get("id").asText(), hex(bytes));
            Subscription read = ConsumerProtocol.deserializeSubscription(bytes.duplicate());
            read.setGroupInstanceId(text(member.get("instance")));
            members.put(member.get("id").asText(), read);
        }
        Map<String, Assignment> found;
        try {
            found = assignor(assignorClass)
                .assign(cluster(group.get("topics")), new GroupSubscription(members))
                .groupAssignment();
        } catch (RuntimeException e) {
            return answer.put("error", e.toString());
        }
        ObjectNode shares = answer.putObject("shares");
        ObjectNode assignments = answer.putObject("assignments");
        found.forEach((id, assignment) -> {
            ArrayNode share = shares.putArray(id);
            List<TopicPartition> partitions = new ArrayList<>(assignment.partitions());
            if (group.get("sort").asBoolean())
                partitions.sort(Comparator.comparing(TopicPartition::topic)
                    .thenComparing(TopicPartition::partition));
            for (TopicPartition tp : partitions)
                share.addArray().add(tp.topic()).add(tp.partition());
            assignments.put(id, hex(ConsumerProtocol.serializeAssignment(
                new Assignment(partitions, assignment.userData()))));
        });
        return answer;
    }

    private static ConsumerPartitionAssignor assignor(String name) throws Exception {
        return (ConsumerPartitionAssignor)
            Class.forName("org.apache.kafka.clients.consumer." + name)
                .getDeclaredConstructor().newInstance();
    }

    private static ByteBuffer subscription(ConsumerPartitionAssignor assignor, JsonNode member) {
        Set<String> topics = new LinkedHashSet<>();
        member.get("topics").forEach(topic -> topics.add(topic.asText()));
        int generation = member.get("generation").asInt();
        if (generation >= 0)
            assignor.onAssignment(
                new Assignment(partitions(member.get("had"))),
                new ConsumerGroupMetadata(
                    "group", generation, member.get("id").asText(), text(member.get("instance"))));
        return ConsumerProtocol.serializeSubscription(new Subscription(
            new ArrayList<>(topics), assignor.subscriptionUserData(topics),
            partitions(member.get("owned")), generation, text(member.get("rack"))));
    }

    private static Cluster cluster(JsonNode topics) {
        Map<String, Node> nodes = new HashMap<>();
        List<PartitionInfo> partitions = new ArrayList<>();
        topics.fields().forEachRemaining(topic -> {
            int number = 0;
            for (JsonNode racks : topic.getValue()) {
                List<Node> replicas = new ArrayList<>();
                for (JsonNode rack : racks)
                    replicas.add(nodes.computeIfAbsent(rack.asText(),
                        name -> new Node(nodes.size(), "host", 9092, name)));
                if (replicas.isEmpty())
                    replicas.add(nodes.computeIfAbsent("",
                        name -> new Node(nodes.size(), "host", 9092)));
                Node[] all = replicas.toArray(new Node[0]);
                partitions.add(new PartitionInfo(topic.getKey(), number++, all[0], all, all));
            }
        });
        return new Cluster("cluster", nodes.values(), partitions, Set.of(), Set.of());
    }

    private static List<TopicPartition> partitions(JsonNode pairs) {
        List<TopicPartition> found = new ArrayList<>();
        for (JsonNode pair : pairs)
            found.add(new TopicPartition(pair.get(0).asText(), pair.get(1).asInt()));
        return found;
    }

    private static Optional<String> text(JsonNode node) {
        return node.isNull() ? Optional.empty() : Optional.of(node.asText());
    }

    private static String hex(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.duplicate().get(copy);
        return HexFormat.of().formatHex(copy);
    }
}
