#!/usr/bin/env bash
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: setup.sh PASSWORD : what all test hosts of a release have in common. Runs inside the new root file system.
set -euo pipefail
password=$1

# Each host gets its own keys when it starts.
rm -f /etc/ssh/ssh_host_* /etc/apt/sources.list /etc/apt/sources.list.d/*
rm -rf /var/lib/apt/lists /var/cache/apt

# sshd, sudo, su and doas all ask common-auth. A login counts as failed once, is not slowed down, and the third failure locks. Only a password login resets the
# count: there is no faillock in "account", which would do it for each login with a key.
cat >/etc/pam.d/common-auth <<'PAM'
auth    requisite                   pam_faillock.so preauth
auth    [success=2 authtok_err=1 conv_err=1 default=ignore]  pam_unix.so nodelay
auth    optional                    pam_exec.so quiet /usr/local/sbin/note-failure
auth    [default=die]               pam_faillock.so authfail
auth    sufficient                  pam_faillock.so authsucc
auth    requisite                   pam_deny.so
PAM
printf '%s\n' 'deny = 3' 'unlock_time = 900' 'fail_interval = 900' 'nodelay' >/etc/security/faillock.conf


# What faillock counts is gone with the next success, and only sshd has a log here. su and doas call this as the user who
# asks, with the rights of root. A prompt at which whoever asked was killed is a failure for faillock, but none for this:
# no password was sent.
cat >/usr/local/sbin/note-failure <<'SCRIPT'
#!/bin/sh
echo "$PAM_SERVICE $PAM_USER ${PAM_RUSER:--}" >>/var/log/failures
SCRIPT
chmod 755 /usr/local/sbin/note-failure
install -m 666 /dev/null /var/log/failures
# Debian's own has no common-auth in some releases.
printf '%s\n' '@include common-auth' '@include common-account' '@include common-session-noninteractive' >/etc/pam.d/doas

cat >/etc/ssh/sshd_config.d/50-hosts.conf <<'SSHD'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
LogLevel VERBOSE
MaxStartups 200
SSHD
# From OpenSSH 9.8 on whoever fails is not answered for a while, so that one test would disturb the next.
ssh-keygen -q -t ed25519 -N '' -f /tmp/key
if sshd -T -f /dev/null -h /tmp/key | grep -qi '^persourcepenalties'; then
    echo 'PerSourcePenalties no' >>/etc/ssh/sshd_config.d/50-hosts.conf
fi
rm /tmp/key /tmp/key.pub

for user in app locked expired mustchange nologin; do
    useradd --create-home --shell /bin/bash "$user"
    echo "$user:$password" | chpasswd
done
echo "root:$password" | chpasswd
usermod --lock locked
chage --expiredate 2020-01-01 expired
chage --lastday 0 mustchange
usermod --shell /usr/sbin/nologin nologin

useradd --create-home --shell /bin/bash --password '*' admin
echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
chmod 0440 /etc/sudoers.d/admin
