#!/bin/sh
# Writes into deploy/.env what the images' tags mean today, as digests: compose.yaml and the
# Containerfile then take these, whatever becomes of the tags. Look at what changed, and commit it.
set -eu
cd "$(dirname "$0")"
digest() { docker buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}'; }
for pair in POSTGRES_IMAGE=docker.io/library/postgres:18 NATS_IMAGE=docker.io/library/nats:2-alpine \
  PYTHON_IMAGE=docker.io/library/python:3.13-slim; do
  printf '%s@%s\n' "$pair" "$(digest "${pair#*=}")"
done > .env.new
mv .env.new .env
