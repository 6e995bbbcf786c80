import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.Stores;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Sources, sinks, and steps without state of the framework's own. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class StreamNodes {
    private static final Consumed CONSUMED = Consumed.with(KeySerde.KEYS, ValueSerde.VALUES);

    private StreamNodes() { }

    static void addTo(final Map<String, CaseTopology.Node> operators) {
        operators.put("stream", (t, n) -> t.builder.stream(source(t, n), CONSUMED));
        operators.put("table", (t, n) -> t.builder.table(source(t, n), CONSUMED, t.kept(n, "keyValue")));
        operators.put("globalTable", StreamNodes::globalTable);
        operators.put("to", StreamNodes::to);
        operators.put("filter", (t, n) -> select(t, n, Functions.test(Json.field(n, "predicate"))));
        operators.put("filterNot", (t, n) -> selectNot(t, n, Functions.test(Json.field(n, "predicate"))));
        operators.put("mapValues", StreamNodes::mapValues);
        operators.put("map", StreamNodes::map);
        operators.put("flatMap", StreamNodes::flatMap);
        operators.put("flatMapValues", StreamNodes::flatMapValues);
        operators.put("selectKey", (t, n) -> t.input(n, 0, KStream.class).selectKey(keyMapper(Json.field(n, "key"))));
        operators.put("merge", StreamNodes::merge);
        operators.put("split", StreamNodes::split);
        operators.put("repartition", (t, n) -> t.input(n, 0, KStream.class)
            .repartition(Repartitioned.with(KeySerde.KEYS, ValueSerde.VALUES).withNumberOfPartitions(1)));
        operators.put("toTable", (t, n) -> t.input(n, 0, KStream.class).toTable(t.kept(n, "keyValue")));
        operators.put("toStream", StreamNodes::toStream);
        operators.put("process", StreamNodes::process);
    }

    private static String source(final CaseTopology t, final JsonNode n) {
        final String topic = Json.text(n, "topic");
        t.inputTopics.add(topic);
        return topic;
    }

    private static Object globalTable(final CaseTopology t, final JsonNode n) {
        final String topic = source(t, n);
        return t.keptIfNamed(n)
            .map(kept -> t.builder.globalTable(topic, CONSUMED, kept))
            .orElseGet(() -> t.builder.globalTable(topic, CONSUMED));
    }

    private static Object to(final CaseTopology t, final JsonNode n) {
        final String topic = Json.text(n, "topic");
        t.outputTopics.add(topic);
        t.input(n, 0, KStream.class).to(topic, Produced.with(KeySerde.KEYS, ValueSerde.VALUES));
        return null;
    }

    private static Object select(final CaseTopology t, final JsonNode n, final Functions.Test test) {
        final Predicate holds = test::holds;
        if (t.input(n, 0) instanceof KTable table) {
            return t.keptIfNamed(n).map(kept -> table.filter(holds, kept)).orElseGet(() -> table.filter(holds));
        }
        return t.input(n, 0, KStream.class).filter(holds);
    }

    private static Object selectNot(final CaseTopology t, final JsonNode n, final Functions.Test test) {
        final Predicate holds = test::holds;
        if (t.input(n, 0) instanceof KTable table) {
            return t.keptIfNamed(n).map(kept -> table.filterNot(holds, kept)).orElseGet(() -> table.filterNot(holds));
        }
        return t.input(n, 0, KStream.class).filterNot(holds);
    }

    private static Object mapValues(final CaseTopology t, final JsonNode n) {
        final ValueMapperWithKey mapper = Functions.mapper(Json.field(n, "value"))::map;
        if (t.input(n, 0) instanceof KTable table) {
            final Optional<Materialized> kept = t.keptIfNamed(n);
            return kept.isPresent() ? table.mapValues(mapper, kept.get()) : table.mapValues(mapper);
        }
        return t.input(n, 0, KStream.class).mapValues(mapper);
    }

    private static Object map(final CaseTopology t, final JsonNode n) {
        final Functions.Mapper key = Functions.mapper(Json.field(n, "key"));
        final Functions.Mapper value = Functions.mapper(Json.field(n, "value"));
        final KeyValueMapper both = (k, v) -> KeyValue.pair(key.map(k, v), value.map(k, v));
        return t.input(n, 0, KStream.class).map(both);
    }

    private static Object flatMap(final CaseTopology t, final JsonNode n) {
        final Functions.MultiMapper pieces = Functions.multiMapper(Json.field(n, "values"));
        final Functions.Mapper key = Functions.mapper(Json.field(n, "key"));
        final Functions.Mapper value = Functions.mapper(Json.field(n, "value"));
        final KeyValueMapper all = (k, v) -> pieces.map(k, v).stream()
            .map(piece -> KeyValue.pair(key.map(k, piece), value.map(k, piece)))
            .collect(Collectors.toList());
        return t.input(n, 0, KStream.class).flatMap(all);
    }

    private static Object flatMapValues(final CaseTopology t, final JsonNode n) {
        final ValueMapperWithKey pieces = Functions.multiMapper(Json.field(n, "values"))::map;
        return t.input(n, 0, KStream.class).flatMapValues(pieces);
    }

    private static KeyValueMapper keyMapper(final JsonNode f) {
        return Functions.mapper(f)::map;
    }

    private static Object merge(final CaseTopology t, final JsonNode n) {
        KStream merged = t.input(n, 0, KStream.class);
        for (int i = 1; i < t.inputs(n); i++) {
            merged = merged.merge(t.input(n, i, KStream.class));
        }
        return merged;
    }

    private static Object split(final CaseTopology t, final JsonNode n) {
        BranchedKStream branches = t.input(n, 0, KStream.class).split(Named.as(Json.text(n, "id") + "."));
        for (final JsonNode branch : Json.field(n, "branches")) {
            final Predicate holds = Functions.test(Json.field(branch, "predicate"))::holds;
            branches = branches.branch(holds, Branched.as(Json.text(branch, "name")));
        }
        final Optional<String> rest = Json.maybeText(n, "default");
        final Map<String, KStream> made = rest.isPresent()
            ? branches.defaultBranch(Branched.as(rest.get())) : branches.noDefaultBranch();
        t.putBranches(made);
        return null;
    }

    private static Object toStream(final CaseTopology t, final JsonNode n) {
        final KTable table = t.input(n, 0, KTable.class);
        return n.has("key") ? table.toStream(keyMapper(n.get("key"))) : table.toStream();
    }

    private static Object process(final CaseTopology t, final JsonNode n) {
        final JsonNode f = Json.field(n, "processor");
        final ProcessorSupplier supplier = Processors.supplier(f);
        final Optional<String> store = Json.maybeText(f, "store");
        final KStream input = t.input(n, 0, KStream.class);
        if (store.isEmpty()) {
            return input.process(supplier);
        }
        t.builder.addStateStore(
            Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store.get()), KeySerde.KEYS, ValueSerde.VALUES));
        t.stores.put(store.get(), "plain");
        return input.process(supplier, store.get());
    }
}
