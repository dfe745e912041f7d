/* Loading a library and counting what a process holds, on Windows. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlhelp32.h>

static inline void *system_load(const char *path) { return (void *)LoadLibraryA(path); }
static inline void *system_symbol(void *library, const char *name) {
  union { FARPROC function; void *data; } found;
  found.function = GetProcAddress((HMODULE)library, name);
  return found.data;
}
static inline int system_unload(void *library) { return FreeLibrary((HMODULE)library) != 0; }
static inline const char *system_error(void) {
  static char text[64];
  snprintf(text, sizeof text, "error %lu of the system", (unsigned long)GetLastError());
  return text;
}

static inline void system_pause(int ms) { Sleep((DWORD)ms); }

static inline int system_threads(void) {
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 entry;
  int count = 0, more;
  if (all == INVALID_HANDLE_VALUE) return -1;
  entry.dwSize = sizeof entry;
  for (more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry))
    count += entry.th32OwnerProcessID == GetCurrentProcessId();
  CloseHandle(all);
  return count;
}

static inline int system_handles(void) {
  DWORD count = 0;
  return GetProcessHandleCount(GetCurrentProcess(), &count) ? (int)count : -1;
}

/* Memory that is ours alone, in KiB. */
static inline long system_resident(void) {
  PROCESS_MEMORY_COUNTERS memory;
  if (!GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory)) return -1;
  return (long)(memory.PagefileUsage / 1024);
}
