#!/bin/sh
# What the benchmarks need beyond the build, by the rules of Tests/support/require.sh:
# root gets it installed from Debian, others are told the command.
set -eu

missing=
command -v valgrind >/dev/null || missing="$missing valgrind"
command -v taskset >/dev/null || missing="$missing util-linux"
echo '#include <curl/curl.h>' | cc -E - >/dev/null 2>&1 || missing="$missing libcurl4-openssl-dev"
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "This needs what is not installed. As root on Debian:  $command" >&2
  exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the packages are words
if ! apt-get install -y --no-install-recommends $missing >/dev/null 2>&1; then
  apt-get update >/dev/null
  apt-get install -y --no-install-recommends $missing >/dev/null
fi
