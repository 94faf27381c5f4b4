#!/usr/bin/env bash
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: pick-python.sh VERSION... : print the path of $PYTHON or the first interpreter of these versions, or fail.
# Each candidate is run: a pyenv shim may be there and still fail, and Debian's own Python may lack ensurepip.
set -uo pipefail

candidates() {
    local version root
    echo "${PYTHON:-}"
    for version in "$@"; do
        type -aP "python$version"
        for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"; do
            printf '%s\n' "$root/versions/$version".*/bin/python | sort -Vr
        done
        command -v uv >/dev/null && uv python find --no-cache --no-python-downloads "$version" 2>/dev/null
    done
    type -aP python3
}

# The real path, since the first python in PATH may belong to an environment that venv.sh is about to replace.
probe='import os, sys, ensurepip, sqlite3, ssl, venv; print("%d.%d" % sys.version_info[:2], os.path.realpath(sys.executable))'
while read -r candidate; do
    found=$("$candidate" -c "$probe" 2>/dev/null </dev/null) || continue
    [[ " $* " == *" ${found%% *} "* ]] && echo "${found#* }" && exit
# Where whoever started this ignores SIGPIPE, as Python does, the rest of the candidates would be complained about.
done < <(candidates "$@" 2>/dev/null)
exit 1
