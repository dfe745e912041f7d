/* What the suite asks of the system: one file per platform behind these names.
 *
 *   system_load, system_symbol, system_unload, system_error   a library by its path
 *   system_threads, system_handles, system_resident           what this process holds; -1 when it cannot be told
 *   system_pause                                              waits, in milliseconds */
#ifndef SYSTEM_H
#define SYSTEM_H

#ifdef _WIN32
#include "system_windows.h"
#else
#include "system_unix.h"
#endif

#endif
