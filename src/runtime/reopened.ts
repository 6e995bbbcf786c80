import { MillraceError } from '../errors.ts';

/** The warning about a task that has failed in passing: why it is opened again. */
export function reopened(task: string, reason: MillraceError): MillraceError {
  return new MillraceError(reason.code, `Task ${task} is opened again after ${firstLine(reason)}`, {
    cause: reason,
    path: reason.details.path,
    next:
      reason.code === 'DISK_FULL'
        ? `${reason.details.next} The task waits for it.`
        : 'Nothing: what was not committed is processed again. If this is not rare, look at the brokers and the load of this machine.',
  });
}

const firstLine = ({ message }: Error): string => message.split('\n', 1)[0]!.replace(/\.$/, '');
