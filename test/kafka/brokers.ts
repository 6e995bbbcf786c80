/** Addresses of the cluster that globalSetup.ts started or found; empty where there is none and every test is skipped. */
export const brokers: readonly string[] = process.env['KAFKA_BROKERS']?.split(',') ?? [];
