"""What this machine has room for: memory, and GPUs as their driver's own tool tells."""

from __future__ import annotations

import os
import shutil
import subprocess

from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in MB; ``gpus`` holds (name, memory in MB) of each."""

    memory_mb: int
    gpus: tuple[tuple[str, int], ...]

    def fits(self, memory_mb: int) -> bool:
        """Tell whether something that takes ``memory_mb`` fits, with a quarter of the memory left for the rest."""
        largest = max((memory for _, memory in self.gpus), default=0)
        return memory_mb <= max(self.memory_mb * 3 // 4, largest)


def this_machine() -> Machine:
    """Look at the memory and ask ``nvidia-smi`` for GPUs, if it is there."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (ValueError, OSError):
        memory = 0
    return Machine(memory, _gpus())


def _gpus() -> tuple[tuple[str, int], ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        run = subprocess.run(query, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [line.rpartition(",") for line in run.stdout.splitlines()]
    return tuple((name.strip(), int(memory)) for name, _, memory in rows if memory.strip().isdecimal())
