"""The stand-in images keep the parts of the official images' contract that stack files use.

`scripts/lab push` puts the images where these tests take them from.
"""

import json
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slipway.lab.push import pushed_name

NAMES = ("postgres:17", "redis:8", "slipway-demo/radosgw:18.2", "slipway-demo/app:1.0.0")
POSTGRES, REDIS, STORE, APP = map(pushed_name, NAMES)  # where the lab's registry has them
IMAGES = {POSTGRES: "postgres", REDIS: "redis-server", STORE: "radosgw"}


def docker(*argv: str, stdin: str | None = None, check: bool = True) -> str:
    """Run docker and return what it printed, both streams."""
    done = subprocess.run(
        ["docker", *argv], input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120
    )
    assert not check or done.returncode == 0, f"docker {argv[0]} failed ({done.returncode}): {done.stdout}"
    return done.stdout.strip()


@contextmanager
def started(image: str, *options: str, command: tuple[str, ...] = ()) -> Iterator[str]:
    """Run a container for the time of the block and yield its name."""
    name = f"contract-{uuid.uuid4().hex[:8]}"
    try:
        docker("run", "--detach", "--name", name, *options, image, *command)
        yield name
    finally:
        docker("rm", "--force", "--volumes", name, check=False)


@pytest.fixture
def volume() -> Iterator[str]:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    docker("volume", "create", name)
    yield name
    docker("volume", "rm", "--force", name)


def wait_for(true: Callable[[], bool], container: str, seconds: int = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{container} did not get ready: {docker('logs', container)[-2000:]}"
        time.sleep(0.2)


def succeeds(*argv: str) -> bool:
    return subprocess.run(["docker", *argv], capture_output=True, check=False, timeout=60).returncode == 0


def stop_and_exit_code(container: str) -> int:
    before = time.monotonic()
    docker("stop", "--time", "30", container)
    assert time.monotonic() - before < 10, f"{container} was slow to stop"
    return int(docker("inspect", "--format", "{{.State.ExitCode}}", container))


def address_of(container: str) -> str:
    return docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", container)


def uids_of_processes(container: str) -> set[str]:
    return set(docker("top", container, "-eo", "uid,pid").split()[2::2])


@pytest.mark.parametrize(("image", "program"), IMAGES.items())
def test_a_tag_says_the_version_the_image_has(image: str, program: str) -> None:
    printed = docker("run", "--rm", "--entrypoint", program, image, "--version")
    wanted = image.rpartition(":")[2]
    assert f" {wanted}." in printed.replace("v=", " "), printed


# --- postgres


def wait_for_postgres(container: str, user: str) -> None:
    wait_for(lambda: succeeds("exec", container, "pg_isready", "-h", "127.0.0.1", "-U", user), container)


def ask_with_password(container: str, user: str, database: str, password: str, sql: str) -> str:
    url = f"postgresql://{user}:{password}@{address_of(container)}/{database}"
    argv = ["docker", "exec", container, "psql", url, "-AtqX", "-v", "ON_ERROR_STOP=1", "-c", sql]
    done = subprocess.run(argv, text=True, capture_output=True, check=False, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()


@pytest.fixture
def init_files(tmp_path: Path) -> Path:
    files = tmp_path / "init"
    files.mkdir()
    (files / "1.sql").write_text("CREATE TABLE plain (n int); INSERT INTO plain VALUES (1);")
    subprocess.run(["gzip"], input=b"CREATE TABLE zipped (n int);", stdout=(files / "2.sql.gz").open("wb"), check=True)
    (files / "3.sh").write_text(
        'psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -c "CREATE TABLE sourced (n int)"\n'
    )
    (files / "4.sh").write_text(
        '#!/bin/sh\nset -e\npsql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c \'CREATE TABLE executed (n int)\'\n'
    )
    (files / "4.sh").chmod(0o755)
    tmp_path.chmod(0o755)
    return files


@pytest.mark.parametrize("user", ["", "999"], ids=["starts as root", "starts as 999"])
def test_postgres_prepares_its_database_once_and_keeps_it(user: str, volume: str, init_files: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("it's $ecret\n")
    password.chmod(0o444)
    options = [
        *("--volume", f"{volume}:/var/lib/postgresql/data", "--volume", f"{init_files}:/docker-entrypoint-initdb.d:ro"),
        *("--volume", f"{password}:/run/secrets/db_password:ro", "--env", "POSTGRES_PASSWORD_FILE=/run/secrets/db_password"),
        *("--env", "POSTGRES_USER=ada", "--env", "POSTGRES_DB=books", "--env", "POSTGRES_INITDB_ARGS=--data-checksums"),
        *(("--user", user) if user else ()),
    ]
    with started(POSTGRES, *options, command=("postgres", "-c", "max_connections=33")) as container:
        wait_for_postgres(container, "ada")
        tables = ask_with_password(
            container, "ada", "books", "it's%20$ecret", "SELECT tablename FROM pg_tables WHERE tableowner = 'ada'"
        )
        assert {"plain", "zipped", "sourced", "executed"} <= set(tables.split())
        assert ask_with_password(container, "ada", "books", "it's%20$ecret", "SHOW max_connections") == "33"
        assert ask_with_password(container, "ada", "books", "it's%20$ecret", "SHOW data_checksums") == "on"
        assert "password authentication failed" in ask_with_password(container, "ada", "books", "wrong", "SELECT 1")
        assert uids_of_processes(container) == {"999"}
        assert stop_and_exit_code(container) == 0
        docker("start", container)
        wait_for_postgres(container, "ada")
        assert ask_with_password(container, "ada", "books", "it's%20$ecret", "SELECT count(*) FROM plain") == "1"


def test_postgres_runs_where_all_capabilities_are_dropped(volume: str) -> None:
    locked = ("--user", "999", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true")
    with started(
        POSTGRES, *locked, "--env", "POSTGRES_PASSWORD=p", "--volume", f"{volume}:/var/lib/postgresql/data"
    ) as container:
        wait_for_postgres(container, "postgres")
        assert ask_with_password(container, "postgres", "postgres", "p", "SHOW password_encryption") == "scram-sha-256"


def test_postgres_refuses_to_start_without_a_password() -> None:
    printed = docker("run", "--rm", POSTGRES, check=False)
    assert "POSTGRES_PASSWORD is not set" in printed


def test_postgres_runs_other_commands_as_they_are() -> None:
    assert docker("run", "--rm", POSTGRES, "pg_dump", "--version").startswith("pg_dump (PostgreSQL) 17.")


# --- redis


@pytest.mark.parametrize("user", ["", "999"], ids=["starts as root", "starts as 999"])
def test_redis_answers_neighbours_and_keeps_its_data(user: str, volume: str) -> None:
    options = ("--volume", f"{volume}:/data", *(("--user", user) if user else ()))
    with started(REDIS, *options, command=("redis-server", "--appendonly", "yes")) as container:
        wait_for(lambda: docker("exec", container, "redis-cli", "ping", check=False) == "PONG", container)
        assert docker("run", "--rm", REDIS, "redis-cli", "-h", address_of(container), "set", "k", "v") == "OK"
        assert uids_of_processes(container) == {"999"}
        assert stop_and_exit_code(container) == 0
        docker("start", container)
        wait_for(lambda: docker("exec", container, "redis-cli", "get", "k", check=False) == "v", container)


def test_redis_takes_options_without_the_program_and_configuration_files(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("requirepass hidden\n")
    tmp_path.chmod(0o755)
    with started(REDIS, "--volume", f"{tmp_path}:/etc/redis:ro", command=("/etc/redis/redis.conf",)) as container:
        wait_for(lambda: "NOAUTH" in docker("exec", container, "redis-cli", "get", "k", check=False), container)
    with started(REDIS, command=("--port", "7000")) as container:
        wait_for(lambda: docker("exec", container, "redis-cli", "-p", "7000", "ping", check=False) == "PONG", container)


# --- the S3 store

USE_THE_BUCKET = """
import boto3, json, sys
from botocore.config import Config
settings = json.load(sys.stdin)
action = settings.pop("action")
plain = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
s3 = boto3.client("s3", region_name="us-east-1", config=plain, **settings)
try:
    if action == "write":
        s3.create_bucket(Bucket="photos")
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="a", Body=b"hello")
    print(s3.get_object(Bucket="photos", Key="a")["Body"].read().decode())
except Exception as fault:
    print(fault)
"""


def use_bucket(address: str, action: str, access_key: str, secret: str) -> str:
    settings = {"aws_access_key_id": access_key, "aws_secret_access_key": secret, "endpoint_url": f"http://{address}:9000"}
    return docker(
        "run",
        "--rm",
        "--interactive",
        "--entrypoint",
        "python3",
        APP,
        "-c",
        USE_THE_BUCKET,
        stdin=json.dumps({"action": action, **settings}),
    )


def test_the_store_keeps_objects_and_takes_a_new_secret(volume: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first/+secret=")
    secret.chmod(0o444)
    options = (
        "--volume",
        f"{volume}:/var/lib/ceph",
        "--volume",
        f"{secret}:/run/secrets/s3:ro",
        "--read-only",
        "--cap-drop",
        "ALL",
    )
    with started(STORE, *options, "--env", "S3_USER=ada", "--env", "S3_SECRET_KEY_FILE=/run/secrets/s3") as container:
        wait_for(lambda: succeeds("exec", container, "curl", "-fsS", "http://127.0.0.1:9000/"), container)
        address = address_of(container)
        assert use_bucket(address, "write", "ada", "first/+secret=") == "hello"
        assert "SignatureDoesNotMatch" in use_bucket(address, "read", "ada", "wrong")
        assert "InvalidAccessKeyId" in use_bucket(
            address, "read", "0555b35654ad1656d804", "h7GhxuBLTrlhVUyxSPUKUV8r/2EI4ngqJxD7iBdBYLhwluN30JaT3Q=="
        )
        assert uids_of_processes(container) == {"10002"}
        assert stop_and_exit_code(container) == 0
        secret.write_text("second")
        docker("start", container)
        wait_for(lambda: succeeds("exec", container, "curl", "-fsS", "http://127.0.0.1:9000/"), container)
        assert use_bucket(address, "read", "ada", "second") == "hello"
        assert "SignatureDoesNotMatch" in use_bucket(address, "read", "ada", "first/+secret=")


def test_the_store_refuses_to_start_without_a_secret() -> None:
    assert "S3_SECRET_KEY is not set" in docker("run", "--rm", STORE, check=False)
