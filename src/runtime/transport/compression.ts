/** What batches may be compressed with, in the order of the numbers Kafka gives them. */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Compression = (typeof compressions)[number];
