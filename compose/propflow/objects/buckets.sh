#!/bin/sh
# Make the buckets that are named; those that are there stay as they are.
set -eu
for bucket in "$@"; do
  aws s3api head-bucket --bucket "$bucket" >/tmp/answer 2>&1 || aws s3api create-bucket --bucket "$bucket"
done
