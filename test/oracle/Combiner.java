import com.fasterxml.jackson.databind.JsonNode;

import java.util.Objects;

/** Joiners, reducers, adders, subtractors and mergers of the format: the key and two values make a third. */
interface Combiner {
    Object combine(Object key, Object a, Object b);

    static Combiner of(final JsonNode f) {
        final Combiner combiner = named(f);
        if (!f.has("nullWhen")) {
            return combiner;
        }
        final Object gone = Json.literal(f.get("nullWhen"));
        return (k, a, b) -> Objects.equals(a, gone) || Objects.equals(b, gone) ? null : combiner.combine(k, a, b);
    }

    private static Combiner named(final JsonNode f) {
        switch (Json.text(f, "fn")) {
            case "concat": {
                final String separator = Json.text(f, "sep");
                return (k, a, b) -> Functions.str(a) + separator + Functions.str(b);
            }
            case "concatWithKey": {
                final String separator = Json.text(f, "sep");
                return (k, a, b) -> Functions.str(Json.plainKey(k)) + separator + Functions.str(a) + separator + Functions.str(b);
            }
            case "first":
                return (k, a, b) -> a;
            case "second":
                return (k, a, b) -> b;
            case "min":
                return (k, a, b) -> a == null || b != null && Functions.str(a).compareTo(Functions.str(b)) > 0 ? b : a;
            case "max":
                return (k, a, b) -> a == null || b != null && Functions.str(a).compareTo(Functions.str(b)) < 0 ? b : a;
            case "sum":
                return (k, a, b) -> Functions.num(a) + Functions.num(b);
            case "subtract":
                return (k, a, b) -> Functions.num(a) - Functions.num(b);
            case "increment":
                return (k, a, b) -> Functions.num(a) + 1;
            case "decrement":
                return (k, a, b) -> Functions.num(a) - 1;
            default:
                throw new BadCase("unknown combiner " + f);
        }
    }
}
