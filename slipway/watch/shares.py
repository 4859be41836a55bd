"""Say what a share surely is, from a sample of it."""

import math

SURE = 1.96  # standard deviations: one side is right in 97.5 of 100 samples


def surely(part: int, whole: int) -> float:
    """Return what the share is at least (Wilson's lower bound): 1 of 2 is surely over 9 %, 100 of 200 over 43 %."""
    if not whole:
        return 0.0
    share, square = part / whole, SURE**2
    middle = share + square / (2 * whole)
    spread = SURE * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return max(0.0, (middle - spread) / (1 + square / whole))
