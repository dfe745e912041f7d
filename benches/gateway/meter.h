/* What a whole-process measurement needs in C: wall time, the CPU time of the whole process (our I/O thread included), and
 * peak memory. Prints the one line of JSON that every client of the replay server prints. */
#ifndef METER_H
#define METER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct meter {
  double wall, cpu;
} meter;

static inline double meter_wall(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double meter_cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* A line of /proc/self/status in KB: VmHWM is the peak of this program alone (ru_maxrss would keep its parent's), VmRSS
 * what is resident now. */
static inline long meter_kb(const char *key) {
  char line[256];
  long kb = -1;
  FILE *status = fopen("/proc/self/status", "r");
  if (status == NULL) return -1;
  while (fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, key, strlen(key)) == 0) {
      kb = strtol(line + strlen(key) + 1, NULL, 10);
      break;
    }
  fclose(status);
  return kb;
}

static inline meter meter_start(void) {
  meter m;
  m.wall = meter_wall();
  m.cpu = meter_cpu();
  return m;
}

static inline void meter_print(const meter *m, const char *client, uint64_t events) {
  double wall = meter_wall() - m->wall, cpu = meter_cpu() - m->cpu;
  printf("{\"client\":\"%s\",\"events\":%llu,\"wall_s\":%.4f,\"cpu_s\":%.4f,\"rss_kb\":%ld}\n", client,
         (unsigned long long)events, wall, cpu, meter_kb("VmHWM"));
}

#endif
