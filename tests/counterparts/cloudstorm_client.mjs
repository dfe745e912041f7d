// cloudstorm with snowtransfer against our sandbox, unmodified but for the address, in ETF: start, READY, the guild, a message received and
// one posted, a session resumed after a dropped connection. Uncompressed, and as a zlib stream.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Host, check, expect } from './town.mjs';

const [, , program, packages] = process.argv;
const require = createRequire(pathToFileURL(`${packages}/x.js`));
const { Client } = require('cloudstorm');
const { SnowTransfer } = require('snowtransfer');

const GAME = '192741864418312192';
const GUILDS = 1 << 0, GUILD_MESSAGES = 1 << 9, MESSAGE_CONTENT = 1 << 15;

async function play(way, compress) {
  const host = await Host.start(program, {}, 'sandbox');
  const ada = (await host.send('USER_CREATE', { username: 'ada' })).id;
  const guild = (await host.send('GUILD_CREATE', { name: 'Harbour', members: [ada] })).id;
  const channel = (await host.send('CHANNEL_CREATE', { guild_id: guild, name: 'quay', type: 'GUILD_TEXT' })).id;
  await host.send('APPLICATION_REGISTER', { id: GAME, name: 'Ferry' });
  const bot = await host.send('BOT_CREATE', { application_id: GAME });
  await host.send('GUILD_JOIN', { guild_id: guild, user_id: bot.user.id });

  const rest = new SnowTransfer(bot.token, { baseHost: host.addresses.api.replace(/\/api$/, '') });
  const client = new Client(bot.token, {
    intents: GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT,
    encoding: 'etf',
    compress,
    snowtransferInstance: rest,
  });
  const told = [];
  const waiting = [];
  const match = () => {
    for (const one of [...waiting]) {
      const at = told.findIndex(({ t, d }) => t === one.name && one.when(d));
      if (at < 0) continue;
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve(told.splice(at, 1)[0].d);
    }
  };
  client.on('event', payload => {
    told.push(payload);
    match();
  });
  const next = (name, when = () => true) => new Promise(resolve => {
    waiting.push({ name, when, resolve });
    match();
  });
  await client.connect();
  const ready = expect(await next('READY'), { v: 10, user: { username: 'Ferry' } });
  expect(await next('GUILD_CREATE'), { name: 'Harbour', member_count: 3 });

  const hears = content => next('MESSAGE_CREATE', message => message.content === content);
  const post = content => host.send('MESSAGE_POST', { channel_id: channel, user_id: ada, content });
  let heard = hears('ahoy');
  await post('ahoy');
  check(String((await heard).channel_id) === channel, 'it is in its channel');
  heard = hears('ahoy yourself');
  const sent = await rest.channel.createMessage(channel, { content: 'ahoy yourself' });
  check(String((await heard).id) === sent.id, 'what is posted is heard');

  const resumed = next('RESUMED');
  heard = hears('while you were away');
  await host.send('GATEWAY_FAULT', { fault: 'drop' });
  await post('while you were away');
  await Promise.all([resumed, heard]);
  const sessions = (await host.send('GATEWAY_STATE', {})).sessions.map(session => session.session_id);
  check(sessions.length === 1 && sessions[0] === ready.session_id, 'the session is the same');
  await host.close();
  console.log(`  ${way}: READY, messages both ways, resumed`);
}

// It waits 10 s between two connections: both wait at once. It has no end on a Node before 22, and is left as it is.
await Promise.all([play('etf', false), play('etf, zlib-stream', true)]);
process.exit(0);
