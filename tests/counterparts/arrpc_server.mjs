// arRPC, for our client to talk to: runs it, runs our client (tests/counterparts/against_arrpc.c) beside it, restarts it
// when the client asks, and checks what arRPC took from our client.
//
//   node arrpc_server.mjs <arrpc's src/server.js> <our client> [relayed]
//
// With `relayed` our client is tests/counterparts/relay_to_arrpc.c, which meets arRPC through a server of ours.
//
// Only arRPC's server is loaded and not its bridge, which would listen on all interfaces. Its process scan is off. As
// arRPC cannot be stopped from inside, it runs in a child: this same script with the word `serve`.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL, fileURLToPath } from 'node:url';

const [first, second, third] = process.argv.slice(2);

if (first === 'serve') {
  const { default: Server } = await import(pathToFileURL(second));
  const server = await new Server();
  server.on('activity', activity => console.log('activity ' + JSON.stringify(activity)));
  console.log('ready');
} else {
  await main(first, second);
}

async function main(arrpc, client) {
  const activities = [];
  let server = await serve(arrpc, activities);
  const game = spawn(client, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise(resolve => game.on('exit', (code, signal) => resolve(signal ?? code)));
  let before = 0;
  for await (const line of createInterface({ input: game.stdout })) {
    if (line !== 'restart') continue;
    await stop(server);
    before = activities.length;
    server = await serve(arrpc, activities);
  }
  const code = await ended;
  await stop(server);
  check(code === 0, `our client ended with ${code}`);
  if (third === 'relayed') relayed(activities, before);
  else direct(activities, before, game.pid);
  console.log(`${activities.length} activities`);
}

// What came through a server of ours: each activity with its client's process, and the end of one with its client.
function relayed(activities, before) {
  const of = pid => activities.filter(seen => seen.pid === pid).map(({ activity }) => activity && activity.state);
  check(of(4711)[0] === 'Of the first', 'the first client has its activity');
  check(of(4712)[0] === 'Of the second', 'the second has another one');
  check(of(4712)[1] === null && of(4712).length === 2, 'it went with its client');
  check(of(4711)[1] === 'Still here', 'and that of the first stayed');
  const after = activities.slice(before).map(({ activity }) => activity && activity.state);
  check(after.includes('Still here'), 'arRPC has it again after its restart');
  check(after.includes('After a restart'), 'and the next one');
}

function direct(activities, before, ours) {
  const states = activities.map(({ activity }) => activity && activity.state);
  check(states.includes('In menu'), 'arRPC saw the activity');
  const cleared = states.slice(states.indexOf('In menu') + 1, states.indexOf('Over the wire'));
  check(cleared.includes(null), 'arRPC saw it cleared, while the connection stood');
  check(states.includes('Over the wire'), 'arRPC saw the activity that came by WebSocket');
  check(states.slice(before).includes('Kept across a restart'), 'arRPC has the activity again after its restart');
  const { activity, pid } = activities.find(({ activity }) => activity?.state === 'In menu');
  check(pid === ours, `the pid is the game's: ${ours} expected, ${pid} seen`);
  check(activity.application_id === '192741864418312192', 'the application is the one we connected as');
  check(activity.timestamps.start === 1700000000 * 1000, 'the start was understood as seconds');
  check(activity.metadata.button_urls[0] === 'https://example.com/watch', 'the button has its URL');
  check(activity.buttons[0] === 'Watch', 'the button has its label');
}

function check(holds, what) {
  if (holds) return;
  console.error(`not so: ${what}`);
  process.exit(1);
}

// A running arRPC that listens.
async function serve(arrpc, activities) {
  const self = fileURLToPath(import.meta.url);
  const env = { ...process.env, ARRPC_NO_PROCESS_SCANNING: '1' };
  const server = spawn(process.execPath, [self, 'serve', arrpc], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    server.on('exit', code => reject(new Error(`arRPC ended with ${code}`)));
    createInterface({ input: server.stdout }).on('line', line => {
      if (line === 'ready') resolve();
      if (line.startsWith('activity ')) activities.push(JSON.parse(line.slice('activity '.length)));
    });
  });
  server.removeAllListeners('exit');
  return server;
}

function stop(server) {
  const gone = new Promise(resolve => server.on('exit', resolve));
  server.kill('SIGKILL');
  return gone;
}
