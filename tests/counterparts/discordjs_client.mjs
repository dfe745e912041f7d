// @discordjs/ws with @discordjs/rest against our sandbox, unmodified but for the address: start, READY, a message received
// and one posted, a session resumed after a dropped connection. As JSON without compression, with each payload compressed by
// itself, and as a zlib stream.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Host, check, expect } from './town.mjs';

const [, , program, packages] = process.argv;
const require = createRequire(pathToFileURL(`${packages}/x.js`));
const { REST } = require('@discordjs/rest');
const { CompressionMethod, WebSocketManager, WebSocketShardEvents } = require('@discordjs/ws');

const GAME = '192741864418312192';
const GUILDS = 1 << 0, GUILD_MESSAGES = 1 << 9, MESSAGE_CONTENT = 1 << 15;

// What a manager's shard tells, by the names of events; the next one of a kind can be awaited.
class Ear {
  #told = [];
  #waiting = [];

  hear(name, data) {
    this.#told.push({ name, data });
    this.#match();
  }

  next(name) {
    return new Promise(resolve => {
      this.#waiting.push({ name, resolve });
      this.#match();
    });
  }

  count(name) {
    return this.#told.filter(told => told.name === name).length;
  }

  #match() {
    this.#waiting = this.#waiting.filter(({ name, resolve }) => {
      const at = this.#told.findIndex(told => told.name === name);
      if (at < 0) return true;
      resolve(this.#told.splice(at, 1)[0].data);
      return false;
    });
  }
}

async function play(way, options) {
  const host = await Host.start(program, {}, 'sandbox');
  const ada = (await host.send('USER_CREATE', { username: 'ada' })).id;
  const guild = (await host.send('GUILD_CREATE', { name: 'Harbour', members: [ada] })).id;
  const channel = (await host.send('CHANNEL_CREATE', { guild_id: guild, name: 'quay', type: 'GUILD_TEXT' })).id;
  await host.send('APPLICATION_REGISTER', { id: GAME, name: 'Ferry' });
  const bot = await host.send('BOT_CREATE', { application_id: GAME });
  await host.send('GUILD_JOIN', { guild_id: guild, user_id: bot.user.id });

  const rest = new REST({ version: '10', api: host.addresses.api }).setToken(bot.token);
  const manager = new WebSocketManager({
    token: bot.token,
    intents: GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT,
    rest,
    ...options,
  });
  const ear = new Ear();
  manager.on(WebSocketShardEvents.Dispatch, payload => ear.hear(payload.t, payload.d));
  manager.on(WebSocketShardEvents.Resumed, () => ear.hear('resumed'));
  manager.on(WebSocketShardEvents.Error, error => ear.hear('error', error));
  await manager.connect();
  const ready = expect(await ear.next('READY'), { v: 10, guilds: [{ id: guild, unavailable: true }] });
  expect(ready.user, { id: bot.user.id, bot: true });
  const created = expect(await ear.next('GUILD_CREATE'), { id: guild, name: 'Harbour', member_count: 3 });
  check(created.channels.some(known => known.id === channel), 'the channel is in its guild');
  check(created.members.length === 1, 'without an intent for them it is told of no member but itself');

  const post = content => host.send('MESSAGE_POST', { channel_id: channel, user_id: ada, content });
  await post('ahoy');
  expect(await ear.next('MESSAGE_CREATE'), { content: 'ahoy', channel_id: channel, guild_id: guild });
  const path = `/channels/${channel}/messages`;
  const sent = expect(await rest.post(path, { body: { content: 'ahoy yourself' } }), { content: 'ahoy yourself' });
  expect(await ear.next('MESSAGE_CREATE'), { id: sent.id, author: { id: bot.user.id } });
  await rest.patch(`${path}/${sent.id}`, { body: { content: 'ahoy, ada' } });
  expect(await ear.next('MESSAGE_UPDATE'), { id: sent.id, content: 'ahoy, ada' });
  check((await rest.get(path)).length === 2, 'both are listed');
  await rest.delete(`${path}/${sent.id}`);
  expect(await ear.next('MESSAGE_DELETE'), { id: sent.id });

  // A rate limit is waited out and not seen.
  await host.send('GATEWAY_FAULT', { fault: 'rate_limit', retry_after_ms: 50 });
  expect(await rest.get('/users/@me'), { id: bot.user.id });

  await host.send('GATEWAY_FAULT', { fault: 'drop' });
  await post('while you were away');
  await ear.next('resumed');
  expect(await ear.next('MESSAGE_CREATE'), { content: 'while you were away' });
  await host.send('GATEWAY_FAULT', { fault: 'reconnect' });
  await ear.next('resumed');
  check(ear.count('READY') === 0 && ear.count('error') === 0, 'the session is the same');
  await manager.destroy();
  await host.close();
  console.log(`  ${way}: READY, messages both ways, resumed twice`);
}

await play('json', {});
await play('payloads compressed', { useIdentifyCompression: true });
await play('zlib-stream', { compression: CompressionMethod.ZlibNative });
process.exit(0);
