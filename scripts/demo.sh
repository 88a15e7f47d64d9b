#!/usr/bin/env bash
# Everything from a fresh checkout to the first verdicts.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment

backend=bubblewrap
if docker_answers; then
    if make_docker_image; then
        backend=docker
    else
        say "Docker answers, but its sandbox image cannot be made here: using bubblewrap instead."
    fi
else
    say "No Docker daemon answers: using bubblewrap."
fi

if [[ $backend == bubblewrap ]]; then
    make_bubblewrap || exit
    bwrap_works || die "bwrap is installed, but this machine forbids what it needs (user namespaces)." \
        "Ubuntu 24.04 and newer: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
fi

.venv/bin/veristone demo --backend "$backend" "$@"
say "The same over HTTP, as \`veristone serve\` answers (examples/over_http.py):"
.venv/bin/python examples/over_http.py --backend "$backend" --sandboxes 1
