/* bcryptprimitives.dll, from which Rust takes random numbers and which Wine 8 does not have: its one function, over the
 * one that Windows had before. It stands beside a program that runs under Wine, and nowhere else. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length);
BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) { return SystemFunction036(bytes, (ULONG)length); }
