import java.util.StringJoiner;

/** Prints the error table of the kafka-clients jar on the class path as JSON, one error a line. */
public class Errors {
    public static void main(String[] args) {
        StringJoiner lines = new StringJoiner(",\n", "[\n", "\n]\n");
        for (org.apache.kafka.common.protocol.Errors error
                : org.apache.kafka.common.protocol.Errors.values()) {
            lines.add(String.format("{\"code\": %d, \"name\": \"%s\", \"exception\": [%s]}",
                error.code(), error.name(), ancestry(error.exception())));
        }
        System.out.print(lines);
    }

    /** The exception's class and its ancestors below RuntimeException, nearest first. */
    private static String ancestry(Exception exception) {
        StringJoiner names = new StringJoiner(", ");
        if (exception != null) {
            for (Class<?> c = exception.getClass(); c != RuntimeException.class;
                    c = c.getSuperclass()) {
                names.add("\"" + c.getSimpleName() + "\"");
            }
        }
        return names.toString();
    }
}
