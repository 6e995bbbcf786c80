import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;

import java.time.Duration;
import java.util.Map;

/** Grouping, windows, aggregations and suppress. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class AggregationNodes {
    private AggregationNodes() { }

    static void addTo(final Map<String, CaseTopology.Node> operators) {
        operators.put("groupByKey", (t, n) -> t.input(n, 0, KStream.class).groupByKey(grouped(n)));
        operators.put("groupBy", AggregationNodes::groupBy);
        operators.put("cogroup", AggregationNodes::cogroup);
        operators.put("windowedBy", (t, n) -> emitted(windowed(t.input(n, 0), Json.field(n, "window")), n));
        operators.put("count", AggregationNodes::count);
        operators.put("reduce", AggregationNodes::reduce);
        operators.put("aggregate", AggregationNodes::aggregate);
        operators.put("suppress", (t, n) -> t.input(n, 0, KTable.class).suppress(suppressed(n)));
    }

    private static Grouped grouped(final JsonNode n) {
        return Grouped.with(Json.text(n, "id"), KeySerde.KEYS, ValueSerde.VALUES);
    }

    private static Object groupBy(final CaseTopology t, final JsonNode n) {
        final Functions.Mapper key = Functions.mapper(Json.field(n, "key"));
        if (t.input(n, 0) instanceof KTable table) {
            final Functions.Mapper value = Functions.mapper(Json.field(n, "value"));
            final KeyValueMapper both = (k, v) -> KeyValue.pair(key.map(k, v), value.map(k, v));
            return table.groupBy(both, grouped(n));
        }
        final KeyValueMapper keyOnly = key::map;
        return t.input(n, 0, KStream.class).groupBy(keyOnly, grouped(n));
    }

    private static Object cogroup(final CaseTopology t, final JsonNode n) {
        final JsonNode adders = Json.field(n, "adders");
        CogroupedKStream cogrouped = t.input(n, 0, KGroupedStream.class).cogroup(aggregator(adders.get(0)));
        for (int i = 1; i < t.inputs(n); i++) {
            cogrouped = cogrouped.cogroup(t.input(n, i, KGroupedStream.class), aggregator(adders.get(i)));
        }
        return cogrouped;
    }

    private static Object windowed(final Object grouped, final JsonNode window) {
        final Duration grace = Json.millis(window, "graceMs");
        switch (Json.text(window, "type")) {
            case "tumbling":
                return windowed(grouped, TimeWindows.ofSizeAndGrace(Json.millis(window, "sizeMs"), grace));
            case "hopping":
                return windowed(grouped, TimeWindows.ofSizeAndGrace(Json.millis(window, "sizeMs"), grace)
                    .advanceBy(Json.millis(window, "advanceMs")));
            case "sliding": {
                final SlidingWindows windows =
                    SlidingWindows.ofTimeDifferenceAndGrace(Json.millis(window, "differenceMs"), grace);
                return grouped instanceof CogroupedKStream cogrouped
                    ? cogrouped.windowedBy(windows) : stream(grouped).windowedBy(windows);
            }
            case "session": {
                final SessionWindows windows = SessionWindows.ofInactivityGapAndGrace(Json.millis(window, "gapMs"), grace);
                return grouped instanceof CogroupedKStream cogrouped
                    ? cogrouped.windowedBy(windows) : stream(grouped).windowedBy(windows);
            }
            default:
                throw new BadCase("unknown window " + window);
        }
    }

    private static Object windowed(final Object grouped, final TimeWindows windows) {
        return grouped instanceof CogroupedKStream cogrouped
            ? cogrouped.windowedBy(windows) : stream(grouped).windowedBy(windows);
    }

    private static KGroupedStream stream(final Object grouped) {
        if (grouped instanceof KGroupedStream stream) {
            return stream;
        }
        throw new BadCase("windows are cut of grouped and cogrouped streams");
    }

    private static Object emitted(final Object windowed, final JsonNode n) {
        if (!n.has("emit")) {
            return windowed;
        }
        final EmitStrategy strategy = switch (Json.text(n, "emit")) {
            case "onWindowClose" -> EmitStrategy.onWindowClose();
            case "onWindowUpdate" -> EmitStrategy.onWindowUpdate();
            default -> throw new BadCase("unknown emit in " + n);
        };
        if (windowed instanceof TimeWindowedKStream stream) {
            return stream.emitStrategy(strategy);
        }
        if (windowed instanceof SessionWindowedKStream stream) {
            return stream.emitStrategy(strategy);
        }
        throw new BadCase("no emit with cogrouped streams: " + n);
    }

    private static Object count(final CaseTopology t, final JsonNode n) {
        final Object grouped = t.input(n, 0);
        if (grouped instanceof KGroupedStream stream) {
            return stream.count(t.kept(n, "keyValue"));
        }
        if (grouped instanceof KGroupedTable table) {
            return table.count(t.kept(n, "keyValue"));
        }
        if (grouped instanceof TimeWindowedKStream stream) {
            return stream.count(t.kept(n, "window"));
        }
        if (grouped instanceof SessionWindowedKStream stream) {
            return stream.count(t.kept(n, "session"));
        }
        throw new BadCase("nothing to count in " + n);
    }

    private static Object reduce(final CaseTopology t, final JsonNode n) {
        final Object grouped = t.input(n, 0);
        final Reducer reducer = reducer(Json.field(n, "reducer"));
        if (grouped instanceof KGroupedStream stream) {
            return stream.reduce(reducer, t.kept(n, "keyValue"));
        }
        if (grouped instanceof KGroupedTable table) {
            return table.reduce(reducer, reducer(Json.field(n, "subtractor")), t.kept(n, "keyValue"));
        }
        if (grouped instanceof TimeWindowedKStream stream) {
            return stream.reduce(reducer, t.kept(n, "window"));
        }
        if (grouped instanceof SessionWindowedKStream stream) {
            return stream.reduce(reducer, t.kept(n, "session"));
        }
        throw new BadCase("nothing to reduce in " + n);
    }

    private static Object aggregate(final CaseTopology t, final JsonNode n) {
        final Object grouped = t.input(n, 0);
        final Object first = Json.literal(n.get("init"));
        final Initializer init = () -> first;
        if (grouped instanceof CogroupedKStream streams) {
            return streams.aggregate(init, t.kept(n, "keyValue"));
        }
        if (grouped instanceof TimeWindowedCogroupedKStream streams) {
            return streams.aggregate(init, t.kept(n, "window"));
        }
        if (grouped instanceof SessionWindowedCogroupedKStream streams) {
            return streams.aggregate(init, merger(n), t.kept(n, "session"));
        }
        final Aggregator adder = aggregator(Json.field(n, "adder"));
        if (grouped instanceof KGroupedStream stream) {
            return stream.aggregate(init, adder, t.kept(n, "keyValue"));
        }
        if (grouped instanceof KGroupedTable table) {
            return table.aggregate(init, adder, aggregator(Json.field(n, "subtractor")), t.kept(n, "keyValue"));
        }
        if (grouped instanceof TimeWindowedKStream stream) {
            return stream.aggregate(init, adder, t.kept(n, "window"));
        }
        if (grouped instanceof SessionWindowedKStream stream) {
            return stream.aggregate(init, adder, merger(n), t.kept(n, "session"));
        }
        throw new BadCase("nothing to aggregate in " + n);
    }

    private static Reducer reducer(final JsonNode f) {
        final Combiner combiner = Combiner.of(f);
        return (a, b) -> combiner.combine(null, a, b);
    }

    private static Aggregator aggregator(final JsonNode f) {
        final Combiner combiner = Combiner.of(f);
        return (key, value, aggregate) -> combiner.combine(key, aggregate, value);
    }

    private static Merger merger(final JsonNode n) {
        final Combiner combiner = Combiner.of(Json.field(n, "merger"));
        return (key, a, b) -> combiner.combine(key, a, b);
    }

    private static Suppressed suppressed(final JsonNode n) {
        final boolean bounded = n.hasNonNull("maxRecords");
        final boolean early = Json.maybeText(n, "whenFull").orElse("emitEarly").equals("emitEarly");
        switch (Json.text(n, "until")) {
            case "windowCloses":
                return Suppressed.untilWindowCloses(bounded
                    ? BufferConfig.maxRecords(Json.number(n, "maxRecords")).shutDownWhenFull() : BufferConfig.unbounded());
            case "timeLimit": {
                final BufferConfig<?> rows = !bounded ? BufferConfig.unbounded()
                    : early ? BufferConfig.maxRecords(Json.number(n, "maxRecords")).emitEarlyWhenFull()
                    : BufferConfig.maxRecords(Json.number(n, "maxRecords")).shutDownWhenFull();
                return Suppressed.untilTimeLimit(Json.millis(n, "timeLimitMs"), rows);
            }
            default:
                throw new BadCase("unknown until in " + n);
        }
    }
}
