import pytest

from slipway.policy.images import is_digest, is_image, repository


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("redis:8", "redis"),
        ("a/b@sha256:1", "a/b"),
        ("localhost:5000/a:1", "localhost:5000/a"),
        ("localhost:5000/a", "localhost:5000/a"),
    ],
)
def test_a_repository_is_a_name_without_tag_and_digest(name: str, wanted: str) -> None:
    assert repository(name) == wanted


@pytest.mark.parametrize("name", ["redis:8", "my_app:1", "registry.example:5000/team/api:1.2.3", f"a/b@sha256:{'0' * 64}"])
def test_names_of_images_are_known(name: str) -> None:
    assert is_image(name)


@pytest.mark.parametrize(
    "name", ["", "--help", "-v", "a b", "A:1", "a:1\n", "../a:1", "/a:1", "a:${TAG}", "a@sha256:1", "a:1 --privileged"]
)
def test_what_a_command_could_take_for_something_else_is_no_image(name: str) -> None:
    assert not is_image(name)


def test_a_digest_has_64_digits() -> None:
    assert is_digest(f"sha256:{'a' * 64}")
    assert is_digest(f"registry.example/api@sha256:{'a' * 64}")
    assert not is_digest("sha256:abc")
    assert not is_digest(f"--x sha256:{'a' * 64}")
