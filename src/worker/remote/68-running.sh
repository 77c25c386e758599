# What an account holds on to: its processes, its sessions, its crontab.
# It only looks, and ends nothing.

# Sets process_list: a line for each process with its owner and its folder.
list_processes() {
    set +f
    process_list=$(cd /proc && ls -ldn [0-9]* 2>/dev/null)
    set -f
}

# Sets processes, sessions and running (some, as `PID NAME`) of the uid. What a process calls itself is its user's to say.
count_running() {
    processes=0 sessions=0 running= seen=' '
    while IFS=' ' read -r mode links owner group rest; do
        if [ "$owner" != "$uid" ]; then continue; fi
        processes=$((processes + 1))
        pid=${rest##* }
        if [ "$processes" -le 5 ]; then
            called=
            IFS= read -r called 2>/dev/null <"/proc/$pid/comm"
            running="$running$pid $called$nl"
        fi
        session_of "$pid"
        case $seen in *" $session "*) continue ;; esac
        seen="$seen$session "
        sessions=$((sessions + 1))
    done <<GARRISON_PROCESSES
$process_list
GARRISON_PROCESSES
}

# Sets session. No process of its own for each: the user may have made thousands.
session_of() {
    line=
    IFS= read -r line 2>/dev/null <"/proc/$1/stat"
    set -- ${line##*) }
    session=${4:-none}
}

# Sets crontab to its path, or nothing.
find_crontab() {
    crontab=
    for folder in /var/spool/cron/crontabs /var/spool/cron/tabs /var/spool/cron /etc/crontabs; do
        if [ -f "$folder/$name" ] && [ ! -L "$folder/$name" ]; then
            crontab=$folder/$name
            return
        fi
    done
}

is_plain_path() {
    case $1 in /*[!A-Za-z0-9/._-]* | *//* | */. | */.. | */./* | */../* | /) return 1 ;; /*) return 0 ;; esac
    return 1
}
