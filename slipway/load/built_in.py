"""The numbers that Slipway measures itself, and what its histogram of answer times can tell."""

from collections.abc import Mapping

NUMBERS: Mapping[str, str] = {
    "error_ratio": "Share of requests that fail.",
    "p95_ms": "Milliseconds within which 95 % of requests are answered.",
    "failed_checks": "Bad answers in a row to the health question.",
    "restarts": "Restarts of a container within `for_seconds`.",
    "cpu_ratio": "Share of the CPU limit in use.",
    "memory_mb": "Memory of a replica in MiB.",
    "memory_ratio": "Share of the memory limit in use.",
    "queue_waiting": "Jobs that wait in a queue.",
    "queue_stalled_seconds": "How long no job of a queue that is not empty has ended.",
    "failed_jobs_ratio": "Share of jobs that fail.",
    "connections_ratio": "Share of a store's connections in use.",
    "disk_ratio": "Share of a host's disk in use.",
    "host_memory_ratio": "Share of a host's memory in use.",
    "certificate_days": "Days until a certificate ends.",
    "backup_age_seconds": "Age of the newest copy of a store.",
    "drill_age_seconds": "Age of the newest restore that was checked.",
}
EDGES_MS = (5, 10, 25, 50, 100, 200, 300, 400, 500, 750, 1000, 1500, 2000, 2500, 5000, 10_000, 30_000)


def nearest_edges(value: float) -> tuple[int, ...]:
    """Return the edges of the histogram on both sides of a number of milliseconds."""
    below, above = [edge for edge in EDGES_MS if edge < value], [edge for edge in EDGES_MS if edge > value]
    return (*below[-1:], *above[:1])
