import pytest

from slipway.errors import SlipwayError
from slipway.public_keys import public_keys

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPWWe841AVw7VC ann@laptop"


def nothing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def test_a_key_stands_for_itself() -> None:
    assert public_keys([KEY, KEY], nothing) == [KEY]


@pytest.mark.parametrize("path", ["~/.ssh/id.pub", "/keys/id.pub", "./keys/id.pub"])
def test_a_path_is_read(path: str) -> None:
    assert public_keys([path], lambda _: f"# mine\n{KEY}\n") == [KEY]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SlipwayError, match=r"/keys/id\.pub: No such file"):
        public_keys(["/keys/id.pub"], nothing)


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ('command="sh" ' + KEY, "not a public key"),
        ("ann", "not a public"),
    ],
)
def test_what_is_no_public_key_is_refused(entry: str, cause: str) -> None:
    with pytest.raises(SlipwayError, match=cause):
        public_keys([entry], nothing)
