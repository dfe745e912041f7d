// What a program of somebody else does with the installed library and the C++ header: hosts a server, connects to it,
// sets an activity, and ends with 0 when the reply came.
#include <gamebridge.hpp>

#include <cstdio>

namespace gb = gamebridge;

static int failed(const char *what) {
  std::fprintf(stderr, "%s: %s\n", what, gb::last_error().c_str());
  return 1;
}

int main() {
  if (gb::version() != GB_VERSION) return failed("the header is of another version");
  gb::Client client;
  const gb::Connection server = client.serve("rpc", {{"/transport", "ipc"}});
  if (!server) return failed("serve");
  gb::Result replied = GB_ERR_TIMEOUT;
  for (int waits = 0; waits < 200 && replied == GB_ERR_TIMEOUT; waits++)
    for (const gb::Event &ev : client.wait(100))
      if (ev.type() == GB_EVENT_CONNECTED && ev.conn() == server)
        client.connect("rpc", {{"/client_id", "192741864418312192"}, {"/path", ev["/ipc"].text()}})
            .request("SET_ACTIVITY", {{"/activity/state", "Linked"}},
                     [&](const gb::Event &reply) { replied = reply.status(); });
  return replied ? 0 : failed(replied.text().c_str());
}
