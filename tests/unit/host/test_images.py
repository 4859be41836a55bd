import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from slipway.errors import HostError, ReleaseRefused
from slipway.host import images
from slipway.host.docker import Image
from slipway.host.runner import Outcome

MIRROR = "http://10.0.0.10:5000"
PASSWD = "root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n"


def failed(text: str) -> Outcome:
    return Outcome(("docker", "pull", "a/b:1"), 1, "", text)


@pytest.mark.parametrize(
    ("image", "hub"),
    [("redis:8", True), ("acme/api:1", True), ("docker.io/a/b:1", True), ("localhost:5000/a:1", False), ("ghcr.io/a/b:1", False)],
)
def test_mirrors_stand_in_for_docker_hub_alone(image: str, hub: bool) -> None:
    assert images.of_hub(image) is hub


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("redis:8", "library/redis/manifests/8"),
        ("acme/api:1.2", "acme/api/manifests/1.2"),
        ("docker.io/a/b@sha256:12", "a/b/manifests/sha256:12"),
    ],
)
def test_a_mirror_is_asked_for_the_very_image(image: str, path: str) -> None:
    assert images.manifest_url(MIRROR, image) == f"{MIRROR}/v2/{path}"


def test_a_registry_that_is_down_is_a_host_fault_that_names_the_mirror() -> None:
    fault = images.pull_fault(
        failed("dial tcp: no such host"), "a/b:1", [MIRROR], lambda _url, _image: "does not answer: refused"
    )
    assert isinstance(fault, HostError)
    assert f"mirror {MIRROR} does not answer" in str(fault)


def test_an_image_that_is_nowhere_refuses_the_release() -> None:
    fault = images.pull_fault(failed("no such host"), "a/b:1", [MIRROR], lambda _url, _image: images.LACKS)
    assert isinstance(fault, ReleaseRefused)
    assert isinstance(images.pull_fault(failed("manifest unknown"), "ghcr.io/a:1", [MIRROR], images.probe), ReleaseRefused)


def test_a_disk_that_became_full_is_a_host_fault() -> None:
    fault = images.pull_fault(failed("write /x: no space left on device"), "a/b:1", [], images.probe)
    assert isinstance(fault, HostError)
    assert "disk became full" in str(fault)


def test_a_mirror_that_is_down_is_told() -> None:
    assert images.probe("http://127.0.0.1:9", "redis:8").startswith("does not answer")


def test_mirrors_come_from_dockers_own_settings(tmp_path: Path) -> None:
    assert images.mirrors(tmp_path / "daemon.json") == []
    (tmp_path / "daemon.json").write_text('{"registry-mirrors": ["http://10.0.0.10:5000/"]}')
    assert images.mirrors(tmp_path / "daemon.json") == [MIRROR]


@pytest.mark.parametrize(
    ("user", "number"), [("", 0), ("1000", 1000), ("1000:1000", 1000), ("postgres:postgres", 999), ("root", 0)]
)
def test_a_user_becomes_a_number(user: str, number: int) -> None:
    assert images.numeric_user(user, lambda: PASSWD) == number


def test_a_user_nobody_knows_refuses_the_release() -> None:
    with pytest.raises(ReleaseRefused, match="runs as app"):
        images.numeric_user("app", lambda: PASSWD)


def test_the_digest_of_the_right_repository_is_taken() -> None:
    image = Image("sha256:id", "", ("x/other@sha256:1", "a/b@sha256:2"), (), 1)
    assert images.digest_of("a/b:1.0", image) == "a/b@sha256:2"
    assert (
        images.digest_of("localhost:5000/a:1", Image("sha256:id", "", ("localhost:5000/a@sha256:3",), (), 1))
        == "localhost:5000/a@sha256:3"
    )


def archive(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("passwd")
        member.size, member.type, member.linkname = size, kind, "../elsewhere"
        tar.addfile(member, BytesIO(b"x" * size))
    return buffer.getvalue()


def test_a_list_of_users_is_read_no_further_than_lists_are_long() -> None:
    assert images.first_file(archive(9)) == "x" * 9
    assert len(images.first_file(archive(3 << 20))) == images.LARGEST_PASSWD
    whole = images.LARGEST_PASSWD + images.HEADERS
    assert len(images.first_file(archive(3 << 20)[:whole])) == images.LARGEST_PASSWD


def test_a_list_of_users_that_is_a_link_has_no_text() -> None:
    assert images.first_file(archive(0, tarfile.SYMTYPE)) == ""


def test_a_full_disk_is_told_also_where_docker_went_on_to_another_registry() -> None:
    outcome = failed("dial tcp: lookup registry-1.docker.io: no such host")
    fault = images.pull_fault(outcome, "a/b:1", [MIRROR], lambda _url, _image: "has it", "/var/lib/docker has 3 MiB free")
    assert isinstance(fault, HostError)
    assert fault.cause.startswith("the disk became full while pulling a/b:1:")
    assert fault.cause.endswith("/var/lib/docker has 3 MiB free")
