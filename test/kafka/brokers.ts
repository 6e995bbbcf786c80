/** Addresses of the cluster that globalSetup.ts started or found; empty where there is none and every test is skipped. */
export const brokers: readonly string[] = process.env['KAFKA_BROKERS']?.split(',') ?? [];

/** A cluster was named but the Java tools cannot run: `describe.skipIf(javaMissing)` around what reads with them. */
export const javaMissing: boolean = process.env['MILLRACE_JAVA_MISSING'] !== undefined;
