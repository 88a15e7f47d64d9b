#!/usr/bin/env bash
# Builds the images of languages and runs their selftests in Docker: `scripts/languages.sh cpp java`,
# or all of them. With --minutes N, continuous integration's way: those whose files changed of late
# and a core of six always, then one after the other for as long as N minutes last; what was left out
# is said.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CORE=(cpp go java javascript rust typescript)
# "Of late" is before the newest commit, so that a checkout says the same tomorrow.
DAYS=2
# Two gigabytes of libraries from PyPI: only built where it is asked for, or all of them are.
LAST=ds-1000

all_languages() {
    local file
    for file in sandbox_images/*/language.toml; do
        basename "$(dirname "$file")"
    done | grep -Fxv "$LAST"
    echo "$LAST"
}

# Without git, or in a copy that has no history, nothing counts as changed.
changed_languages() {
    local since
    since=$(($(git show -s --format=%ct HEAD 2>/dev/null || echo 0) - DAYS * 86400))
    git log --since="@$since" --name-only --format= -- 'sandbox_images/*/*' 2>/dev/null |
        cut -d / -f 2 | sort -u | grep -Fx "$(all_languages)" | grep -Fxv "$LAST" || true
}

rc=0
build_and_test() {
    .venv/bin/veristone images build "$@" && .venv/bin/veristone images test --backend docker "$@" || rc=1
}

minutes=
if [[ ${1:-} == --minutes ]]; then
    minutes=${2:?--minutes needs a number}
    shift 2
fi
if [[ -z $minutes ]]; then
    mapfile -t languages < <(if (($#)); then printf '%s\n' "$@"; else all_languages; fi)
    build_and_test python "${languages[@]}"
    exit "$rc"
fi

mapfile -t first < <(printf '%s\n' python "${CORE[@]}" "$(changed_languages)" | grep . | sort -u)
say "a core, and what changed within $DAYS days before the newest commit: ${first[*]}"
build_and_test "${first[@]}"
left_out=()
for language in $(all_languages | grep -Fxv "$(printf '%s\n' "${first[@]}")"); do
    if [[ $language != "$LAST" ]] && ((SECONDS < minutes * 60)); then
        build_and_test "$language"
    else
        left_out+=("$language")
    fi
done
say "left out, being large or since $minutes minutes had passed: ${left_out[*]}"
exit "$rc"
