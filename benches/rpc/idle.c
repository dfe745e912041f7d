/* Connected, and nothing happens for ten seconds: CPU time and wake-ups of all threads of the client. `idle <path>`. The
 * program itself sleeps in one gb_wait. */
#include "bare.h"
#include "gamebridge.h"
#include "../gateway/meter.h"

#include <dirent.h>

/* How often any thread of this process has given its processor up by itself. */
static long sleeps(void) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *task;
  long sum = 0;
  if (tasks == NULL) return -1;
  while ((task = readdir(tasks)) != NULL) {
    char path[512], line[256];
    FILE *status;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
    if (task->d_name[0] == '.' || (status = fopen(path, "r")) == NULL) continue;
    while (fgets(line, sizeof line, status) != NULL)
      if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0) sum += strtol(line + 24, NULL, 10);
    fclose(status);
  }
  closedir(tasks);
  return sum;
}

int main(int argc, char **argv) {
  char params[512];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  double cpu;
  long before;
  if (argc != 2 || gb_client_new(NULL, &gb) != GB_OK) return 2;
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", argv[1]);
  if (gb_connect(gb, "rpc", params, &conn) != GB_OK) return 1;
  while (gb_wait(gb, 500) != NULL) {}
  cpu = meter_cpu();
  before = sleeps();
  while (gb_wait(gb, 10000) != NULL) {}
  /* The one sleep that is ours is not the library's. */
  printf("idle_wakeups %ld\n", sleeps() - before - 1);
  printf("idle_cpu_percent %.4f\n", (meter_cpu() - cpu) * 10);
  printf("resident_kb %ld\n", meter_kb("VmRSS"));
  gb_client_free(gb);
  return 0;
}
