"""The S3 store: one bucket of photos."""

from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

from app.settings import required


@cache
def client(endpoint: str) -> Any:
    """Return a client. Imported late: boto3 takes longer to load than all the rest of the api."""
    import boto3  # noqa: PLC0415 - only who stores needs it
    from botocore.config import Config  # noqa: PLC0415 - only who stores needs it

    # Other stores than Amazon's do not know its newest checksums.
    plain = Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=5,
        retries={"max_attempts": 2},
    )
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=plain)


def internal() -> Any:
    return client(required("S3_ENDPOINT"))


def ensure_bucket() -> bool:
    """Create the bucket unless it is there; say whether it was created."""
    bucket = required("S3_BUCKET")
    if bucket in [found["Name"] for found in internal().list_buckets()["Buckets"]]:
        return False
    internal().create_bucket(Bucket=bucket)
    return True


def store(name: str, content: BinaryIO, content_type: str) -> None:
    """Send an object in one piece: radosgw 18.2.7 on SQLite mixes up the parts of a multipart upload."""
    internal().put_object(Bucket=required("S3_BUCKET"), Key=name, Body=content, ContentType=content_type)


def read(name: str) -> tuple[str, int, Iterator[bytes]] | None:
    """Return content type, length and pieces of an object, None if there is none."""
    try:
        found = internal().get_object(Bucket=required("S3_BUCKET"), Key=name)
    except internal().exceptions.NoSuchKey:
        return None
    return found["ContentType"], found["ContentLength"], found["Body"].iter_chunks(65536)


def public_link(name: str, seconds: int) -> str:
    """Return a link that anybody may use for some time."""
    values = {"Bucket": required("S3_BUCKET"), "Key": name}
    return str(client(required("FILES_URL")).generate_presigned_url("get_object", Params=values, ExpiresIn=seconds))
