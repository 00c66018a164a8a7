#!/bin/sh
# Installs what the tests with a browser, an office program, databases and an SFTP server need from Debian, where this
# may be done: as root, with apt-get.
# Otherwise says how to get it; the tests that need it are then skipped by name.
set -eu

missing=
command -v chromium >/dev/null || missing="$missing chromium"
fc-list :lang=zh-cn 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || missing="$missing postgresql"
command -v soffice >/dev/null || missing="$missing libreoffice-calc-nogui"
PATH="$PATH:/usr/sbin" command -v mariadbd >/dev/null || missing="$missing mariadb-server"
PATH="$PATH:/usr/sbin" command -v sshd >/dev/null || missing="$missing openssh-server"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # fontconfig brings fc-list, by which the fonts are found the next time.
    if apt-get -qq update </dev/null &&
        apt-get -qq install -y --no-install-recommends fontconfig $missing </dev/null >/dev/null; then
        exit 0
    fi
    echo "That failed; the tests that need them will be skipped." >&2
else
    echo "Some tests will be skipped. To run them all: sudo apt-get install$missing" >&2
fi
