import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/** Reads one {"class", "version", "json"} a line, prints the bytes of that message as hex. */
public class Vectors {
    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonNode order = mapper.readTree(line);
            short version = (short) order.get("version").asInt();
            String name = "org.apache.kafka.common.message." + order.get("class").asText();
            Message message = (Message) Class.forName(name + "JsonConverter")
                .getMethod("read", JsonNode.class, short.class)
                .invoke(null, order.get("json"), version);
            ByteBuffer bytes = MessageUtil.toVersionPrefixedByteBuffer(version, message);
            bytes.getShort();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            System.out.println(HexFormat.of().formatHex(copy));
        }
    }
}
