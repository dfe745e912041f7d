/* Loading a library and counting what a process holds, on Unix; the counts on Linux only. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void *system_load(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }
static inline void *system_symbol(void *library, const char *name) { return dlsym(library, name); }
static inline int system_unload(void *library) { return dlclose(library) == 0; }
static inline const char *system_error(void) { return dlerror(); }

static inline void system_pause(int ms) { usleep((useconds_t)ms * 1000); }

static inline int system_entries(const char *folder) {
  DIR *dir = opendir(folder);
  int count = 0;
  if (dir == NULL) return -1;
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
}

static inline int system_threads(void) { return system_entries("/proc/self/task"); }
static inline int system_handles(void) { return system_entries("/proc/self/fd"); }

/* Resident memory, in KiB. */
static inline long system_resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long size = 0, pages = 0;
  if (file == NULL) return -1;
  if (fscanf(file, "%ld %ld", &size, &pages) != 2) pages = -1;
  fclose(file);
  return pages < 0 ? -1 : pages * (sysconf(_SC_PAGESIZE) / 1024);
}
