#!/bin/sh
# require.sh GROUP... - makes sure that the machine has what a group needs.
#
# What is missing is installed from Debian when we are root. Otherwise the
# command that would do it is printed, and the exit status is 1. Nothing is
# downloaded when nothing is missing.
set -eu

missing=

# want PACKAGE TEST...: the package is needed unless the test succeeds.
want() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}

program() { command -v "$1" || [ -x "/usr/sbin/$1" ]; }
package() { dpkg-query -W -f='${Status}' "$1" | grep -q 'ok installed'; }
# The headers, asked of the compiler: a copy outside Debian's folders will do too.
openssl_headers() { pkg-config --atleast-version=3.0 libssl && echo '#include <openssl/ssl.h>' | cc -E -; }
# A library, wherever the linker finds it: its package has other names elsewhere.
library() { PATH="$PATH:/sbin" ldconfig -p | grep -qF "$1 "; }
# A Python that can make a virtual environment with pip inside.
venv() { python3 -c 'import ensurepip, venv'; }

for group; do
  case $group in
    build)
      want gcc program cc
      want binutils program ld
      want binutils program objcopy
      want pkg-config program pkg-config
      want libssl-dev openssl_headers
      ;;
    python)
      want python3-venv venv
      ;;
    demo)
      want openssl program openssl
      want python3-venv venv
      ;;
    c)
      want python3-venv venv
      want openssl program openssl
      want g++ program c++
      want valgrind program valgrind
      ;;
    test)
      want openssl program openssl
      want python3-venv venv
      want g++ program c++
      want valgrind program valgrind
      want iproute2 program ip
      want postfix program postfix
      want sasl2-bin program saslpasswd2
      want libsasl2-modules package libsasl2-modules
      want libidn12 library libidn.so.12
      want libgnutls-dane0 library libgnutls-dane.so.0
      want libevent-2.1-7 library libevent-2.1.so.7
      sh "$(dirname "$0")/unpack.sh" exim4-daemon-light opensmtpd
      ;;
    *)
      echo "require.sh: no group $group" >&2
      exit 2
      ;;
  esac
done

[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "This needs what is not installed. As root on Debian:  $command" >&2
  exit 1
fi

echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# Postfix must not come up as the mail server of this machine: without a
# configuration its package starts nothing.
case $missing in
  *postfix*) echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists of packages may be missing or old; then one update helps.
# shellcheck disable=SC2086 # the packages are words
if ! apt-get install -y --no-install-recommends $missing >"$log" 2>&1; then
  if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "This could not be installed:  $command" >&2
    exit 1
  fi
fi
