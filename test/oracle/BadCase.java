/** The case does not follow the format: neither side is to blame. */
final class BadCase extends RuntimeException {
    BadCase(final String message) {
        super(message);
    }
}
