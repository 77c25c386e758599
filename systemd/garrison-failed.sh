# Keeps what can be seen of a unit that keeps failing: its last lines and what `doctor` finds. Says so once, as an error.
#   sh garrison-failed.sh UNIT GARRISON-COMMAND…
set -u
unit=$1
shift
folder=${STATE_DIRECTORY:-/var/lib/garrison}
file=$folder/failed-$(date -u +%Y%m%dT%H%M%SZ).txt
{
  journalctl --unit "$unit" --lines 200 --no-pager
  printf '\n== garrison doctor\n'
  timeout 30 "$@" doctor
} >"$file" 2>&1
# The last 20 are kept.
ls -t "$folder"/failed-*.txt | tail -n +21 | while read -r old; do rm -f "$old"; done
# "<3>" is journald's sign for an error.
echo "<3>$unit keeps failing; it is tried again in 30 s. What was seen: $file. To leave it stopped: systemctl stop $unit"
