import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.kstream.Windowed;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/** The functions of the format (section 4): each is made once, from its name and parameters. */
final class Functions {
    private Functions() { }

    interface Mapper {
        Object map(Object key, Object value);
    }

    interface MultiMapper {
        List<Object> map(Object key, Object value);
    }

    interface Test {
        boolean holds(Object key, Object value);
    }

    static Mapper mapper(final JsonNode f) {
        final Mapper of = of(f);
        switch (Json.text(f, "fn")) {
            case "constant": {
                final Object value = Json.literal(f.get("value"));
                return (k, v) -> value;
            }
            case "keyValue": {
                final String separator = Json.text(f, "sep");
                return (k, v) -> str(Json.plainKey(k)) + separator + str(v);
            }
            case "windowedKey":
                return (k, v) -> str(k);
            case "toString":
                return (k, v) -> str(of.map(k, v));
            case "pipe":
                return pipe(of, Json.field(f, "fns"));
            case "throwWhen": {
                final Object bad = Json.literal(f.get("value"));
                return (k, v) -> {
                    final Object x = of.map(k, v);
                    if (Objects.equals(x, bad)) {
                        throw new IllegalStateException("throwWhen");
                    }
                    return x;
                };
            }
            default: {
                final Function<Object, Object> onPresent = onPresent(f);
                return (k, v) -> {
                    final Object x = of.map(k, v);
                    return x == null ? null : onPresent.apply(x);
                };
            }
        }
    }

    private static Mapper pipe(final Mapper of, final JsonNode fns) {
        final List<Mapper> steps = new ArrayList<>();
        fns.forEach(step -> steps.add(mapper(step)));
        return (k, v) -> {
            Object x = of.map(k, v);
            for (final Mapper step : steps) {
                x = step.map(k, x);
            }
            return x;
        };
    }

    private static Function<Object, Object> onPresent(final JsonNode f) {
        switch (Json.text(f, "fn")) {
            case "identity":
                return x -> x;
            case "upper":
                return x -> str(x).toUpperCase(Locale.ROOT);
            case "lower":
                return x -> str(x).toLowerCase(Locale.ROOT);
            case "firstChar":
                return x -> str(x).substring(0, Math.min(1, str(x).length()));
            case "append": {
                final String suffix = Json.text(f, "suffix");
                return x -> str(x) + suffix;
            }
            case "prepend": {
                final String prefix = Json.text(f, "prefix");
                return x -> prefix + str(x);
            }
            case "part": {
                final String by = Json.text(f, "by");
                final int index = (int) Json.number(f, "index");
                return x -> {
                    final List<Object> parts = split(str(x), by);
                    return index < parts.size() ? parts.get(index) : null;
                };
            }
            case "length":
                return x -> (long) str(x).length();
            case "toLong":
                return x -> x instanceof Long ? x : parsed((String) x);
            case "plus": {
                final long n = Json.number(f, "n");
                return x -> num(x) + n;
            }
            case "nullWhen": {
                final Object gone = Json.literal(f.get("value"));
                return x -> x.equals(gone) ? null : x;
            }
            default:
                throw new BadCase("unknown mapper " + f);
        }
    }

    static MultiMapper multiMapper(final JsonNode f) {
        final Mapper of = of(f);
        final Function<Object, List<Object>> pieces = pieces(f);
        return (k, v) -> {
            final Object x = of.map(k, v);
            return x == null ? List.of() : pieces.apply(x);
        };
    }

    private static Function<Object, List<Object>> pieces(final JsonNode f) {
        switch (Json.text(f, "fn")) {
            case "split": {
                final String by = Json.text(f, "by");
                return x -> split(str(x), by);
            }
            case "chars":
                return x -> new ArrayList<>(str(x).chars().mapToObj(c -> String.valueOf((char) c)).toList());
            case "repeat": {
                final int n = (int) Json.number(f, "n");
                return x -> Collections.nCopies(n, x);
            }
            default:
                throw new BadCase("unknown multi mapper " + f);
        }
    }

    static Test test(final JsonNode f) {
        final Mapper of = of(f);
        switch (Json.text(f, "fn")) {
            case "always":
                return (k, v) -> true;
            case "never":
                return (k, v) -> false;
            case "not": {
                final Test inner = test(Json.field(f, "predicate"));
                return (k, v) -> !inner.holds(k, v);
            }
            case "isNull":
                return (k, v) -> of.map(k, v) == null;
            default: {
                final Function<Object, Boolean> holds = onPresentHolds(f);
                return (k, v) -> {
                    final Object x = of.map(k, v);
                    return x != null && holds.apply(x);
                };
            }
        }
    }

    private static Function<Object, Boolean> onPresentHolds(final JsonNode f) {
        switch (Json.text(f, "fn")) {
            case "equals": {
                final Object value = Json.literal(f.get("value"));
                return x -> x.equals(value);
            }
            case "startsWith": {
                final String prefix = Json.text(f, "prefix");
                return x -> str(x).startsWith(prefix);
            }
            case "contains": {
                final String text = Json.text(f, "text");
                return x -> str(x).contains(text);
            }
            case "lengthAtLeast": {
                final long n = Json.number(f, "n");
                return x -> str(x).length() >= n;
            }
            case "atLeast": {
                final long n = Json.number(f, "n");
                return x -> num(x) >= n;
            }
            default:
                throw new BadCase("unknown predicate " + f);
        }
    }

    /** What a function works on. */
    private static Mapper of(final JsonNode f) {
        final String of = Json.maybeText(f, "of").orElse("value");
        if (of.equals("value")) {
            return (k, v) -> v;
        }
        if (of.equals("key")) {
            return (k, v) -> Json.plainKey(k);
        }
        throw new BadCase("of is neither key nor value in " + f);
    }

    static String str(final Object x) {
        if (x instanceof Windowed<?> windowed) {
            return str(windowed.key()) + "@" + windowed.window().start() + "/" + windowed.window().end();
        }
        return String.valueOf(x);
    }

    static long num(final Object x) {
        if (x == null) {
            return 0;
        }
        if (x instanceof Long number) {
            return number;
        }
        final Long number = parsed((String) x);
        return number == null ? ((String) x).length() : number;
    }

    private static Long parsed(final String text) {
        try {
            return Long.valueOf(text);
        } catch (final NumberFormatException e) {
            return null;
        }
    }

    private static List<Object> split(final String text, final String by) {
        final List<Object> pieces = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(by); at >= 0; at = text.indexOf(by, from)) {
            pieces.add(text.substring(from, at));
            from = at + by.length();
        }
        pieces.add(text.substring(from));
        return pieces;
    }
}
