# shellcheck shell=bash disable=SC2154 # disk is the host's
# Erases the disk: a partition for the firmware to start from, and one for everything else.
umount --recursive /mnt 2>/dev/null || true
sgdisk --zap-all "$disk"
sgdisk --new=1:0:+512M --typecode=1:EF00 --change-name=1:boot "$disk"
sgdisk --new=2:0:0 --typecode=2:8300 --change-name=2:root "$disk"
udevadm settle
mkfs.vfat -F 32 /dev/disk/by-partlabel/boot
mkfs.ext4 -q -F /dev/disk/by-partlabel/root
mount --mkdir /dev/disk/by-partlabel/root /mnt
mount --mkdir -o umask=0077 /dev/disk/by-partlabel/boot /mnt/boot
