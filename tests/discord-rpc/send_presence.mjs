// The example program of discord-rpc's own makers, as they published it, with our library in the place of theirs,
// against our server: it starts, shows its presence, is invited, is asked, ends and begins again.
//
//   node send_presence.mjs <our server (tests/counterparts/serve.c)> <the program>

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [server, program] = process.argv.slice(2);
const running = [];

function start(path) {
  const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  running.push(child);
  const it = { child, lines: [], ended: new Promise(resolve => child.on('exit', (code, signal) => resolve(signal ?? code))) };
  createInterface({ input: child.stdout }).on('line', line => it.lines.push(line));
  it.say = line => child.stdin.write(`${line}\n`);
  return it;
}

// The first line that fits, taken out with those before it; `nudge` is called while it does not come.
async function await_(it, what, fits, nudge = () => {}) {
  for (let tries = 0; tries < 400; tries++) {
    const at = it.lines.findIndex(fits);
    if (at >= 0) return it.lines.splice(0, at + 1)[at];
    nudge();
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  fail(`${what} never came; there was:\n${it.lines.join('\n')}`);
}

function fail(what) {
  console.error(what);
  for (const child of running) child.kill('SIGKILL');
  process.exit(1);
}

const check = (holds, what) => holds || fail(`not so: ${what}`);

const host = start(server);
await await_(host, 'the server', line => line.includes('ipc') || line.includes('CONNECTED'));
const game = start(program);
// Each line of input runs the callbacks once.
const says = text => await_(game, text, line => line.match(text) !== null, () => game.say(''));
const event = async name => {
  const line = await await_(host, name, line => line.startsWith('{') && JSON.parse(line).name === name, () => game.say(''));
  return JSON.parse(line).data;
};
const activity = async () => (await event('ACTIVITY_UPDATE')).activity;
const commands = async (name, args) => {
  host.say(`${name} ${JSON.stringify(args)}`);
  const reply = line => line.startsWith('{') && JSON.parse(line).type === 'REPLY';
  return JSON.parse(await await_(host, `a reply to ${name}`, reply)).data;
};

await says('Discord: (ready|connected to user)');
game.say('examine lamp');
const shown = await activity();
check(shown.state === 'West of House' && shown.details === 'Frustration level: 1', 'it shows where it is');
check(shown.party.id === 'party1234' && shown.party.size[1] === 6, 'and its party');
await commands('ACTIVITY_JOIN', { secret: 'come in' });
await says('Discord: join .come in.');
await commands('ACTIVITY_SPECTATE', { secret: 'look here' });
await says('Discord: spectate .look here.');
const { id } = await commands('USER_CREATE', { username: 'Ada' });
await commands('ACTIVITY_JOIN_REQUEST', { user_id: id });
await says('Discord: join request from Ada');
game.say('y');
const answered = await event('JOIN_REQUEST_ANSWERED');
check(answered.accepted === true && answered.secret === 'join', 'it lets Ada in');
game.say('c');
check((await activity()) === null, 'it clears its presence');
game.say('c');
check((await activity()).state === 'West of House', 'and shows it again');
game.say('t');
check((await activity()) === null, 'it is gone when discord is shut off');
game.say('y');
await says('Discord: (ready|connected to user)');
game.say('open mailbox');
check((await activity()).state === 'West of House', 'and there again when it began anew');
game.say('q');
check((await game.ended) === 0, 'it ends well');
check((await activity()) === null, 'and its presence with it');
host.child.stdin.end();
check((await host.ended) === 0, 'the server ends well');
