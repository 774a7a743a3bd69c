#!/bin/sh
# Writes into deploy/.env what the images' tags mean today, as digests: compose.yaml and the
# Containerfile then take these, whatever becomes of the tags. Run it again to take newer ones.
set -eu
cd "$(dirname "$0")"
trap 'rm -f .env.new' EXIT
# A copy keeps the mode: passwords may stand in the other lines.
if [ -e .env ]; then cp -p .env .env.new; grep -v '_IMAGE=' .env > .env.new || true; else : > .env.new; fi
for pair in POSTGRES_IMAGE=docker.io/library/postgres:18 NATS_IMAGE=docker.io/library/nats:2-alpine \
  PYTHON_IMAGE=docker.io/library/python:3.13-slim; do
  digest=$(docker buildx imagetools inspect "${pair#*=}" --format '{{.Manifest.Digest}}')
  case $digest in
    sha256:*) printf '%s@%s\n' "$pair" "$digest" >> .env.new ;;
    *) echo "No digest of ${pair#*=}: $digest" >&2; exit 1 ;;
  esac
done
mv .env.new .env
