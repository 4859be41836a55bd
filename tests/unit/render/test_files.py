import dataclasses

from slipway.model import Mount, SecretUse, Stack
from slipway.render import folder, secret
from tests.unit.plan.stacks import API, DB, SHOP, WORKER, release, with_services


def mounting() -> Stack:
    stack = with_services(
        SHOP,
        dataclasses.replace(API, mounts=(Mount("bind", "/etc/app", "./config"),)),
        dataclasses.replace(WORKER, mounts=(Mount("bind", "/x", "config/app.yml"), Mount("bind", "/h", "/var/run/docker.sock"))),
        dataclasses.replace(DB, mounts=(Mount("bind", "/init", "./initdb"),)),
    )
    files = {"config/app.yml": "a", "config/sub/b.yml": "b", "configuration.yml": "c", "initdb/1.sql": "d"}
    return dataclasses.replace(stack, files=files)


def test_a_release_gets_the_files_its_services_mount_and_no_others() -> None:
    assert folder.release_files(mounting(), 3) == {
        "/var/lib/slipway/shop/releases/3/files/config/app.yml": "a",
        "/var/lib/slipway/shop/releases/3/files/config/sub/b.yml": "b",
    }


def test_a_store_gets_its_files_where_its_mount_looks_for_them() -> None:
    stack = mounting()
    source = folder.base_source(stack, stack.services["db"].mounts[0])
    assert folder.base_files(stack) == {f"{source}/1.sql": "d"}


def test_the_whole_folder_may_be_mounted() -> None:
    stack = with_services(SHOP, dataclasses.replace(DB, mounts=(Mount("bind", "/all", "."),)))
    stack = dataclasses.replace(stack, files={"a": "1", "b/c": "2"})
    source = folder.base_source(stack, stack.services["db"].mounts[0])
    assert folder.base_files(stack) == {f"{source}/a": "1", f"{source}/b/c": "2"}


def test_each_reader_has_a_secret_file_of_its_own() -> None:
    placed = release(3, with_services(SHOP, dataclasses.replace(API, secrets=(SecretUse("password", "p"),))))
    assert secret.files(placed.stack, placed.placement) == [
        secret.SecretFile("/etc/slipway/secrets/shop/2/999/password", "DB_PASSWORD", 999, 2, "password"),
        secret.SecretFile("/etc/slipway/secrets/shop/4/0/password", "DB_PASSWORD", 0, 4, "password"),
    ]
