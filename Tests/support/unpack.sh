#!/bin/sh
# unpack.sh PACKAGE... - Debian's packages that cannot be installed beside Postfix.
#
# Each is downloaded and unpacked into build/unpacked/PACKAGE: none of its scripts
# run, and nothing starts it. One that is there already stays as it is. When it
# cannot be had, the commands that would do it are printed and the exit status is 1.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/unpacked
log=$(mktemp)
scratch=
trap 'rm -rf "$log" "$scratch"' EXIT

download() { (cd "$scratch" && apt-get download -o APT::Sandbox::User="$(id -un)" "$1") >"$log" 2>&1; }

for package; do
  [ ! -d "build/unpacked/$package" ] || continue
  scratch=$(mktemp -d build/unpacked/XXXXXX)
  echo "unpacking: $package" >&2
  # The lists of packages may be missing or old; then one update helps.
  if ! download "$package" && ! { apt-get update >"$log" 2>&1 && download "$package"; }; then
    cat "$log" >&2
    echo "This could not be downloaded. As root on Debian, with a network:" >&2
    echo "  apt-get update && sh $PWD/Tests/support/unpack.sh $package" >&2
    exit 1
  fi
  dpkg-deb --extract "$scratch"/*.deb "$scratch/files"
  # Programs of mail servers may be set-user-ID root, which has no place here.
  find "$scratch/files" -type f -perm /6000 -exec chmod ug-s {} +
  # Whoever the server runs as must be able to read it.
  chmod 755 "$scratch/files"
  mv -T "$scratch/files" "build/unpacked/$package"
  rm -rf "$scratch"
  scratch=
done
