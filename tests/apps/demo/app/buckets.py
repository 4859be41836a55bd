"""Make sure of the bucket: `python3 -m app.buckets`."""

import logging

from app import logs, storage

if __name__ == "__main__":
    logs.configure("buckets")
    logging.info("the bucket was created" if storage.ensure_bucket() else "the bucket is there")
