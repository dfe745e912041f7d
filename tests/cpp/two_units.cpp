// Two units of one program, both with the header. The second is built without exceptions and run-time types, and with
// another standard; objects of one are used in the other.
#include <gamebridge.hpp>

void second_unit_asks(gamebridge::Connection server, int &replies);
gamebridge::EventCopy second_unit_waits(gamebridge::Client &client, int replies_wanted, const int &replies);

#ifdef SECOND_UNIT

void second_unit_asks(gamebridge::Connection server, int &replies) {
  server.request("STATE", [&replies](const gamebridge::Event &) { replies++; });
}

gamebridge::EventCopy second_unit_waits(gamebridge::Client &client, int replies_wanted, const int &replies) {
  gamebridge::EventCopy connected;
  while (replies < replies_wanted)
    for (const gamebridge::Event &ev : client.wait(1000))
      if (ev.type() == GB_EVENT_CONNECTED) connected = ev.copy();
  return connected;
}

#else

#include "check.h"

int main() {
  int replies = 0;
  gamebridge::Client client;
  const gamebridge::Connection server = client.serve("rpc", {{"/transport", "ipc"}});
  CHECK(server);
  server.request("STATE", [&replies](const gamebridge::Event &) { replies++; });
  second_unit_asks(server, replies);
  const gamebridge::EventCopy connected = second_unit_waits(client, 2, replies);
  CHECK(replies == 2 && connected && connected.conn() == server && !connected["/ipc"].text().empty());
  return 0;
}

#endif
