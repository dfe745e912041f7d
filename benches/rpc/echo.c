/* The floor of a local server: one thread that writes back what it reads, on a Unix socket. `echo <path>`; ends with its
 * standard input. */
#include "bare.h"

#include <pthread.h>

static void *serve(void *arg) {
  char bytes[BIGGEST];
  int listener = *(int *)arg, fd;
  while ((fd = accept(listener, NULL, NULL)) >= 0) {
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) write_whole(fd, bytes, (size_t)n);
    close(fd);
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
