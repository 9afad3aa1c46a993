#!/bin/sh
# unpack.sh PACKAGE... - Debian's packages that cannot be installed beside Postfix.
#
# Each is downloaded and unpacked into build/unpacked/PACKAGE: none of its scripts
# run, and nothing starts it. One that is there already stays as it is. When it
# cannot be had, the commands that would do it are printed and the exit status is 1.
set -eu
cd "$(dirname "$0")/../.."
log=$(mktemp)
scratch=
trap 'rm -rf "$log" "$scratch"' EXIT

# The lists of packages may be missing or old; then one update helps.
download() {
  (
    cd "$scratch" || exit 1
    from_lists="apt-get download -o APT::Sandbox::User=$(id -un) $1"
    $from_lists || { apt-get update && $from_lists; }
  )
}

unpack() {
  mkdir -p build/unpacked &&
    scratch=$(mktemp -d build/unpacked/XXXXXX) &&
    download "$1" &&
    dpkg-deb --extract "$scratch"/*.deb "$scratch/files" &&
    # A mail server may have programs that run as root whoever starts them, which
    # have no place here.
    find "$scratch/files" -type f -perm /6000 -exec chmod ug-s {} + &&
    mv -T "$scratch/files" "build/unpacked/$1" &&
    rm -rf "$scratch"
}

for package; do
  [ ! -d "build/unpacked/$package" ] || continue
  echo "unpacking: $package" >&2
  if ! unpack "$package" >"$log" 2>&1; then
    cat "$log" >&2
    echo "This could not be unpacked. As root on Debian, with a network:" >&2
    echo "  apt-get update && sh $PWD/Tests/support/unpack.sh $package" >&2
    exit 1
  fi
done
