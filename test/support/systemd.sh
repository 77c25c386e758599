# Makes this process the first of a machine of its own for systemd: private folders first, so that its boot empties none of the machine's.
# It runs inside `unshare --mount --pid --cgroup --uts --ipc --fork --kill-child=KILL --mount-proc`, in a cgroup (version 2) made for it.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mount --make-rprivate /

# First of all: systemd empties /tmp at boot, and units write where they like.
mount -t tmpfs -o mode=755 systemd-test /run
mkdir /run/.own /run/.own/etc /run/.own/etc.work /run/.own/var /run/.own/var.work
mount -t overlay -o lowerdir=/etc,upperdir=/run/.own/etc,workdir=/run/.own/etc.work systemd-test /etc
mount -t overlay -o lowerdir=/var,upperdir=/run/.own/var,workdir=/run/.own/var.work systemd-test /var
mount -t tmpfs -o mode=1777 systemd-test /tmp
mount -t tmpfs -o mode=755 systemd-test /var/log
mkdir /run/lock

# The kernel's settings and devices are the machine's: nothing here may turn them.
for settings in /proc/sys /sys; do
  mount --bind "$settings" "$settings"
  mount -o remount,bind,ro "$settings"
done
mount -t tmpfs -o mode=755 systemd-test /sys/fs
mkdir /sys/fs/cgroup
mount -t tmpfs -o mode=755 systemd-test /mnt
mount --bind /dev /mnt
mount -t tmpfs -o mode=755 systemd-test /dev
mkdir /dev/pts /dev/shm
for node in null zero full random urandom tty; do cp -a "/mnt/$node" "/dev/$node"; done
umount /mnt
umount /mnt
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts /dev/pts
mount -t tmpfs -o mode=1777 systemd-test /dev/shm
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
mount -t cgroup2 -o rw cgroup2 /sys/fs/cgroup

# Nothing of the machine's own services, mounts and devices is started.
: >/etc/fstab
rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*.requires
rm -rf /var/lib/garrison /etc/garrison
for unit in /lib/systemd/system/sysinit.target.wants/* /lib/systemd/system/local-fs.target.wants/* \
  /lib/systemd/system/sockets.target.wants/* /lib/systemd/system/multi-user.target.wants/*; do
  name=${unit##*/}
  case $name in
    systemd-journald.* | dbus* | '*') ;;
    *) ln -sf /dev/null "/etc/systemd/system/$name" ;;
  esac
done
for name in systemd-remount-fs.service systemd-journald-audit.socket systemd-journald-dev-log.socket \
  timers.target networking.service systemd-networkd.service systemd-logind.service getty.target ssh.service docker.service; do
  ln -sf /dev/null "/etc/systemd/system/$name"
done
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nForwardToConsole=no\nForwardToWall=no\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n' >/etc/systemd/journald.conf.d/test.conf

cat >/etc/systemd/system/booted.target <<UNIT
[Unit]
Requires=basic.target
After=basic.target
UNIT

export container=garrison-test
exec /lib/systemd/systemd --system --unit=booted.target --show-status=no --log-target=journal
