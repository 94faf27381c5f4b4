#!/bin/sh
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: sh -c "$(cat runb.sh)" runb "NAME NAME ..." COMMAND [ARGUMENT ...]
# Runs a command with the named variables and no others, so that all that it writes is for its owner alone.
umask 077
keep=" $1 "
shift
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $keep in
    *" $name "*) ;;
    *) unset "$name" ;;
    esac
done
exec "$@"
