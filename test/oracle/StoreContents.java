import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;

/** What a named store holds, by key, then window. */
final class StoreContents {
    static final Comparator<ObjectNode> BY_KEY = Comparator
        .comparing((ObjectNode row) -> row.get("key").isNull() ? "" : row.get("key").asText())
        .thenComparing(row -> row.path("window").path("start").asLong())
        .thenComparing(row -> row.path("window").path("end").asLong());

    private StoreContents() { }

    /** keys and times: all that a lookup in a versioned store, which cannot be listed, may find. */
    static ObjectNode of(final TopologyTestDriver driver, final String name, final String kind,
                         final Set<Object> keys, final SortedSet<Long> times) {
        final List<ObjectNode> rows = switch (kind) {
            case "keyValue" -> timestamped(driver.<Object, Object>getTimestampedKeyValueStore(name).all());
            case "window" -> timestamped(driver.<Object, Object>getTimestampedWindowStore(name).all());
            case "plain" -> plain(driver.<Object, Object>getKeyValueStore(name).all());
            case "session" -> plain(driver.<Object, Object>getSessionStore(name).fetch(null, null));
            case "versioned" -> versioned(driver.getVersionedKeyValueStore(name), keys, times);
            default -> throw new IllegalStateException(kind);
        };
        rows.sort(BY_KEY);
        final ObjectNode contents = JsonNodeFactory.instance.objectNode().put("kind", kind);
        contents.putArray("entries").addAll(rows);
        return contents;
    }

    private static <K> List<ObjectNode> timestamped(final KeyValueIterator<K, ValueAndTimestamp<Object>> found) {
        final List<ObjectNode> rows = new ArrayList<>();
        try (found) {
            found.forEachRemaining(entry ->
                rows.add(row(entry.key, entry.value.value()).put("timestamp", entry.value.timestamp())));
        }
        return rows;
    }

    private static <K> List<ObjectNode> plain(final KeyValueIterator<K, Object> found) {
        final List<ObjectNode> rows = new ArrayList<>();
        try (found) {
            found.forEachRemaining(entry -> rows.add(row(entry.key, entry.value)));
        }
        return rows;
    }

    private static ObjectNode row(final Object key, final Object value) {
        final ObjectNode row = JsonNodeFactory.instance.objectNode();
        Json.putKey(row, key);
        Json.put(row, "value", value);
        return row;
    }

    private static List<ObjectNode> versioned(final VersionedKeyValueStore<Object, Object> store, final Set<Object> keys,
                                              final SortedSet<Long> times) {
        final List<ObjectNode> rows = new ArrayList<>();
        for (final Object key : keys) {
            if (key == null) {
                continue;
            }
            final ArrayNode versions = versions(store, key, times);
            if (!versions.isEmpty()) {
                final ObjectNode row = JsonNodeFactory.instance.objectNode();
                Json.put(row, "key", key);
                row.set("versions", versions);
                rows.add(row);
            }
        }
        return rows;
    }

    private static ArrayNode versions(final VersionedKeyValueStore<Object, Object> store, final Object key,
                                      final SortedSet<Long> times) {
        final ArrayNode versions = JsonNodeFactory.instance.arrayNode();
        VersionedRecord<Object> last = null;
        for (final long time : times) {
            final VersionedRecord<Object> found = store.get(key, time);
            final Long from = found == null ? null : (Long) found.timestamp();
            if (!Objects.equals(from, last == null ? null : (Long) last.timestamp())) {
                final ObjectNode version = versions.addObject().put("from", from == null ? time : from);
                Json.put(version, "value", found == null ? null : found.value());
            }
            last = found;
        }
        return versions;
    }
}
