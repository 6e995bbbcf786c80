import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { java } from './java.ts';
import { kafkaJars } from './kafkaJars.ts';

/**
 * Runs one Java source file against Kafka's jars and yields the lines it prints. Throws what it wrote to its error
 * output when it ends with another code than 0; ends it when the caller stops reading.
 */
export async function* javaLines(
  sourceFile: string,
  parameters: readonly string[],
): AsyncGenerator<string, void> {
  const command = java();
  const classPath = await kafkaJars();
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const child = spawn(command, [...flags, '-cp', classPath, sourceFile, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // Awaited below; a reader that leaves early does not get that far.
  ended.catch(() => {});
  try {
    yield* createInterface({ input: child.stdout });
    const code = await ended;
    if (code !== 0) throw new Error(`${sourceFile} ended with code ${code}:\n${complaint}`);
  } finally {
    child.kill();
  }
}
