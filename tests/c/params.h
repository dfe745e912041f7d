/* What the parameters of servers and clients are called, and where a server's CONNECTED holds its addresses: here and
 * nowhere else in the suite. */
#ifndef PARAMS_H
#define PARAMS_H

#define CLIENT_ID "192741864418312192"

/* A server that consents by itself, on any free port of loopback, and on a socket in the private folder that xtask gives to every run. */
#define SERVE_PARAMS "{\"port\":0}"
/* The same, and the host is asked each time. */
#define SERVE_AND_ASK_PARAMS "{\"port\":0,\"consent\":\"ask\"}"
#define ADDRESS_PORT "/port"
#define ADDRESS_IPC "/ipc"

/* For printf: the port; the socket's path. */
#define WEBSOCKET_PARAMS "{\"client_id\":\"" CLIENT_ID "\",\"transport\":\"websocket\",\"port\":%d}"
#define IPC_PARAMS "{\"client_id\":\"" CLIENT_ID "\",\"transport\":\"ipc\",\"path\":\"%s\"}"

/* Makes a path fit to stand in JSON without escapes: Windows takes a slash for a backslash. */
static inline const char *params_path(char *path) {
  char *at;
  for (at = path; *at != '\0'; at++)
    if (*at == '\\') *at = '/';
  return path;
}

#endif
