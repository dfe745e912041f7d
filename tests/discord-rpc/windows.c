/* An old game on Windows, with discord-rpc.dll beside it: a Discord behind a named pipe, a restart of it, and what
 * Discord_Register writes. Run under Wine where there is one. */
#include "player.h"

#include <windows.h>

enum { HANDSHAKE = 0, FRAME = 1, CLOSE = 2 };

static HANDLE pipe = INVALID_HANDLE_VALUE;
static char payload[1 << 16];
static uint32_t opcode;

/* One end of the pipe at a time: whoever was connected is gone. */
static void discord_starts(void) {
  DWORD mode = PIPE_TYPE_BYTE | PIPE_WAIT;
  pipe = CreateNamedPipeA("\\\\.\\pipe\\discord-ipc-0", PIPE_ACCESS_DUPLEX, mode, 1, 1 << 16, 1 << 16, 0, NULL);
  EXPECT(pipe != INVALID_HANDLE_VALUE);
}
static void discord_quits(void) { EXPECT(CloseHandle(pipe)); }

static void takes(void *to, DWORD length) {
  char *at = to;
  DWORD n;
  for (; length > 0; at += n, length -= n) EXPECT(ReadFile(pipe, at, length, &n, NULL) && n > 0);
}
static const char *hears(void) {
  uint32_t length;
  takes(&opcode, 4);
  takes(&length, 4);
  EXPECT(length < sizeof payload);
  takes(payload, length);
  payload[length] = '\0';
  return payload;
}
static void says(const char *json) {
  static char frame[4096];
  uint32_t head[2] = {FRAME, 0};
  DWORD n;
  head[1] = (uint32_t)strlen(json);
  memcpy(frame, head, 8);
  memcpy(frame + 8, json, head[1]);
  EXPECT(WriteFile(pipe, frame, 8 + head[1], &n, NULL) && n == 8 + head[1]);
}

static void hears_of(const char *first, const char *second) {
  hears();
  if (strstr(payload, first) == NULL || strstr(payload, second) == NULL) fprintf(stderr, "%s\n", payload);
  EXPECT(opcode == FRAME && strstr(payload, first) != NULL && strstr(payload, second) != NULL);
}

/* Everything up to the presence. */
static void welcomes(const char *state) {
  EXPECT(ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED);
  EXPECT_TEXT("{\"v\":1,\"client_id\":\"" APPLICATION "\"}", hears());
  EXPECT(opcode == HANDSHAKE);
  says("{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"nonce\":null,\"data\":{\"v\":1,\"user\":{"
       "\"id\":\"53908232506183680\",\"username\":\"Mason\",\"discriminator\":\"0\",\"avatar\":null}}}");
  hears_of("\"SUBSCRIBE\"", "\"ACTIVITY_JOIN\"");
  hears_of("\"SUBSCRIBE\"", "\"ACTIVITY_SPECTATE\"");
  hears_of("\"SUBSCRIBE\"", "\"ACTIVITY_JOIN_REQUEST\"");
  hears_of("\"SET_ACTIVITY\"", state);
  SOON(was_told("ready 53908232506183680 Mason 0 \n"));
  says("{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"secret\":\"come in\"}}");
  SOON(was_told("joined come in\n"));
}

static void plays_through_a_restart_of_discord(void) {
  char pid[32];
  discord_starts();
  initialize();
  show_state("Gr\xc3\xbc\xc3\x9f" "e");
  welcomes("\"state\":\"Gr\xc3\xbc\xc3\x9f" "e\"");
  snprintf(pid, sizeof pid, "\"pid\":%lu", (unsigned long)GetCurrentProcessId());
  EXPECT(strstr(payload, pid) != NULL);
  Discord_Respond("12", 1);
  hears_of("\"SEND_ACTIVITY_JOIN_INVITE\"", "\"12\"");
  discord_quits();
  SOON(was_told("disconnected 1 "));
  player_forgets();
  discord_starts();
  welcomes("\"state\":\"Gr");
  Discord_Shutdown();
  hears_of("\"SET_ACTIVITY\"", pid);
  EXPECT(strstr(payload, "\"activity\"") == NULL);
  discord_quits();
}

static void holds(const char *key, const char *value, const char *expected) {
  char path[256], text[1024] = "";
  DWORD size = sizeof text;
  snprintf(path, sizeof path, "Software\\Classes\\discord-" APPLICATION "%s", key);
  RegGetValueA(HKEY_CURRENT_USER, path, value, RRF_RT_REG_SZ, NULL, text, &size);
  EXPECT_TEXT(expected, text);
}

static void registers_for_this_user(void) {
  char own[512], expected[600];
  EXPECT(GetModuleFileNameA(NULL, own, sizeof own) > 0);
  snprintf(expected, sizeof expected, "\"%s\" \"%%1\"", own);
  Discord_Register(APPLICATION, NULL);
  holds("\\shell\\open\\command", "", expected);
  holds("", "URL Protocol", "");
  holds("", "", "URL:windows");
  Discord_Register(APPLICATION, "\"C:\\my games\\run.exe\" --fast");
  holds("\\shell\\open\\command", "", "\"C:\\my games\\run.exe\" --fast \"%1\"");
  /* No digits, or a path in which Windows would replace something: what was there stays. */
  Discord_Register(APPLICATION "\\x", "C:\\no.exe");
  Discord_Register(APPLICATION, "two\nlines");
  holds("\\shell\\open\\command", "", "\"C:\\my games\\run.exe\" --fast \"%1\"");
}

int main(void) {
  player_used();
  plays_through_a_restart_of_discord();
  registers_for_this_user();
  return 0;
}
