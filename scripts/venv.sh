#!/usr/bin/env bash
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: venv.sh NAME PYTHON : print the path of a virtual environment that holds exactly requirements/NAME.txt.
# It is made once for each content of that file and each interpreter; older ones of the same name are removed.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."
name=$1 python=$2
requirements=requirements/$name.txt
key=$({ "$python" -c 'import sys; print(sys.version, sys.executable)' && cat "$requirements"; } | sha256sum | cut -c1-12)
venv=$PWD/.cache/$name-$key

mkdir -p .cache
exec 9>".cache/$name.lock"
flock 9 # a second run started meanwhile waits here instead of installing into the same place
if [ ! -e "$venv/complete" ]; then
    echo "Installing $requirements for $("$python" --version) into ${venv#"$PWD"/} (once, about a minute)" >&2
    rm -rf ".cache/$name"-*
    "$python" -m venv "$venv" >&2
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$requirements" >&2
    touch "$venv/complete"
fi
echo "$venv"
