/* Wherever Discord puts its socket it is found: each variable that names a folder, each number, and the folders of
 * snap, Flatpak and Vesktop. Then Discord_Register, in a home of its own. */
#define _GNU_SOURCE
#include "discord.h"

static const char *variables[] = {"XDG_RUNTIME_DIR", "TMPDIR", "TMP", "TEMP"};

static void is_found_in(const char *below, int number) {
  char folder[1024], path[sizeof folder + 32];
  char *at;
  snprintf(folder, sizeof folder, "%s/d/%s", getenv("HOME"), below);
  for (at = folder + 1; *at != '\0'; at++)
    if (*at == '/') *at = '\0', mkdir(folder, 0700), *at = '/';
  mkdir(folder, 0700);
  snprintf(path, sizeof path, "%s%sdiscord-ipc-%d", folder, *below != '\0' ? "/" : "", number);
  player_forgets();
  discord_listens(path);
  initialize();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
  finish();
}

static void holds(const char *path, const char *text) {
  static char content[65536];
  FILE *file = fopen(path, "r");
  size_t length;
  if (file == NULL) fprintf(stderr, "%s is not there\n", path);
  EXPECT(file != NULL);
  length = fread(content, 1, sizeof content - 1, file);
  content[length] = '\0';
  fclose(file);
  if (strstr(content, text) == NULL) fprintf(stderr, "%s holds:\n%s", path, content);
  EXPECT(strstr(content, text) != NULL);
}

static void registrations(void) {
  char entry[512], list[512];
  old_handlers handlers = all_handlers();
  snprintf(entry, sizeof entry, "%s/.local/share/applications/discord-" APPLICATION ".desktop", getenv("HOME"));
  snprintf(list, sizeof list, "%s/.config/mimeapps.list", getenv("HOME"));
  unsetenv("XDG_DATA_HOME");
  unsetenv("XDG_CONFIG_HOME");
  Discord_Register(APPLICATION, "/opt/a-game/run --from discord");
  holds(entry, "/opt/a-game/run");
  holds(entry, "x-scheme-handler/discord-" APPLICATION);
  holds(list, "x-scheme-handler/discord-" APPLICATION "=discord-" APPLICATION ".desktop");
  Discord_RegisterSteamGame(APPLICATION, "4242");
  holds(entry, "steam://rungameid/4242");
  Discord_Register(APPLICATION, NULL);
  holds(entry, "places");
  /* What Discord_Initialize does when it is asked. */
  Discord_Initialize(APPLICATION, &handlers, 1, "77");
  Discord_Shutdown();
  holds(entry, "steam://rungameid/77");
  Discord_Initialize(APPLICATION, &handlers, 1, NULL);
  Discord_Shutdown();
  holds(entry, "places");
}

int main(void) {
  char folder[512];
  size_t at, other;
  snprintf(folder, sizeof folder, "%s/d", getenv("HOME"));
  for (at = 0; at < sizeof variables / sizeof *variables; at++) {
    for (other = 0; other < sizeof variables / sizeof *variables; other++) unsetenv(variables[other]);
    setenv(variables[at], folder, 1);
    is_found_in("", (int)at);
  }
  for (other = 0; other < sizeof variables / sizeof *variables; other++) unsetenv(variables[other]);
  setenv("XDG_RUNTIME_DIR", folder, 1);
  is_found_in("", 9);
  is_found_in("snap.discord", 0);
  is_found_in("snap.discord-canary", 3);
  is_found_in("app/com.discordapp.Discord", 0);
  is_found_in("app/com.discordapp.DiscordCanary", 0);
  is_found_in("app/com.discordapp.DiscordPTB", 1);
  is_found_in("app/dev.vencord.Vesktop", 0);
  is_found_in(".flatpak/com.discordapp.Discord/xdg-run", 0);
  is_found_in(".flatpak/dev.vencord.Vesktop/xdg-run", 0);
  registrations();
  return 0;
}
