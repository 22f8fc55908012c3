#!/bin/sh
# Boots a kernel of one architecture on an emulated machine, whose console goes to LOG.
# usage: boot.sh ARCHITECTURE KERNEL INITRAMFS LOG
set -eu
architecture=$1
console=ttyS0
case $architecture in
x86_64) set -- "$@" -M q35 -accel tcg,thread=multi -cpu max ;;
aarch64)
    set -- "$@" -M virt -accel tcg,thread=multi -cpu neoverse-n1
    console=ttyAMA0
    ;;
esac
kernel=$2
initramfs=$3
log=$4
shift 4
# A kernel that panics or hangs shows in the log, which is then without its last line.
timeout 600 "qemu-system-$architecture" "$@" -smp 2 -m 1024 -display none -monitor none -serial "file:$log" \
    -no-reboot -nic none -kernel "$kernel" -initrd "$initramfs" \
    -append "console=$console quiet panic=-1" </dev/null ||
    printf 'kernels: QEMU ended with status %s: %s\n' $? "$log" >&2
