# Ends every process that lives in the chroot ROOT and removes ROOT.
# With `pipe` it first waits until the writer of file descriptor 3 is gone; its first line is sshd's pid.
#   sh practice-sweep.sh ROOT [pipe]
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1 sshd=
case $root in
  /*/practice/practice-[0-9]*/root) ;;
  *) echo "not the root of a practice host: $root" >&2; exit 64 ;;
esac

if [ "${2-}" = pipe ]; then
  read -r sshd <&3
  while read -r rest <&3; do :; done
fi

# Prints the pids whose root directory is ours. Without CAP_SYS_PTRACE only a process's own user may see that.
inside() {
  find /proc/[0-9]*/root -maxdepth 0 -printf '%h %l\n' 2>/dev/null | while read -r process seen; do
    [ -n "$seen" ] || seen=$(as_owner "$process")
    if [ "$seen" = "$root" ]; then echo "${process#/proc/}"; fi
  done
}

as_owner() {
  owner=$(stat -c '--reuid=%u --regid=%g' "$1" 2>/dev/null) || return 0
  # shellcheck disable=SC2086
  case $owner in *=0\ *) ;; *) setpriv $owner --clear-groups readlink "$1/root" 2>/dev/null ;; esac
}

# Prints sshd and all that descends from it: some of them let nobody look at their root directory.
descendants() {
  [ -n "$sshd" ] || return 0
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) [A-Za-z] \([0-9]*\) .*/\1 \2/' |
    awk -v top="$sshd" '
      { parent[$1] = $2 }
      END {
        for (pid in parent) {
          for (at = pid; at > 1 && at != top; at = parent[at]);
          if (at == top) print pid
        }
      }'
}

rounds=0
while [ "$rounds" -lt 100 ]; do
  rounds=$((rounds + 1))
  # A pid is only ever taken as sshd while its root directory says so.
  if [ -n "$sshd" ] && [ "$(readlink "/proc/$sshd/root" 2>/dev/null)" != "$root" ]; then sshd=; fi
  found=$({ descendants; inside; } | sort -u)
  [ -n "$found" ] || break
  # shellcheck disable=SC2086
  kill -KILL $found 2>/dev/null
  sleep 0.02
done
rm -rf --one-file-system -- "$root"
