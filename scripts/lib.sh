# shellcheck shell=bash
# What the scripts share. Source it, do not run it; it enters the root of the checkout.

# An activated environment or a search path of the caller's must not leak into ours.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV CDPATH
# A pip that is told to install for the user refuses to install into an environment. Everything else
# in the caller's pip configuration stays: it may be the only way to an index.
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

LOG_DIR=.demo
mkdir -p "$LOG_DIR"

say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# step TITLE COMMAND...: one line of output; the command's own output goes to .demo/TITLE.log and is
# shown only when it fails.
step() {
    local title=$1 log began=$SECONDS rc=0
    log="$LOG_DIR/${title//[^A-Za-z0-9]/-}.log"
    shift
    printf '%-40s ' "$title"
    "$@" >"$log" 2>&1 </dev/null || rc=$?
    if ((rc == 0)); then
        say "ok ($((SECONDS - began)) s)"
    else
        say "failed (see $log)"
        tail -n 25 "$log" | sed 's/^/    /' >&2
    fi
    return "$rc"
}

# as_root COMMAND...: only where it needs no password, so that nothing ever waits for one.
as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

can_apt() {
    have apt-get && { ((EUID == 0)) || { have sudo && sudo -n true 2>/dev/null; }; }
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@"
}

# --- the Python environment -----------------------------------------------------------------------

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$candidate" && is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python version
    # An environment that was copied or moved here still runs the programs of the old place.
    if is_new_enough .venv/bin/python && grep -qF "$(pwd -P)/.venv" .venv/bin/activate; then
        return
    fi
    python=$(find_python) ||
        die "Veristone needs Python 3.11 or newer; found: $(python3 --version 2>&1 || true)." \
            "Install one, or name it: make PYTHON=/path/to/python3.11 ..."
    # Debian packs the modules that make an environment apart from Python itself.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        can_apt || die "$python lacks venv. Run: sudo apt-get install python$version-venv"
        step "install python$version-venv" apt_install "python$version-venv"
    fi
    step "create .venv" "$python" -m venv --clear "$(pwd -P)/.venv"
}

# What is installed is right as long as none of these changed.
environment_stamp() {
    { .venv/bin/python -VV && cat requirements.lock pyproject.toml; } | cksum
}

# install_veristone VENV: the checkout, editable. The build back end is locked too, so nothing is fetched.
install_veristone() {
    # An earlier kind of install left a folder of that name with compiled files in it; Python would take
    # it for the package.
    rm -rf "$1"/lib/python*/site-packages/veristone
    step "install veristone" "$1/bin/python" -m pip install --no-deps --no-build-isolation -e .
}

make_environment() {
    make_venv
    if [[ -f .venv/veristone-stamp && $(environment_stamp) == "$(<.venv/veristone-stamp)" ]]; then
        return
    fi
    step "install the locked requirements" \
        .venv/bin/python -m pip install --require-hashes -r requirements.lock
    install_veristone .venv
    environment_stamp >.venv/veristone-stamp
}

# --- back ends ------------------------------------------------------------------------------------

# Asked the way the engine asks, through the SDK: the `docker` program may talk to another daemon
# than the SDK does, because only the program reads Docker contexts.
docker_answers() {
    local host
    docker_ping && return
    if [[ -z ${DOCKER_HOST:-} ]] && have docker; then
        host=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || return 1
        [[ $host == unix://* ]] && DOCKER_HOST=$host docker_ping && export DOCKER_HOST=$host
    else
        return 1
    fi
}

# What asks the daemon and builds images; who sources this may name another that has veristone.
ENVIRONMENT=.venv

docker_ping() {
    timeout 20 "$ENVIRONMENT/bin/python" -c \
        'import docker; docker.from_env(timeout=10).ping()' >/dev/null 2>&1
}

make_docker_image() {
    # Without the `docker` program the daemon pulls the base image itself while it builds.
    if have docker; then
        step "base image" scripts/base-image.sh || return
    fi
    step "build the Python sandbox image" "$ENVIRONMENT/bin/veristone" images build python
}

# There and working: a kernel or a container may forbid what bwrap needs.
bwrap_works() {
    have bwrap && bwrap --unshare-all --ro-bind / / --proc /proc true 2>/dev/null
}

make_bubblewrap() {
    have bwrap && return
    if ! can_apt; then
        say "Bubblewrap is missing. Run: sudo apt-get install bubblewrap" >&2
        say "(elsewhere: dnf install bubblewrap, pacman -S bubblewrap, apk add bubblewrap)" >&2
        return 1
    fi
    step "install bubblewrap" apt_install bubblewrap
}

make_redis() {
    have redis-server && return
    if ! can_apt; then
        say "redis-server is missing; the tests of queues in Redis are skipped." >&2
        return 1
    fi
    step "install redis-server" apt_install redis-server
}
