#!/bin/sh
# Installs what building, testing and the lab need on Debian 12, and says what it installs. Harmless when repeated.
set -eu

RUST=1.89

say() { printf 'setup: %s\n' "$*"; }

# Package and a file that shows that it is there already.
wanted() {
    cat <<'LIST'
gcc /usr/bin/gcc
libc6-dev /usr/include/stdio.h
make /usr/bin/make
pkg-config /usr/bin/pkg-config
libssl-dev /usr/include/openssl/ssl.h
ca-certificates /etc/ssl/certs/ca-certificates.crt
curl /usr/bin/curl
git /usr/bin/git
systemd-container /usr/bin/systemd-nspawn
mmdebstrap /usr/bin/mmdebstrap
qemu-system-x86 /usr/bin/qemu-system-x86_64
debian-archive-keyring /usr/share/keyrings/debian-archive-keyring.gpg
iproute2 /usr/sbin/ip
iptables /usr/sbin/iptables
e2fsprogs /usr/sbin/mkfs.ext4
openssh-client /usr/bin/ssh
openssh-server /usr/sbin/sshd
python3 /usr/bin/python3
LIST
}

packages() {
    missing=$(wanted | while read -r package file; do [ -e "$file" ] || [ -e "/bin/${file##*/}" ] || printf '%s ' "$package"; done)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "these Debian packages are missing: $missing"
        say "run this as root, or install them: apt-get install $missing"
        exit 1
    fi
    say "installing Debian packages: $missing"
    # A test starts an sshd of its own; the machine's must not start because of us.
    case " $missing" in *" openssh-server "*) mkdir -p /etc/systemd/system; ln -sfn /dev/null /etc/systemd/system/ssh.service ;; esac
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# True if cargo is there and new enough.
rust_is_there() {
    version=$(cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p')
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$RUST" "$version" | sort -V | head -n 1)" = "$RUST" ]
}

rust() {
    PATH="$HOME/.cargo/bin:$PATH"
    if rust_is_there; then
        return 0
    fi
    say "installing Rust with rustup into $HOME/.cargo (Debian 12's own is older than $RUST)"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y -q --no-modify-path --profile minimal --component rustfmt,clippy
}

packages
rust
