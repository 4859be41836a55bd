#!/bin/sh
# Make the buckets that are named; those that are there stay. Everybody may read the objects of `media`, not list them.
set -eu
for bucket in "$@"; do
  aws s3api head-bucket --bucket "$bucket" >/tmp/answer 2>&1 || aws s3api create-bucket --bucket "$bucket"
done
aws s3api put-bucket-policy --bucket media --policy file:///objects/media-policy.json
