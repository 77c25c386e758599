# The host's own memory under /var/lib/garrison: the lock, the fence, the results, the journal.
# Nothing in it is written in place: a file is whole and new, or it is the old one.

state=/var/lib/garrison

open_state() {
    if [ ! -e "$state" ] && [ ! -L "$state" ]; then mkdir -m 0700 "$state" 2>/dev/null; fi
    check_state
    for folder in accounts results; do
        if [ -d "$state/$folder" ]; then continue; fi
        mkdir -m 0700 "$state/$folder" 2>/dev/null
        if [ ! -d "$state/$folder" ]; then refuse_for_disk StateNotWritten; fi
    done
}

check_state() {
    IFS=' ' read -r mode links owner rest <<GARRISON_LISTING
$(ls -ldn "$state" 2>/dev/null)
GARRISON_LISTING
    case $mode:$owner in
        drwx------*:0) ;;
        :*) refuse_for_disk StateNotWritten ;;
        *) refuse failed StateFolderUnsafe ;;
    esac
}

# The kernel frees the lock when the last process that holds descriptor 9 ends: also a useradd that outlives this script keeps it.
take_lock() {
    need flock
    # `exec` ends the shell when it cannot open; this asks first.
    if ! true 2>/dev/null >>"$state/lock"; then refuse_for_disk StateNotWritten; fi
    exec 9>>"$state/lock"
    await_lock
    printf '%s %s %s\n' "$cluster" "$job" "$asked_at" 2>/dev/null >"$state/lock.owner"
    # A script that was killed left it.
    if [ -e "$state/keys" ]; then rm -f "$state/keys"; fi
}

# Of the file that is open as descriptor 9; with -s beside others who only look.
await_lock() {
    tries=0
    until flock ${1:+"$1"} -n 9; do
        if [ "$tries" -ge "$((lock_wait * 5))" ]; then lock_is_busy; fi
        if [ "$((tries % 10))" -eq 0 ]; then say waiting; fi
        tries=$((tries + 1))
        sleep 0.2 2>/dev/null || sleep 1
    done
}

lock_is_busy() {
    holder= holder_job= since=
    read -r holder holder_job since 2>/dev/null <"$state/lock.owner"
    text holder "$holder_job of cluster $holder since $since"
    case $holder in
        "$cluster" | '') refuse failed HostBusy ;;
        *) refuse conflict HostLockedByOtherCluster ;;
    esac
}

# Attempts are ordered by (epoch, counter); one that was overtaken may still be on its way here.
check_fence() {
    old_epoch=0 old_counter=0 old_job=
    if [ -e "$state/fence.$cluster" ]; then
        read -r old_epoch old_counter old_job <"$state/fence.$cluster"
        if ! is_number "$old_epoch" || ! is_number "$old_counter"; then refuse failed StateDamaged; fi
    fi
    if [ "$epoch" -lt "$old_epoch" ]; then refuse failed FenceStale; fi
    if [ "$epoch" -eq "$old_epoch" ]; then
        if [ "$counter" -lt "$old_counter" ]; then refuse failed FenceStale; fi
        if [ "$counter" -eq "$old_counter" ]; then
            if [ "$job" != "$old_job" ]; then refuse failed FenceStale; fi
            return
        fi
    fi
    put "$state/fence.$cluster" "$epoch $counter $job" || refuse_for_disk StateNotWritten
}

# Whole or not at all: path, text, `durable` where a power cut must not lose it.
# No name of ours begins with a dot, so the unfinished file is nobody's: `ada.new` may be an account beside `ada`.
put() {
    unfinished=${1%/*}/.new
    if printf '%s\n' "$2" 2>/dev/null >"$unfinished" && sync_if "${3:-}" && mv -f "$unfinished" "$1" 2>/dev/null; then return 0; fi
    rm -f "$unfinished" 2>/dev/null
    return 1
}

sync_if() {
    if [ "$1" = durable ]; then sync "$unfinished" 2>/dev/null; fi
}

# An earlier attempt of this job may have ended without being heard: its answer is the answer.
replay() {
    if [ ! -f "$state/results/$job" ]; then return; fi
    kept= last= first=
    while IFS= read -r line; do
        last=$line first=${first:-$line}
        case $line in end | "job "*) ;; *) kept="${kept}@garrison1 $nonce $line$nl" ;; esac
    done <"$state/results/$job"
    if [ "$first:$last" != "job $job $cluster $kind:end" ]; then refuse failed StateDamaged; fi
    say replayed
    printf '%s' "$kept" 2>/dev/null
    finish
}

keep_record() {
    durable=
    if [ "$2" = changed ]; then
        durable=durable
        keep_journal "$2" || return 1
    fi
    put "$state/results/$job" "job $job $cluster $kind$nl$record$1${nl}end" "$durable" || return 1
    forget_oldest
}

# One line per push that had an effect, so that effects can be counted: also where an earlier attempt of this job did the work.
keep_journal() {
    if [ "$resumed" = yes ] && grep -q " $job $cluster " "$state/journal" 2>/dev/null; then return 0; fi
    printf '%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ) $job $cluster $epoch $counter $1$changes kind=$kind account=$name" \
        2>/dev/null >>"$state/journal" || return 1
    lines=$(wc -l <"$state/journal")
    if [ "$lines" -le 1200 ]; then return 0; fi
    tail -n 1000 "$state/journal" >"$state/journal.new" && mv -f "$state/journal.new" "$state/journal"
}

# What an undo would go by: the record and its parts.
drop_record() {
    rm -f "$1" "$1~keys" "$1~sudo" "$1~left" "$1~undoing"
}

forget_oldest() {
    set +f
    set -- "$state"/results/*
    set -f
    if [ "$#" -le 1200 ]; then return 0; fi
    ls -t "$state/results" | tail -n +1001 | while IFS= read -r old; do rm -f "$state/results/$old"; done
    return 0
}
