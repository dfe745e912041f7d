// What a handler throws reaches whoever called Discord_RunCallbacks, and the library goes on. An application that is
// none is told without a Discord.
#include <discord_rpc.h>

#include <cstring>
#include <stdexcept>

static int thrown;

static void on_disconnected(int, const char *message) {
  ++thrown;
  throw std::runtime_error(message);
}

static bool reaches_us() {
  DiscordEventHandlers handlers;
  std::memset(&handlers, 0, sizeof handlers);
  handlers.disconnected = on_disconnected;
  Discord_Initialize("no application", &handlers, 0, nullptr);
  bool caught = false;
  try {
    Discord_RunCallbacks();
  } catch (const std::runtime_error &error) {
    caught = std::strlen(error.what()) > 0;
  }
  // It was told; it is not told again.
  Discord_RunCallbacks();
  Discord_Shutdown();
  return caught;
}

int main() {
  for (int round = 1; round <= 3; ++round)
    if (!reaches_us() || thrown != round) return round;
  return 0;
}
