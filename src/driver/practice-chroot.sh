# Runs sshd in a chroot, for machines that permit no namespaces: it must see to it itself that nothing outlives it.
#   sh practice-chroot.sh start ROOT    sh practice-chroot.sh probe FOLDER
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mode=$1 root=$2

if [ "$mode" = probe ]; then
  trap 'rm -f "$root/probe-null"' EXIT
  mknod -m 666 "$root/probe-null" c 1 3
  # A file system mounted with nodev lets the node be made and then not be used.
  : >"$root/probe-null"
  chroot / /bin/true
  exit 0
fi

mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0

# This shell alone holds the pipe's writing end. However it ends, even by -9, the sweeper reads the end of the file.
life=$root.life
rm -f "$life"
mkfifo -m 600 "$life"
exec 9<>"$life" 8<"$life"
rm "$life"
setsid sh "$(dirname "$0")/practice-sweep.sh" "$root" pipe 3<&8 8<&- 9>&- >/dev/null 2>&1 &
exec 8<&-

# In a session of its own: a signal to our group must leave sshd to the sweeper, which first looks who descends from it.
setsid chroot "$root" /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config 9>&- &
sshd=$!
echo "$sshd" >&9
wait "$sshd"
