/* The floor of a local server: a thread for each connection that writes back what it reads, on a Unix socket. `echo <path>`;
 * ends with its standard input. */
#include "bare.h"

#include <pthread.h>

static void *echo(void *arg) {
  char bytes[BIGGEST];
  int fd = (int)(intptr_t)arg;
  ssize_t n;
  while ((n = read(fd, bytes, sizeof bytes)) > 0) write_whole(fd, bytes, (size_t)n);
  close(fd);
  return NULL;
}

static void *serve(void *arg) {
  pthread_t thread;
  int listener = *(int *)arg, fd;
  while ((fd = accept(listener, NULL, NULL)) >= 0) {
    if (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0) return NULL;
    pthread_detach(thread);
  }
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t thread;
  int listener;
  if (argc != 2) return 2;
  listener = bare_listen(argv[1]);
  if (pthread_create(&thread, NULL, serve, &listener) != 0) return 1;
  printf("ipc %s\n", argv[1]);
  fflush(stdout);
  while (getchar() != EOF) {}
  unlink(argv[1]);
  return 0;
}
