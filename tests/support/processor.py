"""What the system lists of this processor. Imports no cyjson, for tools that build it."""

import pathlib
import platform

# What a level needs, in the words of /proc/cpuinfo (Linux, x86-64), where the system's own support shows as well.
LISTED = {
    "avx2": {"avx2", "bmi1", "bmi2", "abm", "popcnt"},
    "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512ifma", "avx512vbmi", "avx512_vbmi2"},
}


def best_listed():
    """The best level by what the system lists of this processor; None where it lists nothing of the kind."""
    if platform.machine() in ("aarch64", "arm64"):
        return "neon"
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), None)
    if flags is None or platform.machine() != "x86_64":
        return None
    if not LISTED["avx2"] <= flags:
        return "sse2"
    return "avx512" if LISTED["avx512"] <= flags else "avx2"
