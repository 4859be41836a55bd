"""How images are built and base images are made."""

from pathlib import Path

from slipway.lab.images import Build, bootstrap_arguments, build_arguments, copy_context


def test_a_build_names_its_tag_labels_and_arguments() -> None:
    build = Build("postgres:17", Path("/context"), ("debian:trixie",), {"B": "2", "A": "1"})
    assert build_arguments(build, "abc", "/copy") == (
        *("build", "--force-rm", "--tag=postgres:17", "--file=/copy/Dockerfile"),
        *("--label=slipway.lab.image=1", "--label=slipway.content=abc", "--build-arg=A=1", "--build-arg=B=2", "/copy"),
    )


def test_the_copied_context_has_a_certificate_folder_and_the_further_files(tmp_path: Path) -> None:
    source, target, lock = tmp_path / "source", tmp_path / "target", tmp_path / "uv.lock"
    source.mkdir()
    (source / "Dockerfile").write_text("FROM x\n")
    lock.write_text("locked")
    copy_context(Build("x:1", source, (), more_files={"uv.lock": lock}), target)
    assert (target / "ca-certificates").is_dir()
    assert (target / "uv.lock").read_text() == "locked"
    assert not (source / "ca-certificates").exists()


def test_ubuntu_is_made_from_its_own_archive_with_updates_and_security() -> None:
    argv = bootstrap_arguments("ubuntu:24.04")
    assert argv[-3:] == tuple(
        f"deb http://archive.ubuntu.com/ubuntu {suite} main universe" for suite in ("noble", "noble-updates", "noble-security")
    )
    assert "--keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg" in argv


def test_debian_is_made_from_the_suite_its_tag_names() -> None:
    assert bootstrap_arguments("debian:bookworm")[-2:] == ("bookworm", "-")
