#!/usr/bin/env bash
# Builds the service image. pip runs out here, with this machine's own configuration; what goes into
# the build is only the wheels it fetched and the folders the image consists of.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# With --try as the first argument a sample is judged inside the new image, too.
try=false
[[ ${1:-} != --try ]] || { try=true && shift; }
tag=${1:-veristone:dev}
# The Python of Debian trixie, which the image is based on.
python_version=3.13
machine=$(uname -m)

make_environment
have docker || die "the docker program is needed to build the service image"

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

step "base image" scripts/base-image.sh
# Which wheels fit is decided for the image, not for the Python that runs pip here.
step "download the locked wheels" .venv/bin/python -m pip download \
    --dest "$context/wheels" --only-binary :all: --no-deps \
    --python-version "$python_version" --implementation cp \
    --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
    --platform "manylinux_2_28_$machine" \
    --require-hashes -r requirements-base.lock
tar --create --exclude=__pycache__ \
    Dockerfile pyproject.toml README.md requirements-base.lock \
    veristone engine service integrations audit sandbox_images generators training loop cli recipes |
        tar --extract --directory "$context"
# The host's network, because only the host may reach Debian's archive.
step "build $tag" docker build --network host --tag "$tag" "$context"

if $try; then
    # What the Dockerfile says that bubblewrap needs there.
    options=(--rm --interactive --network none --security-opt seccomp=unconfined
        --security-opt systempaths=unconfined --security-opt apparmor=unconfined)
    sample='{"id": "a", "code": "def f(): return 1", "check": {"kind": "asserts", "tests": "assert f() == 1"}}'
    verdict=$(docker run "${options[@]}" "$tag" verify --backend bubblewrap - <<<"$sample")
    [[ $verdict == *'"passed"'* ]] || die "the image judges a right sample: $verdict"
    say "$tag judges a sample"
fi
