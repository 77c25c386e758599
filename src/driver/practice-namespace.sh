# Makes this process a practice host: its own mounts, hostname and process table, then sshd.
# It runs inside `unshare --mount --pid --uts --fork`, so nothing it does is seen by the machine.
#   sh practice-namespace.sh STAGE NAME start|probe
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
stage=$1 name=$2 mode=$3

# The /proc of the machine is still here and tells the pid by which the machine knows us.
read -r pid rest </proc/self/stat
echo "practice-init $pid"

# The stage may lie under a folder that is about to be covered; a working directory stays reachable.
cd "$stage"

# One tmpfs holds all that this host may ever write, so that one limit covers it.
mount -t tmpfs -o size=48m,mode=755 practice /run
mkdir /run/etc /run/etc.work /run/var /run/var.work /run/var/lib /run/home /run/run /run/run/lock /run/run/sshd
mkdir -m 700 /run/root /run/root/.ssh
mkdir -m 1777 /run/tmp
# A whiteout: a supervisor's own records on this machine are not this host's.
mknod /run/var/lib/garrison c 0 0

mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc.work practice /etc
mount -t overlay -o lowerdir=/var,upperdir=/run/var,workdir=/run/var.work practice /var
for covered in home root tmp; do mount --bind "/run/$covered" "/$covered"; done
mount --bind /run/run /run
mount -t proc -o nosuid,nodev,noexec proc /proc
# What is left of the machine's own file system can be read but not changed.
mount -o remount,bind,ro /

if [ "$mode" = probe ]; then exit 0; fi

echo "$name" >/proc/sys/kernel/hostname
echo "$name" >/etc/hostname
# sudo looks its own host name up; without this line it would ask a name server.
printf '127.0.0.1\tlocalhost %s\n' "$name" >/etc/hosts
rm -f /etc/nologin
mkdir -p /etc/ssh /etc/pam.d
cat ./authorized_keys >/root/.ssh/authorized_keys
cat ./sshd_config >/etc/ssh/sshd_config
cat ./pam_sshd >/etc/pam.d/sshd
(umask 077 && cat ./host_key >/etc/ssh/practice_host_key)
cd /
exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config
