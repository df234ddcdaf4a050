#!/bin/sh
# Make sure there is a Chromium for the browser tests: an existing one, else Debian's package.
for name in ${CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
    become=""
    [ "$(id -u)" = 0 ] || become="sudo -n"
    echo "Installing Chromium for the browser tests …"
    if $become apt-get update -qq >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive $become apt-get install -y -qq \
            --no-install-recommends chromium >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "error: the browser tests need Chromium or Chrome, and none was found. Install it" >&2
echo "       (Debian: sudo apt-get install chromium), or set CHROMIUM to its path." >&2
exit 1
