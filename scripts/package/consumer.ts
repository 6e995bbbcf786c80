/* Compiled against the packed package, as a user's program would be; and imported by nothing. */
import * as avro from 'millrace/avro';
import * as testing from 'millrace/testing';

export const modules: readonly object[] = [avro, testing];
