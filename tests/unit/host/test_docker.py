import socket
import threading
from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.host.docker import Docker, Silent, container_of, image_of, log_text, memory_mb_of

# Cut from a recorded answer of Docker 26.1 to /containers/<id>/json.
INSPECTED = {
    "Name": "/demo-r3-api-1",
    "RestartCount": 1,
    "State": {
        "Status": "running",
        "Pid": 4242,
        "ExitCode": 0,
        "OOMKilled": False,
        "StartedAt": "2026-11-21T08:26:23.123456789Z",
        "Health": {"Status": "unhealthy", "Log": [{"Output": "first"}, {"Output": "connection refused\n"}]},
    },
    "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
    "Config": {"Image": "slipway.local/demo/api:r3", "Labels": {"slipway.service": "api"}},
}


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def test_a_container_is_read() -> None:
    found = container_of(INSPECTED)
    assert (found.name, found.pid, found.running, found.restarts) == ("demo-r3-api-1", 4242, True, 1)
    assert (found.health, found.last_check, found.restart_rule) == ("unhealthy", "connection refused", "unless-stopped")


def test_a_container_without_a_health_check_has_none() -> None:
    state = {key: value for key, value in INSPECTED["State"].items() if key != "Health"}  # type: ignore[attr-defined] # recorded JSON
    assert container_of({**INSPECTED, "State": state}).health == ""


def test_an_image_without_a_user_runs_as_root() -> None:
    assert image_of({"Id": "sha256:1", "Config": {"User": ""}, "RepoTags": None, "RepoDigests": [], "Size": 3}).user == ""


def test_both_streams_of_a_log_are_read() -> None:
    assert log_text(frame(1, b"out\n") + frame(2, b"err\n")) == "out\nerr\n"
    assert log_text(b"plain, from a terminal") == "plain, from a terminal"
    assert log_text(b"") == ""


def test_a_docker_that_does_not_answer_is_a_host_fault(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="Docker does not answer") as caught:
        Docker(tmp_path / "docker.sock").container("a")
    assert "systemctl status docker" in caught.value.next_step


def test_memory_is_told_without_what_the_kernel_could_drop() -> None:
    first = {"memory_stats": {"usage": 100 << 20, "stats": {"cache": 50 << 20, "total_inactive_file": 40 << 20}}}
    second = {"memory_stats": {"usage": 100 << 20, "stats": {"file": 50 << 20, "inactive_file": 30 << 20}}}
    assert (memory_mb_of(first), memory_mb_of(second)) == (60, 70)


def test_a_container_that_does_not_run_uses_no_memory_that_could_be_told() -> None:
    assert memory_mb_of({"memory_stats": {}}) is None
    assert memory_mb_of({}) is None


def test_a_docker_that_ends_in_the_middle_of_an_answer_is_a_host_fault(tmp_path: Path) -> None:
    for answer in (b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"):
        with pytest.raises(Silent, match="Docker does not answer"):
            Docker(answering(tmp_path / "docker.sock", answer)).container("a")


def answering(path: Path, answer: bytes) -> Path:
    """Give one answer at a socket, whatever is asked, and go away."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(1)

    def serve() -> None:
        with server, server.accept()[0] as client:
            client.recv(4096)
            client.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return path
