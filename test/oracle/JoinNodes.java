import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueJoinerWithKey;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** All joins. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class JoinNodes {
    private JoinNodes() { }

    static void addTo(final Map<String, CaseTopology.Node> operators) {
        operators.put("streamStreamJoin", JoinNodes::streams);
        operators.put("streamTableJoin", JoinNodes::streamTable);
        operators.put("streamGlobalTableJoin", JoinNodes::streamGlobalTable);
        operators.put("tableTableJoin", JoinNodes::tables);
        operators.put("foreignKeyJoin", JoinNodes::foreignKey);
    }

    private static ValueJoinerWithKey joinerWithKey(final JsonNode n) {
        return Combiner.of(Json.field(n, "joiner"))::combine;
    }

    private static ValueJoiner joiner(final JsonNode n) {
        final Combiner combiner = Combiner.of(Json.field(n, "joiner"));
        return (a, b) -> combiner.combine(null, a, b);
    }

    private static BadCase unknownType(final JsonNode n) {
        return new BadCase("unknown type of join in " + n);
    }

    private static Object streams(final CaseTopology t, final JsonNode n) {
        final long before = Json.number(n, "beforeMs");
        final long after = Json.number(n, "afterMs");
        // One of the two may be negative: both are set one by one then.
        final Duration either = Duration.ofMillis(Math.max(0, Math.max(before, after)));
        final JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(either, Json.millis(n, "graceMs"))
            .before(Duration.ofMillis(before)).after(Duration.ofMillis(after));
        final StreamJoined joined = StreamJoined.with(KeySerde.KEYS, ValueSerde.VALUES, ValueSerde.VALUES);
        final KStream left = t.input(n, 0, KStream.class);
        final KStream right = t.input(n, 1, KStream.class);
        return switch (Json.text(n, "type")) {
            case "inner" -> left.join(right, joinerWithKey(n), windows, joined);
            case "left" -> left.leftJoin(right, joinerWithKey(n), windows, joined);
            case "outer" -> left.outerJoin(right, joinerWithKey(n), windows, joined);
            default -> throw unknownType(n);
        };
    }

    private static Object streamTable(final CaseTopology t, final JsonNode n) {
        final Joined plain = Joined.with(KeySerde.KEYS, ValueSerde.VALUES, ValueSerde.VALUES);
        final Joined joined = n.has("graceMs") ? plain.withGracePeriod(Json.millis(n, "graceMs")) : plain;
        final KStream left = t.input(n, 0, KStream.class);
        final KTable right = t.input(n, 1, KTable.class);
        return switch (Json.text(n, "type")) {
            case "inner" -> left.join(right, joinerWithKey(n), joined);
            case "left" -> left.leftJoin(right, joinerWithKey(n), joined);
            default -> throw unknownType(n);
        };
    }

    private static Object streamGlobalTable(final CaseTopology t, final JsonNode n) {
        final KeyValueMapper key = Functions.mapper(Json.field(n, "key"))::map;
        final KStream left = t.input(n, 0, KStream.class);
        final GlobalKTable right = t.input(n, 1, GlobalKTable.class);
        return switch (Json.text(n, "type")) {
            case "inner" -> left.join(right, key, joinerWithKey(n));
            case "left" -> left.leftJoin(right, key, joinerWithKey(n));
            default -> throw unknownType(n);
        };
    }

    private static Object tables(final CaseTopology t, final JsonNode n) {
        final KTable left = t.input(n, 0, KTable.class);
        final KTable right = t.input(n, 1, KTable.class);
        final Optional<Materialized> kept = t.keptIfNamed(n);
        return switch (Json.text(n, "type")) {
            case "inner" -> kept.isPresent() ? left.join(right, joiner(n), kept.get()) : left.join(right, joiner(n));
            case "left" -> kept.isPresent() ? left.leftJoin(right, joiner(n), kept.get()) : left.leftJoin(right, joiner(n));
            case "outer" -> kept.isPresent() ? left.outerJoin(right, joiner(n), kept.get()) : left.outerJoin(right, joiner(n));
            default -> throw unknownType(n);
        };
    }

    private static Object foreignKey(final CaseTopology t, final JsonNode n) {
        final BiFunction key = Functions.mapper(Json.field(n, "foreignKey"))::map;
        final KTable left = t.input(n, 0, KTable.class);
        final KTable right = t.input(n, 1, KTable.class);
        return switch (Json.text(n, "type")) {
            case "inner" -> left.join(right, key, joiner(n), t.kept(n, "keyValue"));
            case "left" -> left.leftJoin(right, key, joiner(n), t.kept(n, "keyValue"));
            default -> throw unknownType(n);
        };
    }
}
