/* What the library does to its process: nothing that others could see. Signal dispositions, the signal mask, the locale,
 * exit handlers, the environment, the umask and the working folder stay; its own threads block every signal; when the
 * last client goes, no thread and no descriptor is left. That it writes nothing to standard error, xtask checks. */
#define _GNU_SOURCE
#include "host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every exit handler of a C program goes through this function of libc, which this program stands in front of. */
static int exit_handlers;
typedef int (*cxa_atexit)(void (*)(void *), void *, void *);
int __cxa_atexit(void (*function)(void *), void *argument, void *image);
int __cxa_atexit(void (*function)(void *), void *argument, void *image) {
  static cxa_atexit next;
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "__cxa_atexit");
  exit_handlers++;
  return next(function, argument, image);
}

static int entries(const char *folder) {
  DIR *dir = opendir(folder);
  int count = 0;
  CHECK(dir != NULL);
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
}

typedef struct process {
  struct sigaction actions[NSIG];
  sigset_t mask;
  char locale[128], folder[512];
  mode_t mode;
  int exit_handlers, rounding;
  size_t variables;
} process;

static void look(process *it) {
  extern char **environ;
  int signal;
  memset(it, 0, sizeof *it);
  for (signal = 1; signal < NSIG; signal++)
    if (signal != 32 && signal != 33) (void)sigaction(signal, NULL, &it->actions[signal]);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &it->mask) == 0);
  snprintf(it->locale, sizeof it->locale, "%s", setlocale(LC_ALL, NULL));
  CHECK(getcwd(it->folder, sizeof it->folder) != NULL);
  it->mode = umask(0);
  umask(it->mode);
  it->exit_handlers = exit_handlers;
  it->rounding = fegetround();
  while (environ[it->variables] != NULL) it->variables++;
}

static void same(const process *before, const process *after) {
  int signal;
  for (signal = 1; signal < NSIG; signal++) {
    const struct sigaction *a = &before->actions[signal], *b = &after->actions[signal];
    if (a->sa_handler != b->sa_handler || a->sa_flags != b->sa_flags) {
      fprintf(stderr, "the disposition of signal %d has changed\n", signal);
      exit(1);
    }
    CHECK(sigismember(&before->mask, signal) == sigismember(&after->mask, signal));
  }
  CHECK_TEXT(before->locale, after->locale);
  CHECK_TEXT(before->folder, after->folder);
  CHECK_INT(before->mode, after->mode);
  CHECK_INT(before->exit_handlers, after->exit_handlers);
  CHECK_INT(before->rounding, after->rounding);
  CHECK_INT(before->variables, after->variables);
}

/* `SigBlk:` of every thread but this one: each signal that can be blocked is. */
static void every_library_thread_blocks_all_signals(void) {
  DIR *dir = opendir("/proc/self/task");
  struct dirent *entry;
  int threads = 0;
  CHECK(dir != NULL);
  while ((entry = readdir(dir)) != NULL) {
    char path[300], line[256];
    unsigned long long blocked = 0;
    FILE *file;
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == (int)getpid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
      if (sscanf(line, "SigBlk: %llx", &blocked) == 1) break;
    fclose(file);
    threads++;
    for (int signal = 1; signal < 32; signal++)
      if (signal != SIGKILL && signal != SIGSTOP) CHECK((blocked >> (signal - 1) & 1) == 1);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) CHECK((blocked >> (signal - 1) & 1) == 1);
  }
  closedir(dir);
  /* One I/O thread for each image of the library, however many clients there are. */
  CHECK_INT(1, threads);
}

static volatile sig_atomic_t delivered_to;
static void note(int signal) {
  (void)signal;
  delivered_to = (sig_atomic_t)gettid();
}

/* A signal to the process reaches the program's thread and not the library's. */
static void a_signal_is_handled_on_our_thread(void) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  delivered_to = 0;
  CHECK(sigaction(SIGUSR1, &action, &old) == 0);
  CHECK(kill(getpid(), SIGUSR1) == 0);
  while (delivered_to == 0) usleep(1000);
  CHECK_INT(getpid(), delivered_to);
  CHECK(sigaction(SIGUSR1, &old, NULL) == 0);
}

int main(void) {
  process before, after;
  int threads, descriptors, round;
  CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL || setlocale(LC_ALL, "C") != NULL);
  /* Once before the first look: libc marks a disposition that was ever set. */
  a_signal_is_handled_on_our_thread();
  threads = entries("/proc/self/task");
  descriptors = entries("/proc/self/fd");
  look(&before);
  for (round = 0; round < 3; round++) {
    host h = host_start();
    gb_client *gb = new_client();
    gb_conn websocket = connect_websocket(gb, &h), ipc;
    AWAIT(gb, GB_EVENT_CONNECTED, websocket, NULL);
    ipc = connect_ipc(gb, h.ipc);
    AWAIT(gb, GB_EVENT_CONNECTED, ipc, NULL);
    every_library_thread_blocks_all_signals();
    a_signal_is_handled_on_our_thread();
    look(&after);
    same(&before, &after);
    gb_client_free(gb);
    gb_client_free(h.gb);
    for (int tries = 0; tries < 1000 && entries("/proc/self/task") != threads; tries++) usleep(1000);
    CHECK_INT(threads, entries("/proc/self/task"));
    CHECK_INT(descriptors, entries("/proc/self/fd"));
  }
  look(&after);
  same(&before, &after);
  return 0;
}
