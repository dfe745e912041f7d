// @xhayper/discord-rpc against our server: its classes, unchanged, over the local socket in the private folder of this
// run (it has no other transport of its own), and its REST client at our token endpoints.
//
//   node xhayper_client.mjs <tests/counterparts/serve.c, built> <the folder of npm's packages>

import { createRequire } from 'node:module';
import { CLIENT_ID, Host, TOWN, check, everyEvent, expect, holds, refused } from './town.mjs';

const [program, packages] = process.argv.slice(2);
const { Client } = createRequire(packages + '/')('@xhayper/discord-rpc');

function client(host, clientId = CLIENT_ID) {
  const client = new Client({ clientId, clientSecret: TOWN.client_secret, transport: { type: 'ipc' } });
  // It asks Discord itself for tokens; here we stand in for it.
  client.rest.options.api = `http://127.0.0.1:${host.addresses.port}/api`;
  return client;
}

async function presence(host) {
  const rpc = client(host);
  await rpc.login();
  const user = rpc.user;
  check(user.id === host.names.self && user.username === 'Guest', user.username);
  const start = new Date(1700000000000);
  const set = await user.setActivity({
    state: 'In menu', details: 'Ünïcödé \u{1f600} "quoted"', startTimestamp: start, endTimestamp: 1700000600000,
    largeImageKey: 'old_mill', largeImageText: 'The Old Mill', smallImageKey: 'cog', partyId: 'p', partySize: 1,
    partyMax: 4, joinSecret: 'come in', instance: false, type: 3, statusDisplayType: 1, stateUrl: 'https://example.com',
  });
  expect(set, { state: 'In menu', details: 'Ünïcödé \u{1f600} "quoted"', type: 3, party: { id: 'p', size: [1, 4] } });
  check(set.application_id === CLIENT_ID, set);
  const seen = await host.event('DISPATCH', 'ACTIVITY_UPDATE');
  expect(seen.data.activity, { state: 'In menu', details: 'Ünïcödé \u{1f600} "quoted"' });
  const buttons = [{ label: 'Watch', url: 'https://example.com/watch' }];
  await user.setActivity({ details: 'No secrets', buttons });
  check((await host.send('STATE', { parts: ['activities'] })).activities[0].activity.details === 'No secrets', 'replaced');
  await user.clearActivity();
  check((await host.send('STATE', { parts: ['activities'] })).activities.length === 0, 'cleared');
  await refused(user.setActivity({ state: 'x', details: 'y' }));
  await rpc.destroy();
}

// Everything that it offers of what the documentation has, and two of its names for the same.
async function everyMethod(host, rpc) {
  const { user } = rpc;
  const { guild, text, lounge, attic, ada, bob } = host.names;
  check(rpc.application.id === CLIENT_ID && rpc.application.name === 'The Mill', 'the application');
  check((await user.fetchGuilds()).some(({ id, name }) => id === guild && name === 'Millers'), 'the guild is listed');
  const fetched = await user.fetchGuild(guild, 1);
  check(fetched.id === guild && fetched.name === 'Millers', fetched.name);
  const names = (await user.fetchChannels(guild)).map(({ name }) => name);
  check(['general', 'Lounge', 'Attic'].every(name => names.includes(name)), names);
  const channel = await user.fetchChannel(text);
  check(channel.topic === 'Flour' && channel.messages[0].content === 'Hello all', channel.topic);
  check(channel.messages[0].author.id === ada, 'who wrote it');

  check((await user.getSelectedVoiceChannel()) === null, 'in no voice channel');
  check((await user.selectVoiceChannel(lounge, 2, false, false)).id === lounge, 'joined');
  check((await user.getSelectedVoiceChannel()).id === lounge, 'is there');
  expect(await refused(user.selectVoiceChannel(attic)), { code: 5003 });
  check((await user.selectVoiceChannel(attic, 2, true)).id === attic, 'moved');
  await user.leaveVoiceChannel();
  check((await user.selectTextChannel(text, 1)).id === text, 'looks at it');
  await user.leaveTextChannel();

  const settings = await user.getVoiceSettings();
  check(settings.mute === false && settings.deaf === false && settings.mode.type === 'VOICE_ACTIVITY', settings.mode);
  expect(await user.setVoiceSettings({ deaf: true }), { deaf: true });
  expect(await user.setVoiceSettings({ deaf: false, mute: false }), { deaf: false, mute: false });
  const device = { type: 'audiooutput', id: '{b}', vendor: { name: 'Vendor', url: 'https://vendor.example' },
    model: { name: 'Ears', url: 'https://vendor.example/ears' }, related: [] };
  await user.setCeritfiedDevices([device]);
  const { output } = await user.getVoiceSettings();
  check(output.available_devices.some(({ id }) => id === '{b}'), output);

  await user.setActivity({ state: 'In menu', joinSecret: 'come in', partyId: 'p', partySize: 1, partyMax: 2 });
  for (const [answer, accepted] of [['sendJoinInvite', true], ['closeJoinRequest', false],
    ['sendActivityJoinInvite', true], ['closeActivityJoinRequest', false]]) {
    await host.send('ACTIVITY_JOIN_REQUEST', { user_id: bob });
    await user[answer](bob);
    const { data } = await host.event('DISPATCH', 'JOIN_REQUEST_ANSWERED');
    expect(data, { user: { id: bob }, accepted, secret: accepted ? 'come in' : null });
  }
}

async function refusals(host, rpc) {
  for (const [call, code] of [
    [() => rpc.user.fetchGuild('5'), 4003],
    [() => rpc.user.fetchChannel('5'), 4005],
    [() => rpc.user.sendJoinInvite('5'), 4010],
    [() => rpc.subscribe('NO_SUCH_EVENT'), 4004],
    [() => rpc.authenticate('nonsense'), 4009],
    // Of Discord's own commands that no document has: they are unknown here.
    [() => rpc.user.getRelationships(), 4002],
    [() => rpc.user.toggleVideo(), 4002],
  ]) {
    expect(await refused(call()), { code });
  }
  const stranger = client(host);
  await stranger.connect();
  expect(await refused(stranger.request('GET_GUILDS')), { code: 4006 });
  const gone = new Promise(resolve => stranger.once('disconnected', resolve));
  await stranger.destroy();
  await gone;
}

// What comes before its turn waits for who asks for it.
function inbox(rpc) {
  const [come, waiting] = [[], []];
  const names = new Set(TOWN.events.map(([name]) => name));
  for (const name of names) {
    rpc.on(name, data => {
      const at = waiting.findIndex(entry => entry.name === name);
      if (at < 0) come.push({ name, data });
      else waiting.splice(at, 1)[0].resolve(data);
    });
  }
  return name => new Promise(resolve => {
    const at = come.findIndex(entry => entry.name === name);
    if (at < 0) waiting.push({ name, resolve });
    else resolve(come.splice(at, 1)[0].data);
  });
}

const host = await Host.start(program);
await host.build();
await presence(host);
const rpc = client(host);
// AUTHORIZE, then its own exchange of the code, then AUTHENTICATE.
await rpc.login({ scopes: TOWN.scopes });
const ready = rpc.user;
check(ready.id === host.names.self, 'logged in');
await everyMethod(host, rpc);
await refusals(host, rpc);
const events = await everyEvent(
  host,
  (name, args) => rpc.subscribe(name, args),
  async (name, args, subscription) => check(holds(await subscription.unsubscribe(), { data: { evt: name } }), name),
  inbox(rpc),
);
await rpc.refreshAccessToken();
const renewed = client(host);
await renewed.login({ scopes: TOWN.scopes, refreshToken: rpc.refreshToken });
await renewed.destroy();
await rpc.destroy();
await host.close();
console.log(`every method, ${events} events`);
process.exit(0);
