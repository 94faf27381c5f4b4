#!/usr/bin/env bash
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first process of a test host, started by group.py in namespaces of its own. It says "new", reads what to do when
# the network interface is there, says "up", and ends, with all of the host, when its standard input is closed.
# All mounts are in its own namespace, with a tmpfs for what the host writes, so that nothing can be left behind.
set -euo pipefail

echo new
{ read -r template && read -r files && read -r mount && read -r name && read -r address && read -r gateway; } || exit
echo "$name" >/proc/sys/kernel/hostname
ip link set lo up
ip address add "$address/32" dev eth0

mount -t tmpfs -o mode=755,size=256m tmpfs "$mount"
mkdir "$mount/upper" "$mount/work" "$mount/root"
root=$mount/root
mount -t overlay overlay -o "lowerdir=$template,upperdir=$mount/upper,workdir=$mount/work" "$root"

cp -r --preserve=mode "$files/." "$root/"
chroot "$root" chown -R admin: /home/admin
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=64m tmpfs "$root/run"
mkdir -m 1777 "$root/run/lock"
mkdir "$root/run/faillock" "$root/run/sshd"
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=16m tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

cd "$root"
pivot_root . .
umount -l .
# shellcheck disable=SC2016  # for the shell that it starts
exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot . /bin/bash -c '
    cd /
    ip link set eth0 up
    ip route add "$1" dev eth0
    ip route add default via "$1"
    setsid /usr/sbin/sshd -D -E /var/log/sshd.log </dev/null >/dev/null 2>&1 &
    echo up
    exec >/dev/null 2>&1
    # As the first process it inherits all orphans, and waits for them between two reads.
    while read -r _; do :; done
' init "$gateway"
