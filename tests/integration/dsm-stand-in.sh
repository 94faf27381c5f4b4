#!/bin/sh
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Stands in for the vendor's DSM CLI, with its habits (facts-dsm.md 8, security-and-rotation.md 4.1): it knows --tool and not
# --tool-name, and writes over an older file without making it shorter. What it would upload, it notes in the file seen.
set -eu
[ "$1" = runb ] || exit 64
shift
tool='' application='' system='' environment='' config=''
while [ $# -gt 0 ]; do
    case $1 in
    --tool | --application | --system | --environment | --config) eval "${1#--}=\$2" && shift 2 ;;
    *) echo "unknown flag: $1" >&2 && exit 1 ;;
    esac
done
setting() { sed -n "s/^SENHASEGURA_$1: \"\\(.*\\)\"\$/\\1/p" "$config"; }
{
    echo "$tool $application $system $environment $(setting URL) $(setting CLIENT_ID)"
    env | sort
} >seen
echo "uploading $(setting CLIENT_SECRET)"
[ "$application" != broken ] || exit 3
[ "$application" != nothing ] || exit 0
file=$(setting SECRETS_FILE)
# --diff shows this file, so the value is not in it as it stands.
printf "declare -x DB_PASSWORD='%s-of-the-shop'\n" pw 1<>"$file"
