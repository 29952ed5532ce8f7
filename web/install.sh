#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the web client is made of, once for all builds of this clone: one that has waited
# for another one finds it done. It is called in web/, by one at a time:
#
#   flock package.json sh install.sh NPM
set -eu
installed=node_modules/.package-lock.json
if [ "$installed" -nt package.json ] && [ "$installed" -nt package-lock.json ]; then
    exit 0
fi
"$1" ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch "$installed"
