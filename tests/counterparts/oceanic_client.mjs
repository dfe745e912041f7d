// oceanic.js against our sandbox, unmodified but for the address: start, the guild, a message received and one posted, a session
// resumed after a dropped connection and after op 7. Uncompressed, and as a zlib stream.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Host, check, expect } from './town.mjs';

const [, , program, packages] = process.argv;
const require = createRequire(pathToFileURL(`${packages}/x.js`));
const { Client } = require('oceanic.js');

const GAME = '192741864418312192';

// The next time that a client tells of something.
function next(client, name, when = () => true) {
  return new Promise(resolve => {
    const listen = (...told) => {
      if (!when(...told)) return;
      client.off(name, listen);
      resolve(told[0]);
    };
    client.on(name, listen);
  });
}

async function play(way, compress) {
  const host = await Host.start(program, {}, 'sandbox');
  const ada = (await host.send('USER_CREATE', { username: 'ada' })).id;
  const guild = (await host.send('GUILD_CREATE', { name: 'Harbour', members: [ada] })).id;
  const channel = (await host.send('CHANNEL_CREATE', { guild_id: guild, name: 'quay', type: 'GUILD_TEXT' })).id;
  await host.send('APPLICATION_REGISTER', { id: GAME, name: 'Ferry' });
  const bot = await host.send('BOT_CREATE', { application_id: GAME });
  await host.send('GUILD_JOIN', { guild_id: guild, user_id: bot.user.id });

  const client = new Client({
    auth: `Bot ${bot.token}`,
    gateway: { intents: ['ALL'], compress },
    rest: { baseURL: `${host.addresses.api}/v10` },
  });
  const wrong = [];
  client.on('error', error => wrong.push(error));
  const ready = next(client, 'ready');
  await client.connect();
  await ready;
  const known = client.guilds.get(guild);
  expect({ name: known.name, members: known.memberCount }, { name: 'Harbour', members: 3 });

  const sessions = async () => (await host.send('GATEWAY_STATE', {})).sessions.map(session => session.session_id);
  const before = await sessions();
  const post = content => host.send('MESSAGE_POST', { channel_id: channel, user_id: ada, content });
  const hears = content => next(client, 'messageCreate', message => message.content === content);
  let heard = hears('ahoy');
  await post('ahoy');
  expect((await heard).author.username, 'ada');
  heard = hears('ahoy yourself');
  const sent = await client.rest.channels.createMessage(channel, { content: 'ahoy yourself' });
  expect((await heard).id, sent.id);
  check((await client.rest.channels.getMessages(channel)).length === 2, 'both are listed');

  for (const fault of ['drop', 'reconnect']) {
    const resumed = next(client, 'shardResume');
    heard = hears(`during ${fault}`);
    await host.send('GATEWAY_FAULT', { fault });
    await post(`during ${fault}`);
    await Promise.all([resumed, heard]);
  }
  check(before.length === 1 && before[0] === (await sessions())[0], 'the session is the same');
  check(wrong.every(error => /1006|closed|reset|Reconnect/i.test(String(error))), `nothing went wrong: ${wrong}`);
  client.disconnect(false);
  await host.close();
  console.log(`  ${way}: READY, messages both ways, resumed twice`);
}

await play('json', false);
await play('zlib-stream', 'zlib-stream');
process.exit(0);
