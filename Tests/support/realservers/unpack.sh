#!/bin/sh
# unpack.sh PACKAGE... - Debian's mail servers, of which a machine can have only one.
#
# Each is downloaded and unpacked into build/unpacked/PACKAGE: none of its scripts
# run, nothing starts it, and the machine keeps the mail server that it has, or has
# none. One that is there already stays as it is. Prints the packages of the libraries
# that they need. When one cannot be had, the commands that would do it are printed
# and the exit status is 1.
set -eu
cd "$(dirname "$0")/../../.."
log=$(mktemp)
scratch=
trap 'rm -rf "$log" "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The lists of packages may be missing or old; then one update helps.
download() {
  (
    cd "$scratch" || exit 1
    from_lists="apt-get download -o APT::Sandbox::User=$(id -un) $1"
    $from_lists || { apt-get update && $from_lists; }
  )
}

# Of alternatives the first, and whatever its version: it has the name of the version
# that fits.
libraries() {
  dpkg-deb --field "$1" Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ :|]*\).*/\1/p'
}

unpack() {
  mkdir -p build/unpacked &&
    scratch=$(mktemp -d build/unpacked/XXXXXX) &&
    download "$1" &&
    dpkg-deb --extract "$scratch"/*.deb "$scratch/files" &&
    libraries "$scratch"/*.deb >"$scratch/files/libraries" &&
    # A mail server may have programs that run as root whoever starts them, which
    # have no place here.
    find "$scratch/files" -type f -perm /6000 -exec chmod ug-s {} + &&
    mv -T "$scratch/files" "build/unpacked/$1" &&
    rm -rf "$scratch"
}

for package; do
  if [ ! -d "build/unpacked/$package" ]; then
    echo "unpacking: $package" >&2
    if ! unpack "$package" >"$log" 2>&1; then
      cat "$log" >&2
      echo "This could not be unpacked. As root on Debian, with a network:" >&2
      echo "  apt-get update && sh $PWD/Tests/support/realservers/unpack.sh $package" >&2
      exit 1
    fi
  fi
  cat "build/unpacked/$package/libraries"
done
