// discord-digital-twin, for our Gateway client to talk to: runs it, runs our client (tests/counterparts/against_twin.c) beside
// it, and does what that asks for; then the bot of examples/c/bot.c, which hears one message.
//
//   node twin_server.mjs <node_modules> <our client> <the bot>
//
// It would listen on all interfaces: it is kept to loopback.

import net from 'node:net';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, client, bot] = process.argv.slice(2);

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', rest.find(given => typeof given === 'function'));
};

const { DigitalDiscord } = await import(pathToFileURL(join(packages, 'discord-digital-twin/dist/index.js')));

const discord = new DigitalDiscord({
  guild: { name: 'Harbour' },
  channels: [{ name: 'quay', type: 0 }],
  users: [{ username: 'ada' }],
  botUser: { username: 'Twin' },
});
await discord.start();
const [channel] = await discord.prisma.channel.findMany();
const ada = await discord.getFirstNonBotUserId();

const ours = spawn(client, [`${discord.restUrl}/v10`, discord.gatewayUrl, discord.botToken], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise(done => ours.on('exit', (code, signal) => done(signal ?? code)));
let posted = 0;
let done = false;
for await (const line of createInterface({ input: ours.stdout })) {
  if (line === 'post') {
    posted += 1;
    await discord.channel(channel.id).user(ada).sendMessage({ content: `message ${posted}` });
  }
  // Not a way that it has itself: the sockets of its clients.
  if (line === 'close') for (const { ws } of discord.server.gateway.clients) ws.close(4009, 'session timed out');
  if (line === 'done') done = true;
}
const code = await ended;
if (code !== 0 || !done) {
  console.error(`our client ended with ${code}`);
  process.exit(1);
}

const example = spawn(bot, [`${discord.restUrl}/v10`, '1'], {
  env: { ...process.env, DISCORD_TOKEN: discord.botToken },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const said = [];
for await (const line of createInterface({ input: example.stdout })) {
  said.push(line);
  if (line === 'here as Twin') await discord.channel(channel.id).user(ada).sendMessage({ content: 'ahoy' });
}
await discord.stop();
if (said.join('|') !== 'here as Twin|ada: ahoy') {
  console.error(`the bot said: ${said.join('|')}`);
  process.exit(1);
}
console.log(`${posted} messages`);
process.exit(0);
