import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What has been built of a case so far. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class CaseTopology {
    private static final Duration YEAR = Duration.ofDays(365);

    /** Makes what a node stands for; null where nothing can go on from it. */
    interface Node {
        Object make(CaseTopology topology, JsonNode node);
    }

    private static final Map<String, Node> OPERATORS = new HashMap<>();

    static {
        StreamNodes.addTo(OPERATORS);
        AggregationNodes.addTo(OPERATORS);
        JoinNodes.addTo(OPERATORS);
    }

    final StreamsBuilder builder;
    final Set<String> inputTopics = new LinkedHashSet<>();
    final Set<String> outputTopics = new LinkedHashSet<>();
    /** Named stores and their kinds. */
    final Map<String, String> stores = new LinkedHashMap<>();
    private final Map<String, Object> made = new HashMap<>();
    private final boolean keepsAll;

    /** keepsAll: windows are retained for a year, whatever the case says. */
    CaseTopology(final StreamsBuilder builder, final boolean keepsAll) {
        this.builder = builder;
        this.keepsAll = keepsAll;
    }

    void add(final JsonNode node) {
        final String id = Json.text(node, "id");
        if (made.containsKey(id)) {
            throw new BadCase("two nodes are called " + id);
        }
        final Node operator = OPERATORS.get(Json.text(node, "op"));
        if (operator == null) {
            throw new BadCase("unknown op in " + node);
        }
        final Object result = operator.make(this, node);
        if (result != null) {
            made.put(id, result);
        }
    }

    /** The branches of a split are known by their own names. */
    void putBranches(final Map<String, ?> branches) {
        made.putAll(branches);
    }

    int inputs(final JsonNode node) {
        return Json.field(node, "in").size();
    }

    Object input(final JsonNode node, final int index) {
        final String id = Json.field(node, "in").path(index).asText();
        if (!made.containsKey(id)) {
            throw new BadCase("no input " + index + " of " + node);
        }
        return made.get(id);
    }

    <T> T input(final JsonNode node, final int index, final Class<T> type) {
        final Object found = input(node, index);
        if (!type.isInstance(found)) {
            throw new BadCase("input " + index + " is no " + type.getSimpleName() + " in " + node);
        }
        return (T) found;
    }

    /** Where the rows of a table are kept; kind is that of its store if it is not versioned. */
    Materialized kept(final JsonNode node, final String kind) {
        final Optional<String> store = Json.maybeText(node, "store");
        final Materialized kept;
        if (node.has("versionedHistoryMs")) {
            final String name = Json.text(node, "store");
            kept = Materialized.as(Stores.persistentVersionedKeyValueStore(name, Json.millis(node, "versionedHistoryMs")));
            stores.put(name, "versioned");
        } else if (store.isPresent()) {
            kept = Materialized.as(store.get());
            stores.put(store.get(), kind);
        } else {
            kept = Materialized.with(KeySerde.KEYS, ValueSerde.VALUES);
        }
        if (keepsAll && !kind.equals("keyValue")) {
            kept.withRetention(YEAR);
        } else if (node.has("retentionMs")) {
            kept.withRetention(Json.millis(node, "retentionMs"));
        }
        return kept.withKeySerde(KeySerde.KEYS).withValueSerde(ValueSerde.VALUES);
    }

    /** For tables that are kept only if the case asks for it. */
    Optional<Materialized> keptIfNamed(final JsonNode node) {
        return node.has("store") ? Optional.of(kept(node, "keyValue")) : Optional.empty();
    }
}
