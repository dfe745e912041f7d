// @discordjs/ws on the replay: every event as the object that it makes of it. From READY, where the clock starts, to BENCH_END.
// usage: node discordjs_ws.mjs NODE_MODULES, with the server at BENCH_PORT, and BENCH_COMPRESS, which is zlib-stream or nothing.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "discordjs_ws.mjs"));
const { CompressionMethod, WebSocketManager, WebSocketShardEvents } = require("@discordjs/ws");

const address = `127.0.0.1:${process.env.BENCH_PORT}`;
// All that it asks the API is where the Gateway is, and the replay has no API.
const rest = {
  get: async () => ({
    url: `ws://${address}`,
    shards: 1,
    session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
  }),
};
const compression = process.env.BENCH_COMPRESS === "zlib-stream" ? CompressionMethod.ZlibNative : null;
const manager = new WebSocketManager({ token: "x", intents: 0, rest, compression });

let events = 0;
let begun = process.cpuUsage();
manager.on(WebSocketShardEvents.Dispatch, (payload) => {
  if (payload.t === "READY") {
    events = 0;
    begun = process.cpuUsage();
  } else if (payload.t === "BENCH_END") {
    const { user, system } = process.cpuUsage(begun);
    console.log(JSON.stringify({ events, cpu_s: (user + system) / 1e6 }));
    process.exit(0);
  } else {
    events += 1;
  }
});
manager.on(WebSocketShardEvents.Error, (error) => {
  console.error(error);
  process.exit(1);
});
await manager.connect();
