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
  case "$missing " in *" $package "*) return ;; esac
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}

program() { command -v "$1" || [ -x "/usr/sbin/$1" ]; }
package() { dpkg-query -W -f='${Status}' "$1" | grep -q 'ok installed'; }
# The headers, asked of the compiler: a copy outside Debian's folders will do too.
openssl_headers() { pkg-config --atleast-version=3.0 libssl && echo '#include <openssl/ssl.h>' | ${CC:-cc} -E -; }
curl_headers() { echo '#include <curl/curl.h>' | ${CC:-cc} -E -; }
gssapi_headers() { echo '#include <gssapi/gssapi.h>' | ${CC:-cc} -E -; }
esmtp_headers() { echo '#include <libesmtp.h>' | ${CC:-cc} -E -; }
# What OpenSSL itself needs in a program that is linked with its archives.
static_openssl() { echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - $(pkg-config --static --libs libssl) -o /dev/null; }
# A Python that can make a virtual environment with pip inside.
venv() { python3 -c 'import ensurepip, venv'; }

lmtpd_loads() {
  programs=$(dirname "$0")/../../../build/unpacked/cyrus-common/usr/lib
  libraries_of_its_own=$(dirname "$(ls "$programs"/*/libcyrus.so.0)")
  missed=$(LD_LIBRARY_PATH=$libraries_of_its_own ldd "$programs/cyrus/bin/lmtpd" | grep 'not found')
  [ -z "$missed" ]
}

# The names of Fedora, for what is built and tested in C there.
fedora() {
  for package; do
    case $package in
      pkg-config) package=pkgconf-pkg-config ;;
      libssl-dev) package=openssl-devel ;;
      python3-venv) package=python3-pip ;;
      g++) package=gcc-c++ ;;
      iproute2) package=iproute ;;
      abigail-tools) package=libabigail ;;
      libkrb5-dev) package=krb5-devel ;;
      libuv1-dev) package=libuv-devel ;;
      libglib2.0-dev) package=glib2-devel ;;
      libevent-dev) package=libevent-devel ;;
      libcurl4-openssl-dev) package=libcurl-devel ;;
      libesmtp-dev) package=libesmtp-devel ;;
      zlib1g-dev) package=zlib-static ;;
      libzstd-dev) package=libzstd-static ;;
    esac
    printf ' %s' "$package"
  done
}

for group; do
  case $group in
    build)
      want gcc program "${CC:-cc}"
      want binutils program ld
      want binutils program objcopy
      want pkg-config program pkg-config
      want libssl-dev openssl_headers
      ;;
    abi)
      want abigail-tools program abidiff
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
      want abigail-tools program abidiff
      ;;
    test)
      want openssl program openssl
      want python3-venv venv
      want g++ program c++
      want valgrind program valgrind
      want mandoc program mandoc
      want abigail-tools program abidiff
      want clang program clang
      want iproute2 program ip
      want libidn2-0 package libidn2-0
      want cmake program cmake
      want meson program meson
      want ninja-build program ninja
      want zlib1g-dev static_openssl
      want libzstd-dev static_openssl
      want sasl2-bin program saslpasswd2
      want libsasl2-modules package libsasl2-modules
      want dovecot-core program dovecot
      want dovecot-lmtpd package dovecot-lmtpd
      want dovecot-submissiond package dovecot-submissiond
      want microsocks program microsocks
      want tinyproxy-bin program tinyproxy
      want dovecot-gssapi package dovecot-gssapi
      want krb5-kdc program krb5kdc
      want krb5-admin-server program kadmin.local
      want krb5-user program kinit
      # One machine cannot have two of these, so none of them is installed.
      libraries=$(sh "$(dirname "$0")/../realservers/unpack.sh" postfix exim4-daemon-light opensmtpd sendmail-bin)
      for library in $libraries; do want "$library" package "$library"; done
      # Only its lmtpd is run, which needs few of the libraries of the package.
      libraries=$(sh "$(dirname "$0")/../realservers/unpack.sh" cyrus-common)
      for library in $libraries; do
        case $library in
          libclamav*) ;;
          *) lmtpd_loads || want "$library" package "$library" ;;
        esac
      done
      ;;
    kerberos)
      want libkrb5-dev gssapi_headers
      ;;
    loops)
      want libuv1-dev pkg-config --exists libuv
      want libglib2.0-dev pkg-config --exists glib-2.0
      want libevent-dev pkg-config --exists libevent_core
      ;;
    porting)
      want libcurl4-openssl-dev curl_headers
      want libesmtp-dev esmtp_headers
      ;;
    docs)
      want chromium program chromium
      ;;
    debian13)
      want debootstrap program debootstrap
      want debian-archive-keyring package debian-archive-keyring
      want iproute2 program ip
      ;;
    deb)
      want dpkg-dev program dpkg-buildpackage
      want debhelper program dh
      want dh-python program pybuild
      want help2man program help2man
      want libssl-dev openssl_headers
      want pybuild-plugin-pyproject package pybuild-plugin-pyproject
      want python3-all package python3-all
      want python3-setuptools package python3-setuptools
      want lintian program lintian
      ;;
    autopkgtest)
      want autopkgtest program autopkgtest
      ;;
    rpm)
      want rpm program rpmbuild
      ;;
    bench)
      want python3-venv venv
      want valgrind program valgrind
      want util-linux program taskset
      want strace program strace
      want openssl program openssl
      want libssl-dev openssl_headers
      want libcurl4-openssl-dev curl_headers
      want libesmtp-dev esmtp_headers
      # For smtp-source and smtp-sink.
      libraries=$(sh "$(dirname "$0")/../realservers/unpack.sh" postfix)
      for library in $libraries; do want "$library" package "$library"; done
      ;;
    *)
      echo "require.sh: no group $group" >&2
      exit 2
      ;;
  esac
done

[ -n "$missing" ] || exit 0

# Whatever the machine has stays: it may have been chosen instead of what we want.
command="apt-get install -y --no-install-recommends --no-remove$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  command -v dnf >/dev/null && command="dnf install -y$(fedora $missing)"
  echo "This needs what is not installed. As root:  $command" >&2
  exit 1
fi

echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
policy=
trap 'rm -f "$log" $policy' EXIT
trap 'exit 1' HUP INT TERM
# Dovecot must not come up as the mail server of this machine, as its package would
# have it: not now, and further down not with the machine either.
case $missing in
  *dovecot*)
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      policy=/usr/sbin/policy-rc.d
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
    fi
    ;;
esac
# The lists of packages may be missing or old; then one update helps.
if ! $command >"$log" 2>&1; then
  if ! { apt-get update && $command; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "This could not be installed:  $command" >&2
    exit 1
  fi
fi
case $missing in
  *dovecot-core*) update-rc.d dovecot disable ;;
esac
