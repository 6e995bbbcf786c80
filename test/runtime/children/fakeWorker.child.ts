/* A worker that does nothing but live as its argument says; tells its supervisor that it has joined, as the runtime does. */
const [, , life = 'steady'] = process.argv;
const number = process.env['MILLRACE_WORKER'];
const instanceId = process.env['MILLRACE_INSTANCE_ID'];
const say = (line: string): void => {
  if (process.env['LOUD'] !== undefined) console.log(line);
};
say(`worker ${number} lives`);
if (life === 'dies' || (life === 'dies if first' && number === '0')) process.exit(3);
if (life === 'done') process.exit(0);
const alive = setInterval(() => {}, 1_000);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    say(`worker ${number} got ${signal}`);
    if (life === 'stubborn') return;
    clearInterval(alive);
  });
}
if (life !== 'silent') {
  process.send?.({ millrace: 'joined', group: 'shop', memberId: `member-${process.pid}`, instanceId });
}
