#!/usr/bin/env bash
# Makes sure that the image the sandbox images are built on exists: it is there, or a registry has it,
# or it is made from Debian's archive, in that order. A Dockerfile that says `FROM debian:trixie-slim`
# then builds the same with and without a registry.
#
# Builds need `docker build --network host` where only the host can reach the archive; the engine's own
# builder does that. If apt still fails in there, it is the machine's proxy or certificates: hand in
# `--build-arg http_proxy=... --build-arg https_proxy=...` (Docker predefines these names and keeps
# them out of the image), or put them into ~/.docker/config.json under "proxies". A mirror that only
# a private certificate opens is best replaced by a plain http one: Debian signs its packages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=trixie
image=debian:$suite-slim

if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit
fi

# A registry that cannot be reached does not always say so.
if timeout 60 docker pull "$image"; then
    exit
fi

say "no registry answers; making $image from Debian's archive"
if ! have mmdebstrap; then
    can_apt || die "Run: sudo apt-get install mmdebstrap"
    apt_install mmdebstrap
fi
tar=$(mktemp --suffix=.tar)
trap 'rm -f "$tar"' EXIT
mmdebstrap --variant=minbase --include=ca-certificates "$suite" "$tar"
docker import "$tar" "$image"
