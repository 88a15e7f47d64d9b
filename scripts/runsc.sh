#!/usr/bin/env bash
# Puts gVisor's runsc at the path that is given, out of Debian's package for trixie. It is unpacked and
# not installed: a static binary, which runs on older releases too. Bookworm's own build is of 2022
# and does not know newer kernels.
set -euo pipefail
target=$1
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if have runsc; then
    ln -sf "$(command -v runsc)" "$target"
    exit
fi
for program in apt-get dpkg-deb; do
    have "$program" || die "runsc is missing, and there is no $program to fetch it with"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -f $keyring ]] || die "runsc is missing, and there is no key to check Debian's package with"

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$place/lists/partial" "$place/cache/archives/partial"
echo "deb [signed-by=$keyring] http://deb.debian.org/debian trixie main" >"$place/sources.list"
# A world of its own: nothing of this machine's lists or packages is touched.
options=(
    -o "Dir::Etc::sourcelist=$place/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$place/lists" -o "Dir::Cache=$place/cache" -o Dir::State::status=/dev/null
    -o "APT::Sandbox::User=root"
)
apt-get "${options[@]}" update -q
(cd "$place" && apt-get "${options[@]}" download runsc && dpkg-deb -x runsc_*.deb unpacked)
install -m 755 "$place/unpacked/usr/bin/runsc" "$target"
