import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.streams.kstream.Windowed;

import java.time.Duration;
import java.util.Optional;

/** Reads the fields of a case, and writes keys and values as the format has them. */
final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() { }

    static JsonNode field(final JsonNode of, final String name) {
        final JsonNode found = of.get(name);
        if (found == null || found.isNull()) {
            throw new BadCase("no field " + name + " in " + of);
        }
        return found;
    }

    static String text(final JsonNode of, final String name) {
        final JsonNode found = field(of, name);
        if (!found.isTextual()) {
            throw new BadCase(name + " is no text in " + of);
        }
        return found.asText();
    }

    static Optional<String> maybeText(final JsonNode of, final String name) {
        return of.hasNonNull(name) ? Optional.of(text(of, name)) : Optional.empty();
    }

    static long number(final JsonNode of, final String name) {
        final JsonNode found = field(of, name);
        if (!found.isIntegralNumber()) {
            throw new BadCase(name + " is no integer in " + of);
        }
        return found.asLong();
    }

    static Duration millis(final JsonNode of, final String name) {
        return Duration.ofMillis(number(of, name));
    }

    /** A string, a long or null. */
    static Object literal(final JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (node.isIntegralNumber()) {
            return node.asLong();
        }
        if (node.isTextual()) {
            return node.asText();
        }
        throw new BadCase("neither text nor integer nor null: " + node);
    }

    static void put(final ObjectNode into, final String name, final Object value) {
        if (value == null) {
            into.putNull(name);
        } else if (value instanceof Long number) {
            into.put(name, number);
        } else {
            into.put(name, (String) value);
        }
    }

    /** A windowed key is its plain key and its window. */
    static void putKey(final ObjectNode into, final Object key) {
        put(into, "key", plainKey(key));
        if (key instanceof Windowed<?> windowed) {
            into.putObject("window").put("start", windowed.window().start()).put("end", windowed.window().end());
        }
    }

    static Object plainKey(final Object key) {
        return key instanceof Windowed<?> windowed ? windowed.key() : key;
    }
}
