#!/usr/bin/env bash
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: image.sh SUITE TARBALL PASSWORD MIRROR : write the root file system of a Debian release to TARBALL.
# image.py calls this, and keeps the result.
set -euo pipefail
suite=$1 tarball=$2 password=$3 mirror=$4
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
packages=acl,iproute2,libpam-modules-bin,libpam-runtime,login,mount,opendoas,openssh-server,passwd,procps,python3,sudo

# shellcheck disable=SC2016  # $1 is for the hook
PASSWORD=$password SETUP=$here/setup.sh exec mmdebstrap --quiet --mode=root --format=tar --variant=apt --include="$packages" \
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='cp "$SETUP" "$1/setup.sh" && chroot "$1" bash /setup.sh "$PASSWORD" && rm "$1/setup.sh"' \
    "$suite" "$tarball" "deb $mirror $suite main"
