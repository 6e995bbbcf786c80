/** Addresses of the cluster that globalSetup.ts started or found; empty where there is none and every test is skipped. */
export const brokers: readonly string[] = process.env['KAFKA_BROKERS']?.split(',') ?? [];

/** A cluster was named but the Java tools cannot run: `describe.skipIf(javaMissing)` around what reads with them. */
export const javaMissing: boolean = process.env['MILLRACE_JAVA_MISSING'] !== undefined;

/** ms of the shortest session the cluster grants: one that was named may have Kafka's default. KAFKA_SHORTEST_SESSION tells. */
export const shortestSession: number = Number(process.env['KAFKA_SHORTEST_SESSION'] ?? 6_000);
