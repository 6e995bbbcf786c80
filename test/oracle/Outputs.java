import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.test.TestRecord;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The records written to output topics, in order, with the step that caused each. */
final class Outputs {
    private final ObjectNode topics = JsonNodeFactory.instance.objectNode();
    private final Set<String> changelogs;
    /** The last record of each key of a changelog that is not optional. */
    private final Map<String, ObjectNode> last = new HashMap<>();

    Outputs(final JsonNode topology, final Set<String> names) {
        changelogs = changelogs(topology);
        names.forEach(topics::putArray);
    }

    void add(final String topic, final int step, final TestRecord<Object, Object> record) {
        final ObjectNode row = row(step, record);
        if (changelogs.contains(topic)) {
            final String key = topic + " " + row.get("key") + " " + row.get("window");
            if (changesNothing(row, last.get(key))) {
                row.put("optional", true);
            } else {
                last.put(key, row);
            }
        }
        ((ArrayNode) topics.get(topic)).add(row);
    }

    ObjectNode json() {
        return topics;
    }

    private static ObjectNode row(final int step, final TestRecord<Object, Object> record) {
        final ObjectNode row = JsonNodeFactory.instance.objectNode().put("step", step);
        Json.putKey(row, record.key());
        Json.put(row, "value", record.value());
        row.put("timestamp", record.timestamp());
        if (record.headers().iterator().hasNext()) {
            final ArrayNode headers = row.putArray("headers");
            for (final Header header : record.headers()) {
                headers.addArray().add(header.key()).add(new String(header.value(), StandardCharsets.UTF_8));
            }
        }
        return row;
    }

    /** Topics to which nothing but a table is written, as it is. */
    private static Set<String> changelogs(final JsonNode topology) {
        final Map<String, JsonNode> nodes = new HashMap<>();
        topology.forEach(node -> nodes.put(Json.text(node, "id"), node));
        final Set<String> found = new HashSet<>();
        final Set<String> others = new HashSet<>();
        for (final JsonNode node : topology) {
            if (Json.text(node, "op").equals("to")) {
                final JsonNode input = nodes.get(Json.field(node, "in").path(0).asText());
                final boolean table = input != null && Json.text(input, "op").equals("toStream") && !input.has("key");
                (table ? found : others).add(Json.text(node, "topic"));
            }
        }
        found.removeAll(others);
        return found;
    }

    /** The deletion of a row that is not there, or the result of before once more within one step. */
    private static boolean changesNothing(final ObjectNode row, final ObjectNode before) {
        if (row.get("value").isNull()) {
            return before == null || before.get("value").isNull();
        }
        return before != null
            && List.of("step", "value", "timestamp").stream().allMatch(field -> before.get(field).equals(row.get(field)));
    }

    /** The last record of each key, by key. */
    static ObjectNode lastOfEachKey(final JsonNode topics) {
        final ObjectNode result = JsonNodeFactory.instance.objectNode();
        topics.properties().forEach(topic -> {
            final Map<String, ObjectNode> rows = new LinkedHashMap<>();
            for (final JsonNode record : topic.getValue()) {
                final ObjectNode row = record.deepCopy();
                row.remove(List.of("step", "optional"));
                rows.put(row.get("key") + " " + row.get("window"), row);
            }
            result.putArray(topic.getKey()).addAll(rows.values().stream().sorted(StoreContents.BY_KEY).toList());
        });
        return result;
    }
}
