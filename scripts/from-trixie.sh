#!/usr/bin/env bash
# Puts one program out of a package of Debian's trixie at a path: from-trixie.sh PACKAGE FILE TARGET,
# as `from-trixie.sh runsc usr/bin/runsc /tmp/runsc`. It is unpacked and not installed: for static
# binaries, which run on older releases too, where bookworm's are missing or too old (gVisor's runsc
# of 2022, compose 1). A program of that name that is installed is linked in its place.
set -euo pipefail
package=$1 file=$2 target=$3
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

name=${file##*/}
if have "$name" && [[ $package == "$name" && $file == usr/bin/* ]]; then
    ln -sf "$(command -v "$name")" "$target"
    exit
fi
for program in apt-get dpkg-deb; do
    have "$program" || die "$name is missing, and there is no $program to fetch it with"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -f $keyring ]] || die "$name is missing, and there is no key to check Debian's package with"

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
(cd "$place" && apt-get "${options[@]}" download "$package" && dpkg-deb -x "$package"_*.deb unpacked)
install -D -m 755 "$place/unpacked/$file" "$target"
