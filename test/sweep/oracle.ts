import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Expected } from '../conformance/format.ts';
import type { Question } from './makeCase.ts';

/** What Kafka Streams makes of cases: one process, which is asked one case after the other. */
export interface Oracle {
  /** quick: without a look at what depends on retention. */
  ask(question: Question & { readonly quick?: true }): Promise<Expected>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(expected: Expected): void;
  reject(error: Error): void;
}

/** A command that reads a case per line and writes the case, now with `expected`, per line, in the same order. */
export function startOracle(command: string, parameters: readonly string[], shell = false): Oracle {
  const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'], shell });
  const waiting: Waiting[] = [];
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => answer(waiting.shift(), line));
  const ended = end(child);
  const fail = (): void => {
    for (const each of waiting.splice(0)) each.reject(new Error(`the oracle has ended:\n${complaint}`));
  };
  ended.then(fail, (error) => {
    complaint += String(error);
    fail();
  });
  // An oracle that is gone is told by its end.
  child.stdin.on('error', () => {});
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    async close() {
      child.stdin.end();
      await ended.catch(() => {});
    },
  };
}

function answer(asked: Waiting | undefined, line: string): void {
  if (asked === undefined) return;
  try {
    const { expected, invalid } = JSON.parse(line) as { expected?: Expected; invalid?: string };
    if (expected === undefined) asked.reject(new Error(`not a case of the format: ${invalid ?? line}`));
    else asked.resolve(expected);
  } catch (cause) {
    asked.reject(new Error(`the oracle answers no JSON: ${line}`, { cause }));
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}
