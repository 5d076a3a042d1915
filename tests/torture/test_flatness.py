"""The soak's check of memory: what was recorded passes, a small leak under the same noise does not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.torture.flatness import FIRST, LEAST, WARM, slope, unevenness

# Resident MB of 81 turns on 25 November 2026: noise of an allocator, which an earlier check took for a leak.
RESIDENT = [
    float(one)
    for one in """
128 178 206 218 218 224 220 234 220 207 207 235 222 220 226 240 221 237 279 238 240 254 239 224 239 253 236 250 237
251 238 265 252 253 266 252 239 237 236 250 250 237 239 239 252 217 212 225 238 238 229 244 218 240 240 239 196 225
214 228 214 214 214 203 240 225 240 225 226 218 204 207 236 272 236 219 233 215 243 244 229
""".split()
]

# MB held, of 100 turns on the same day.
HELD = [
    float(one)
    for one in """
21.77 21.97 22.05 22.06 22.10 23.07 23.13 23.14 23.16 23.20 23.24 23.17 23.16 23.18 23.24 23.24 23.22 23.29 23.25
23.25 23.29 23.31 23.32 23.34 23.40 23.41 23.36 23.43 23.36 23.42 23.44 23.45 23.41 23.47 23.47 23.41 23.46 23.50
23.51 23.46 23.49 23.51 23.46 23.48 23.52 23.53 23.54 23.56 23.59 23.57 23.62 23.65 23.58 23.59 23.59 23.60 23.62
23.60 23.59 23.64 23.68 23.69 23.67 23.69 23.70 23.74 23.66 23.72 23.80 23.75 23.78 23.76 23.78 23.83 23.79 23.83
23.79 23.79 23.87 23.83 23.86 23.88 23.91 23.83 23.85 23.90 23.86 23.88 23.94 23.93 23.87 23.94 23.91 23.95 23.98
24.02 24.00 24.07 24.00 24.02
""".split()
]

LEAK = 0.2
FILES = [11.0] * 100


def noise(series: list[float], seed: int) -> np.ndarray:
    """What is left of a recorded series without its trend, in another order, for a hundred turns."""
    judged = np.array(series[WARM:])
    left = judged - slope(series[WARM:])[0] * np.arange(len(judged))
    return np.random.default_rng(seed).choice(left, 100)


def test_what_was_recorded_is_flat() -> None:
    assert unevenness(HELD[:81], RESIDENT, FILES[:81]) == ""
    assert unevenness(HELD, [100.0] * 100, FILES) == ""


def test_a_leak_of_a_fifth_of_a_megabyte_a_turn_is_caught() -> None:
    for seed in range(50):
        leaking = noise(HELD, seed) + LEAK * np.arange(100)
        told = unevenness(leaking.tolist(), noise(RESIDENT, seed).tolist(), FILES)
        assert told.startswith("held memory grows by 0.2"), (seed, told)


def test_noise_alone_is_no_leak_and_a_large_leak_of_what_is_only_resident_is_one() -> None:
    alarms = caught = 0
    for seed in range(100):
        usual = noise(RESIDENT, seed)
        alarms += unevenness(HELD, usual.tolist(), FILES) != ""
        caught += unevenness(HELD, (usual + 3 * LEAK * np.arange(100)).tolist(), FILES) != ""
    assert alarms <= 5 and caught >= 95


def test_steps_and_handles_are_told() -> None:
    steps = [*HELD[:90], *(one + 15 for one in HELD[90:])]
    assert unevenness(steps, RESIDENT, FILES).startswith("held memory rose from 23 to 39 MB")
    assert unevenness(HELD, RESIDENT, [*FILES[:99], 12.0]) == "open files grew from 11 to 12"
    assert unevenness(HELD, RESIDENT, [*FILES[: WARM + FIRST - 1], 12.0, *FILES[WARM + FIRST :]]) == ""


def test_the_slope_is_that_of_a_line_whatever_single_turns_do() -> None:
    line = [2.0 + 0.25 * turn for turn in range(60)]
    line[7] = line[50] = 900.0
    usual, least = slope(line)
    assert usual == pytest.approx(0.25) and 0.2 < least <= usual


def test_a_verdict_needs_enough_turns() -> None:
    with pytest.raises(ValueError, match="needed for a verdict"):
        unevenness(HELD[: WARM + LEAST - 1], RESIDENT, FILES)
