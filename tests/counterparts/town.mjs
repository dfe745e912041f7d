// The server's program and the town that it is filled with (town.json), for the clients in JavaScript.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const TOWN = JSON.parse(readFileSync(new URL('town.json', import.meta.url), 'utf8'));
export const CLIENT_ID = TOWN.client_id;

export function check(fits, what) {
  if (!fits) throw new Error(`not so: ${typeof what === 'string' ? what : JSON.stringify(what)}`);
}

// Whether all that is expected is there; more may be.
export function holds(seen, expected) {
  if (expected !== null && typeof expected === 'object' && !Array.isArray(expected)) {
    return seen !== null && typeof seen === 'object' && Object.keys(expected).every(key => holds(seen[key], expected[key]));
  }
  return JSON.stringify(seen) === JSON.stringify(expected);
}

export function expect(seen, expected) {
  check(holds(seen, expected), `${JSON.stringify(expected)} in ${JSON.stringify(seen)}`);
  return seen;
}

// What a call is refused with: it must be.
export async function refused(promise) {
  const outcome = await promise.then(reply => ({ reply }), error => ({ error }));
  check(outcome.error !== undefined, 'the call is refused');
  return outcome.error;
}

// Our server in a process of its own (serve.c); takes host commands and tells events, a line each.
export class Host {
  names = {};
  #waiting = [];
  #told = [];

  static async start(program, params, service) {
    const host = new Host();
    const given = params ? [JSON.stringify(params)] : [];
    host.process = spawn(program, service ? [...given, service] : given, { stdio: ['pipe', 'pipe', 'inherit'] });
    host.ended = new Promise(resolve => host.process.on('exit', (code, signal) => resolve(signal ?? code)));
    const lines = createInterface({ input: host.process.stdout });
    host.addresses = await new Promise((resolve, reject) => {
      lines.once('line', line => resolve(JSON.parse(line)));
      host.process.once('error', reject);
      host.ended.then(code => reject(new Error(`the host ended with ${code}`)));
    });
    // A script that waits for what never comes says for what.
    setTimeout(() => {
      const last = host.#told.slice(-3).map(told => JSON.stringify(told)).join('\n');
      console.error(`no end after a minute; awaited: ${host.#waiting.map(({ name }) => name)}; told last:\n${last}`);
      process.exit(1);
    }, 60_000).unref();
    lines.on('line', line => {
      host.#told.push(JSON.parse(line));
      host.#match();
    });
    return host;
  }

  #match() {
    this.#waiting = this.#waiting.filter(({ kind, name, resolve }) => {
      const at = this.#told.findIndex(told => told.type === kind && told.name === name);
      if (at < 0) return true;
      resolve(this.#told.splice(at, 1)[0]);
      return false;
    });
  }

  // The next event of this type and name.
  event(kind, name) {
    return new Promise(resolve => {
      this.#waiting.push({ kind, name, resolve });
      this.#match();
    });
  }

  // Sends a host command and gives its reply's data.
  async send(command, args = {}) {
    this.process.stdin.write(`${command} ${JSON.stringify(args)}\n`);
    const reply = await this.event('REPLY', command);
    check(reply.status === 'success', `${command}: ${reply.message}`);
    return reply.data;
  }

  answer(request, allowed) {
    this.process.stdin.write(`answer ${request.tag} ${allowed ? 'allow' : 'deny'}\n`);
  }

  async close() {
    this.process.stdin.end();
    check((await this.ended) === 0, 'the host ends well');
  }

  // Makes the town.
  async build() {
    this.names.self = (await this.send('STATE', { parts: ['user'] })).user.id;
    for (const step of TOWN.make) await this.do(step);
  }

  // Carries out `[command, arguments, name of what it makes]`.
  async do([command, args, name]) {
    const made = await this.send(command, this.named(args));
    if (name !== undefined) this.names[name] = made.id;
    return made;
  }

  // The same with ids in the place of names.
  named(value) {
    if (typeof value === 'string') return value.startsWith('$') ? this.names[value.slice(1)] : value;
    if (Array.isArray(value)) return value.map(element => this.named(element));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.named(member)]));
  }

  async token(code) {
    const { client_id, client_secret } = TOWN;
    return (await this.send('TOKEN_EXCHANGE', { code, client_id, client_secret })).access_token;
  }
}

// Subscribes to each event, has the host cause it, and looks at what comes.
export async function everyEvent(host, subscribe, unsubscribe, next) {
  for (const [name, args, cause, expected] of TOWN.events) {
    const of = host.named(args);
    const subscription = await subscribe(name, of);
    const coming = next(name);
    await host.do(cause);
    const seen = await coming;
    check(holds(seen, host.named(expected)), `${name}: ${JSON.stringify(seen)}`);
    await unsubscribe(name, of, subscription);
  }
  return TOWN.events.length;
}
