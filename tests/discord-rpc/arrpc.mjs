// arRPC for an old game (arrpc_game.c): runs it, restarts it when the game says so, and tells the game when it has
// seen the activity that the game awaits.
//
//   node arrpc.mjs <tests/counterparts/arrpc_server.mjs> <arrpc's src/server.js> <the game>

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [script, arrpc, program] = process.argv.slice(2);
const seen = [];
let awaited;

function settle(game) {
  if (awaited === undefined || !seen.includes(awaited)) return;
  awaited = undefined;
  seen.length = 0;
  game.stdin.write('\n');
}

let game;
async function serve() {
  const env = { ...process.env, ARRPC_NO_PROCESS_SCANNING: '1' };
  const server = spawn(process.execPath, [script, 'serve', arrpc], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    server.on('exit', code => reject(new Error(`arRPC ended with ${code}`)));
    createInterface({ input: server.stdout }).on('line', line => {
      if (line === 'ready') resolve();
      if (!line.startsWith('activity ')) return;
      const { activity, pid } = JSON.parse(line.slice('activity '.length));
      if (game !== undefined && pid !== game.pid) throw new Error(`pid ${pid} seen, ${game.pid} expected`);
      seen.push(activity === null ? 'null' : activity.state);
      if (game !== undefined) settle(game);
    });
  });
  return server;
}

const stop = server => new Promise(resolve => {
  server.removeAllListeners('exit');
  server.on('exit', resolve);
  server.kill('SIGKILL');
});

let server = await serve();
game = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const ended = new Promise(resolve => game.on('exit', (code, signal) => resolve(signal ?? code)));
for await (const line of createInterface({ input: game.stdout })) {
  if (line === 'restart') {
    await stop(server);
    seen.length = 0;
    server = await serve();
  } else if (line.startsWith('await ')) {
    awaited = line.slice('await '.length);
    settle(game);
  }
}
const code = await ended;
await stop(server);
if (code !== 0) {
  console.error(`the game ended with ${code}`);
  process.exit(1);
}
