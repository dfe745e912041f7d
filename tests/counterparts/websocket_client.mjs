// The whole of RPC by hand, over the `ws` package: every command and every event over a WebSocket, and what is asked by
// plain HTTP, with nothing of ours between.
//
//   node websocket_client.mjs <tests/counterparts/serve.c, built> <the folder of npm's packages>

import { request } from 'node:http';
import { createRequire } from 'node:module';
import { CLIENT_ID, Host, TOWN, check, everyEvent, expect, refused } from './town.mjs';

const [program, packages] = process.argv.slice(2);
const { WebSocket } = createRequire(packages + '/')('ws');

// One connection: replies go to who asked, events to who waits for them.
class Rpc {
  #pending = new Map();
  #events = [];
  #waiting = [];
  #nonce = 0;

  static async connect(port, query = `v=1&client_id=${CLIENT_ID}&encoding=json`, origin = TOWN.origin) {
    const rpc = new Rpc();
    rpc.socket = new WebSocket(`ws://127.0.0.1:${port}/?${query}`, { origin });
    rpc.closed = new Promise(resolve => rpc.socket.on('close', (code, reason) => resolve({ code, reason: `${reason}` })));
    rpc.socket.on('error', () => {});
    rpc.socket.on('message', data => rpc.#received(JSON.parse(data)));
    rpc.ready = rpc.event('READY');
    await Promise.race([rpc.ready, rpc.closed]);
    return rpc;
  }

  #received(message) {
    if (message.cmd === 'DISPATCH') {
      this.#events.push(message);
      return this.#match();
    }
    const { resolve, reject } = this.#pending.get(message.nonce);
    this.#pending.delete(message.nonce);
    if (message.evt === 'ERROR') reject(Object.assign(new Error(message.data.message), message.data));
    else resolve(message);
  }

  #match() {
    this.#waiting = this.#waiting.filter(({ name, resolve }) => {
      const at = this.#events.findIndex(event => event.evt === name);
      if (at < 0) return true;
      resolve(this.#events.splice(at, 1)[0].data);
      return false;
    });
  }

  event(name) {
    return new Promise(resolve => {
      this.#waiting.push({ name, resolve });
      this.#match();
    });
  }

  // The reply's data; the envelope says which command it answers.
  async ask(cmd, args, evt) {
    const nonce = `n${this.#nonce++}`;
    const reply = new Promise((resolve, reject) => this.#pending.set(nonce, { resolve, reject }));
    this.socket.send(JSON.stringify({ cmd, args, evt, nonce }));
    expect(await reply, { cmd, nonce, evt: null });
    return (await reply).data;
  }

  async login(host, scopes = TOWN.scopes) {
    const { code } = await this.ask('AUTHORIZE', { client_id: CLIENT_ID, scopes });
    const token = await host.token(code);
    const reply = await this.ask('AUTHENTICATE', { access_token: token });
    expect(reply, { user: { id: host.names.self }, application: { id: CLIENT_ID, name: 'The Mill' }, scopes });
    check(new Date(reply.expires) > new Date(), reply);
    return token;
  }

  close() {
    this.socket.close();
    return this.closed;
  }
}

// A request by plain HTTP: status, headers and body as text.
function http(port, method, path, headers = {}, body = '') {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', part => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function json(port, method, path, headers, body) {
  const sent = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await http(port, method, path, { ...sent, ...headers }, body === undefined ? '' : JSON.stringify(body));
  return { status: answer.status, body: answer.text === '' ? null : JSON.parse(answer.text) };
}

async function everyCommand(host, rpc) {
  const { guild, text, lounge, attic, ada, bob } = host.names;
  expect(await rpc.ask('GET_GUILDS'), { guilds: [{ id: guild, name: 'Millers', icon_url: await iconOf(rpc, guild) }] });
  expect(await rpc.ask('GET_GUILD', { guild_id: guild, timeout: 1 }), { id: guild, name: 'Millers', members: [] });
  const { channels } = await rpc.ask('GET_CHANNELS', { guild_id: guild });
  const listed = Object.fromEntries(channels.map(({ id, name, type }) => [id, [name, type]]));
  expect(listed, { [text]: ['general', 0], [lounge]: ['Lounge', 2], [attic]: ['Attic', 2] });
  const channel = await rpc.ask('GET_CHANNEL', { channel_id: text });
  expect(channel, { id: text, guild_id: guild, name: 'general', type: 0, topic: 'Flour' });
  expect(channel.messages[0], { content: 'Hello all', author: { id: ada } });
  expect(channel.messages[0].content_parsed[0], { type: 'text', content: 'Hello all' });
  expect(await rpc.ask('GET_CHANNEL', { channel_id: lounge }), { type: 2, user_limit: 5, voice_states: [] });

  check((await rpc.ask('GET_SELECTED_VOICE_CHANNEL')) === null, 'in no voice channel');
  expect(await rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: lounge, timeout: 2 }), { id: lounge, name: 'Lounge' });
  expect(await rpc.ask('GET_SELECTED_VOICE_CHANNEL'), { id: lounge });
  expect(await refused(rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: attic })), { code: 5003 });
  expect(await rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: attic, force: true, navigate: true }), { id: attic });
  check((await rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: null })) === null, 'left');
  await host.send('VOICE_SERVERS_SET', { available: false });
  expect(await refused(rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: lounge, timeout: 1 })), { code: 5001 });
  const waiting = rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: lounge, timeout: 30 });
  await host.send('VOICE_SERVERS_SET', { available: true });
  expect(await waiting, { id: lounge });
  await rpc.ask('SELECT_VOICE_CHANNEL', { channel_id: null });
  expect(await rpc.ask('SELECT_TEXT_CHANNEL', { channel_id: text, timeout: 1 }), { id: text });
  check((await rpc.ask('SELECT_TEXT_CHANNEL', { channel_id: null })) === null, 'looks at none');

  expect(await rpc.ask('GET_VOICE_SETTINGS'), { mute: false, deaf: false, input: { volume: 100 } });
  const mode = { type: 'PUSH_TO_TALK', delay: 20, shortcut: [{ type: 0, code: 32, name: 'space' }] };
  expect(await rpc.ask('SET_VOICE_SETTINGS', { mute: true, output: { volume: 150 }, mode }),
    { mute: true, deaf: false, output: { volume: 150 }, mode });
  const other = await Rpc.connect(host.addresses.port, `v=1&client_id=5`);
  const theirs = await host.send('TOKEN_CREATE', { client_id: '5', scopes: ['rpc'] });
  await other.ask('AUTHENTICATE', { access_token: theirs.access_token });
  expect(await refused(other.ask('SET_VOICE_SETTINGS', { mute: false })), { code: 4006 });
  await other.close();
  expect(await rpc.ask('SET_VOICE_SETTINGS', { mute: false }), { mute: false, output: { volume: 150 } });
  const heard = { user_id: bob, pan: { left: 0.5, right: 1 }, volume: 50, mute: true };
  expect(await rpc.ask('SET_USER_VOICE_SETTINGS', heard), heard);
  const device = { type: 'audioinput', id: '{a}', vendor: { name: 'Vendor', url: 'https://vendor.example' },
    model: { name: 'Mic', url: 'https://vendor.example/mic' }, related: [], echo_cancellation: true };
  check((await rpc.ask('SET_CERTIFIED_DEVICES', { devices: [device] })) === null, 'devices are taken');
  const { input } = await rpc.ask('GET_VOICE_SETTINGS');
  check(input.available_devices.some(({ id }) => id === '{a}'), input);

  const activity = { state: 'In menu', party: { id: 'p', size: [1, 4] }, secrets: { join: 'come in' } };
  const set = await rpc.ask('SET_ACTIVITY', { pid: 7, activity: { ...activity, timestamps: { start: 1700000000 } } });
  expect(set, { state: 'In menu', application_id: CLIENT_ID, party: activity.party });
  for (const [command, accepted] of
    [['SEND_ACTIVITY_JOIN_INVITE', true], ['CLOSE_ACTIVITY_REQUEST', false], ['CLOSE_ACTIVITY_JOIN_REQUEST', false]]) {
    await host.send('ACTIVITY_JOIN_REQUEST', { user_id: bob });
    check((await rpc.ask(command, { user_id: bob })) === null, command);
    const { data } = await host.event('DISPATCH', 'JOIN_REQUEST_ANSWERED');
    expect(data, { user: { id: bob }, accepted, secret: accepted ? 'come in' : null });
    expect(await refused(rpc.ask(command, { user_id: bob })), { code: 4010 });
  }
  check((await rpc.ask('SET_ACTIVITY', { pid: 7 })) === null, 'cleared');
}

async function iconOf(rpc, guild) {
  const { icon_url } = await rpc.ask('GET_GUILD', { guild_id: guild });
  check(icon_url.includes(guild) && icon_url.includes('cog'), icon_url);
  return icon_url;
}

async function refusals(host, port) {
  const rpc = await Rpc.connect(port);
  for (const [cmd, args, evt, code] of [
    ['GET_GUILDS', {}, undefined, 4006],
    ['NO_SUCH_COMMAND', {}, undefined, 4002],
    ['SUBSCRIBE', {}, 'NO_SUCH_EVENT', 4004],
    ['SUBSCRIBE', {}, 'GUILD_CREATE', 4006],
    ['AUTHORIZE', { client_id: '5', scopes: ['rpc'] }, undefined, 4007],
    ['AUTHORIZE', { client_id: CLIENT_ID, scopes: 'rpc' }, undefined, 4000],
    ['AUTHENTICATE', { access_token: 'nonsense' }, undefined, 4009],
  ]) {
    expect(await refused(rpc.ask(cmd, args, evt)), { code });
  }
  const token = await rpc.login(host);
  for (const [cmd, args, code] of [
    ['GET_GUILD', { guild_id: '5' }, 4003],
    ['GET_CHANNELS', { guild_id: '5' }, 4003],
    ['GET_CHANNEL', { channel_id: '5' }, 4005],
    ['GET_CHANNEL', {}, 4000],
    ['SET_USER_VOICE_SETTINGS', { user_id: '5', volume: 50 }, 4010],
    ['SET_VOICE_SETTINGS', { input: { volume: 101 } }, 4000],
    ['SEND_ACTIVITY_JOIN_INVITE', { user_id: '5' }, 4010],
  ]) {
    expect(await refused(rpc.ask(cmd, args)), { code });
  }
  const guild = host.names.guild;
  await host.send('GUILD_EDIT', { guild_id: guild, available: false });
  expect(await refused(rpc.ask('GET_GUILD', { guild_id: guild, timeout: 1 })), { code: 5002 });
  await host.send('GUILD_EDIT', { guild_id: guild, available: true });
  await host.send('TOKEN_REVOKE', { access_token: token });
  expect(await rpc.closed, { code: 4003 });
  for (const [query, origin, code] of [
    [`v=1&client_id=x`, TOWN.origin, 4000],
    [`v=1&client_id=${CLIENT_ID}`, 'https://evil.example', 4001],
    [`v=1&client_id=${CLIENT_ID}`, undefined, 4001],
    [`v=2&client_id=${CLIENT_ID}`, TOWN.origin, 4004],
    [`v=1&client_id=${CLIENT_ID}&encoding=xml`, TOWN.origin, 4005],
  ]) {
    const rpc = await Rpc.connect(port, query, origin ?? '');
    expect(await rpc.closed, { code });
  }
}

async function commandsByHttp(host, port) {
  const path = `/rpc?v=1&client_id=${CLIENT_ID}`, origin = { origin: TOWN.origin };
  const authorize = { cmd: 'AUTHORIZE', args: { client_id: CLIENT_ID, scopes: ['rpc'] }, nonce: 'a' };
  const { body } = await json(port, 'POST', path, origin, authorize);
  expect(body, { cmd: 'AUTHORIZE', nonce: 'a', evt: null });
  const token = await host.token(body.data.code);
  const bearer = { ...origin, authorization: `Bearer ${token}` };
  const guilds = await json(port, 'POST', path, bearer, { cmd: 'GET_GUILDS', nonce: 'b' });
  expect(guilds, { status: 200, body: { cmd: 'GET_GUILDS', nonce: 'b' } });
  check(guilds.body.data.guilds.some(({ id }) => id === host.names.guild), guilds);
  const own = `${path}&launch_token=${host.addresses.launch_token}`;
  expect(await json(port, 'POST', own, { authorization: `Bearer ${token}` }, { cmd: 'GET_GUILDS' }), { status: 200 });
  expect(await json(port, 'POST', path, origin, { cmd: 'GET_GUILDS' }), { status: 401, body: { code: 4006 } });
  expect(await json(port, 'POST', path, {}, authorize), { status: 403, body: { code: 4008 } });
  expect(await json(port, 'POST', path, { origin: 'https://evil.example' }, authorize), { status: 403 });
  expect(await json(port, 'POST', path, bearer, { cmd: 'SUBSCRIBE', evt: 'GUILD_CREATE' }), { status: 400 });
  expect(await json(port, 'POST', path, { ...origin, 'content-type': 'text/plain' }, authorize), { status: 400 });
  const nothing = await http(port, 'GET', '/nowhere');
  for (const [method, target, headers] of [
    ['GET', path, bearer],
    ['GET', `${path}&payload=%7B%22cmd%22%3A%22GET_GUILDS%22%7D`, bearer],
    ['OPTIONS', path, { ...origin, 'access-control-request-method': 'POST' }],
    ['OPTIONS', '/api/v10/users/@me', origin],
  ]) {
    const answer = await http(port, method, target, headers);
    check(JSON.stringify(answer) === JSON.stringify(nothing), `${method} ${target}: ${JSON.stringify(answer)}`);
  }
}

async function apiByHttp(host, port) {
  const token = (await host.send('TOKEN_CREATE', { client_id: CLIENT_ID, scopes: TOWN.scopes })).access_token;
  const headers = { authorization: `Bearer ${token}` };
  const ask = (method, path, body) => json(port, method, `/api/v10${path}`, headers, body);
  expect(await ask('GET', '/users/@me'), { status: 200, body: { id: host.names.self } });
  const guild = expect(await ask('POST', '/guilds', { name: 'Made by the API' }), { status: 201 }).body.id;
  const channel = expect(await ask('POST', `/guilds/${guild}/channels`, { name: 'news' }), { status: 201 }).body.id;
  const rpc = await Rpc.connect(port);
  await rpc.login(host);
  await rpc.ask('SUBSCRIBE', { channel_id: channel }, 'MESSAGE_CREATE');
  const coming = rpc.event('MESSAGE_CREATE');
  const posted = expect(await ask('POST', `/channels/${channel}/messages`, { content: 'Extra!' }), { status: 200 });
  expect(await coming, { channel_id: channel, message: { id: posted.body.id, content: 'Extra!' } });
  const listed = await ask('GET', `/channels/${channel}/messages?limit=5`);
  check(listed.body.length === 1 && listed.body[0].content === 'Extra!', listed);
  expect(await ask('POST', '/guilds', {}), { status: 400, body: { code: 50035 } });
  expect(await ask('GET', '/channels/5'), { status: 404, body: { code: 10003 } });
  expect(await ask('DELETE', `/guilds/${guild}`), { status: 204, body: null });
  expect(await json(port, 'GET', '/api/v10/users/@me', {}), { status: 401, body: { code: 40001 } });

  // A second GameBridge, whose account's API is the first one's.
  const second = await Host.start(program, { port: 0, api: `http://127.0.0.1:${port}` });
  const passed = second.addresses.port;
  expect(await json(passed, 'GET', '/api/v10/users/@me', headers), { status: 200, body: { id: host.names.self } });
  const made = await json(passed, 'POST', '/api/v9/guilds', headers, { name: 'Through two' });
  expect(made, { status: 201, body: { name: 'Through two' } });
  expect(await json(passed, 'DELETE', `/api/v9/guilds/${made.body.id}`, headers), { status: 204, body: null });
  expect(await json(passed, 'GET', '/api/v10/users/@me', {}), { status: 401 });
  expect(await json(passed, 'GET', '/api/v10/users/@me', { ...headers, origin: 'https://evil.example' }), { status: 403 });
  await second.close();

  const form = new URLSearchParams({ token, client_id: CLIENT_ID, client_secret: TOWN.client_secret }).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await http(port, 'POST', '/oauth2/token/revoke', type, form), { status: 200, text: '{}' });
  expect(await ask('GET', '/users/@me'), { status: 401 });
  await rpc.close();
}

async function consentIsAsked() {
  const host = await Host.start(program, { port: 0, consent: 'ask' });
  const body = { cmd: 'AUTHORIZE', args: { client_id: CLIENT_ID, scopes: ['rpc'], username: 'Gristmill' } };
  for (const allowed of [true, false]) {
    const reply = json(host.addresses.port, 'POST', `/rpc?v=1&client_id=${CLIENT_ID}`, { origin: TOWN.origin }, body);
    const request = await host.event('REQUEST', 'AUTHORIZE');
    expect(request.data, { application: { id: CLIENT_ID }, scopes: ['rpc'], username: 'Gristmill' });
    host.answer(request, allowed);
    expect(await reply, allowed ? { status: 200 } : { status: 400, body: { code: 5000 } });
  }
  check((await host.send('STATE', { parts: ['user'] })).user.username === 'Gristmill', 'the guest has its name');
  await host.close();
}

const host = await Host.start(program);
await host.build();
const port = host.addresses.port;
const rpc = await Rpc.connect(port);
expect(await rpc.ready, { v: 1, user: { id: host.names.self }, config: { environment: 'production' } });
await rpc.login(host);
await everyCommand(host, rpc);
const events = await everyEvent(
  host,
  async (evt, args) => expect(await rpc.ask('SUBSCRIBE', args, evt), { evt }),
  async (evt, args) => expect(await rpc.ask('UNSUBSCRIBE', args, evt), { evt }),
  evt => rpc.event(evt),
);
await rpc.close();
await refusals(host, port);
await commandsByHttp(host, port);
await apiByHttp(host, port);
await host.close();
await consentIsAsked();
console.log(`every command, ${events} events`);
