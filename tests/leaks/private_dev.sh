#!/bin/sh
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# private_dev.sh FOLDER SOCKET COMMAND...: run a command with a /dev of its own, in which /dev/log is SOCKET.
# It has to be in a mount namespace of its own (unshare --mount). FOLDER is where the new /dev is put together.
set -eu

folder=$1 socket=$2
shift 2

if [ "$(readlink /proc/self/ns/mnt)" = "$LEAKS_MACHINE" ]; then
    echo "private_dev.sh: this is the mount namespace of the machine" >&2
    exit 125
fi
# Nothing that is mounted here may reach the machine's own /dev.
mount --make-rprivate /
mount -t tmpfs -o mode=755 leaks "$folder"
for path in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; do
    [ -c "$path" ] || continue
    : > "$folder/${path#/dev/}"
    mount --bind "$path" "$folder/${path#/dev/}"
done
for path in /dev/pts /dev/shm; do
    [ -d "$path" ] || continue
    mkdir "$folder/${path#/dev/}"
    mount --rbind "$path" "$folder/${path#/dev/}"
done
ln -s pts/ptmx "$folder/ptmx"
ln -s /proc/self/fd "$folder/fd"
ln -s /proc/self/fd/0 "$folder/stdin"
ln -s /proc/self/fd/1 "$folder/stdout"
ln -s /proc/self/fd/2 "$folder/stderr"
ln -s "$socket" "$folder/log"
mount --rbind "$folder" /dev
unset LEAKS_MACHINE
exec "$@"
