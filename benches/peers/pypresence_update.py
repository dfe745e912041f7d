"""pypresence's `update`, a round trip each: to whichever server listens in XDG_RUNTIME_DIR. Prints microseconds."""

import time

from pypresence import Presence

presence = Presence("192741864418312192")
presence.connect()
took = []
for at in range(1200):
    start = time.perf_counter_ns()
    presence.update(
        state=f"In menu {at}",
        details="Old Mill",
        start=1700000000,
        large_image="old_mill",
        party_id="party",
        party_size=[1, 4],
    )
    took.append(time.perf_counter_ns() - start)
presence.close()
took = sorted(took[200:])
print(f"update_us_p50 {took[len(took) // 2] / 1e3:.1f}")
print(f"update_us_p99 {took[len(took) * 99 // 100] / 1e3:.1f}")
