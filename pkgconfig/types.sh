#!/bin/sh
# types.sh CLANG HEADER OBJECT [FLAGS] - what the header declares, as debugging information alone.
#
# The compiler of Swift describes the exported functions as Swift sees them, which a debugger
# of C and `abidw` do not read. So the header is compiled once more: each function gets a
# body, and from the assembler text everything is dropped but its description, which then
# refers to the function in the library. No instruction and no datum comes from here.
set -eu
clang=$1 header=$2 object=$3 flags=${4:-}
folder=$(dirname "$object")/types
rm -rf "$folder"
mkdir -p "$folder"

# With the name of the header, and in its own folder: no path of this machine is written.
{
  echo '#include "smtpconn.h"'
  "$clang" -E -P "$header" | awk 'BEGIN { RS = ";" }
    /smtpconn_[a-z0-9_]+\(/ && !/typedef/ { gsub(/\n/, " "); print $0 " { __builtin_trap(); }" }'
} >"$folder/types.c"
cp "$header" "$folder/smtpconn.h"
(cd "$folder" && "$clang" -std=c2x -fPIC -O0 -g -gdwarf-4 -fno-eliminate-unused-debug-types $flags \
  -fdebug-prefix-map="$PWD"=include -S -o types.s types.c)

# A note about properties is kept: the library has those that all of its objects have.
# Beside an attribute the compiler writes its name. Places of parameters become
# DW_OP_nop: they are unknown, and every offset stays.
awk '
  /^\t\.file\t/ && !debug { print }
  /^smtpconn_[a-z0-9_]*:/ { name = substr($1, 1, length($1) - 1) }
  /^\.Lfunc_begin[0-9]+:/ { function_of[substr($1, 1, length($1) - 1)] = name }
  /^\t\.section\t\.debug/ { debug = 1; info = /\.debug_info/ }
  /^\t\.(section|text)/ { note = /\.note\.gnu\.property/ }
  note
  note || !debug { next }
  info && /# DW_AT_low_pc/ { sub(/\.Lfunc_begin[0-9]+/, unit++ ? function_of[$2] : "0") }
  info && /# DW_AT_high_pc/ { sub(/\.Lfunc_end[0-9]+-\.Lfunc_begin[0-9]+/, unit > 1 ? "1" : "0") }
  info && /# DW_AT_(frame_base|location)/ { place = 1; print; next }
  place && /^\t\.byte\t[0-9]+$/ { print "\t.byte\t150"; next }
  { place = 0; print }
' "$folder/types.s" >"$folder/described.s"
(cd "$folder" && "$clang" -fdebug-compilation-dir=include -c -o types.o described.s)
mv "$folder/types.o" "$object"
rm -rf "$folder"
