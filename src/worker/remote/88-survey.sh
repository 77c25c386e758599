# A survey: tells which accounts of this cluster's are on the host, and what each of them holds on to.
# It only looks: no lock, no folder, no record; what cannot be found out is left out, and then it is unknown.

survey_owned() {
    enter plan
    findings= told=0 untold=0 strangers=0 damaged=0
    if [ -e "$state" ] || [ -L "$state" ]; then
        check_state
        set +f
        set -- "$state"/accounts/*
        set -f
        find_owned "$@"
        list_processes
        search_files
        for name in $owned; do tell_owned; done
    fi
    findings="${findings}others $strangers${nl}damaged $damaged${nl}untold $untold${nl}whole yes$nl"
    printf '%s' "$findings" | base64 | while IFS= read -r line; do say "know $line"; done
    refuse unchanged SurveyMade
}

# Sets owned (names; each is a plain word) and uids. So many are told as an answer has room for.
find_owned() {
    owned= uids=
    for file in "$@"; do
        name=${file##*/}
        if [ ! -f "$file" ] || ! is_word "$name"; then continue; fi
        read_mark
        case $mark in
            ours) ;;
            other)
                strangers=$((strangers + 1))
                continue
                ;;
            *)
                damaged=$((damaged + 1))
                continue
                ;;
        esac
        if [ "$told" -ge 150 ]; then
            untold=$((untold + 1))
            continue
        fi
        told=$((told + 1)) owned="$owned $name"
        if is_number "$mark_uid"; then uids="$uids $mark_uid"; fi
    done
}

tell_owned() {
    read_mark
    uid= gecos= home=
    look_up_softly
    note account "$name"
    note state "$mark_state"
    note job "$mark_job"
    note granted "$mark_granted"
    note since "$(moment_of "$(stat -c %Y "$state/accounts/$name" 2>/dev/null)")"
    note archive "$mark_archive"
    note presence "$presence"
    if [ "$presence" != ours ]; then
        note uid "$mark_uid"
        return
    fi
    note uid "$uid"
    read_shadow
    note locked "$locked"
    note expired "$expired"
    tell_last_login
    count_running
    note processes "$processes"
    note sessions "$sessions"
    IFS=$nl
    for line in $running; do note process "$line"; done
    IFS=$blanks
    find_crontab
    if [ -n "$crontab" ]; then note crontab yes; else note crontab no; fi
    tell_files
}

# Of seconds since 1970; nothing where there are none.
moment_of() {
    if is_number "$1"; then date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null; fi
}

# A value is one line; whoever reads it trusts nothing of it.
note() {
    value=${2%%"$nl"*}
    if [ -n "$value" ]; then findings="$findings$1 $(printf '%.200s' "$value")$nl"; fi
}

# Sets presence=ours|absent|other|unknown, as prove_ours judges, but ends nothing.
look_up_softly() {
    presence=unknown entry=
    if command -v getent >/dev/null 2>&1; then
        entry=$(getent passwd "$name" 2>/dev/null)
        case $? in 0 | 2) ;; *) return ;; esac
    elif ! find_line /etc/passwd; then
        return
    fi
    presence=absent
    if [ -z "$entry" ]; then return; fi
    IFS=: read -r found secret uid gid gecos home rest <<GARRISON_ENTRY
$entry
GARRISON_ENTRY
    presence=other
    if [ "$found" != "$name" ] || ! is_number "$uid" || [ "$uid" -eq 0 ]; then return; fi
    if [ "$mark_state" != creating ] && [ "$uid" != "$mark_uid" ]; then return; fi
    case $gecos in *"garrison-$mark_token"*) presence=ours ;; esac
}

# By the records themselves: 292 bytes for each uid, the time first. `last` knows only since its file was begun.
tell_last_login() {
    size=$(stat -c %s /var/log/lastlog 2>/dev/null)
    if is_number "$size" && [ "$size" -gt 0 ]; then
        moment=0
        if [ "$size" -gt "$((uid * 292))" ]; then
            moment=$(od -An -tu4 -j "$((uid * 292))" -N 4 /var/log/lastlog 2>/dev/null)
            moment=${moment##* }
        fi
        case $moment in 0) note lastLogin never ;; *) note lastLogin "$(moment_of "$moment")" ;; esac
        return
    fi
    if ! command -v last >/dev/null 2>&1; then return; fi
    for word in $(limited 5 last --time-format iso -n 1 -- "$name" 2>/dev/null | head -n 1); do
        case $word in [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*) note lastLogin "$word"; return ;; esac
    done
}

# Sets files_found (lines `COUNT UID`) and search=whole|part|none: one walk for all, through each local file system once, past the homes.
search_files() {
    search=none files_found=
    for program in find stat sort uniq timeout; do
        if ! command -v "$program" >/dev/null 2>&1; then return; fi
    done
    if [ -z "$uids" ]; then return; fi
    wanted=
    for number in $uids; do wanted="$wanted${wanted:+ -o }-uid $number"; done
    skipped=
    for name in $owned; do
        home=
        read_mark
        look_up_softly
        if [ "$presence" = ours ] && is_plain_path "$home"; then skipped="$skipped${skipped:+ -o }-path $home"; fi
    done
    find_places
    set -- $places -xdev
    if [ -n "$skipped" ]; then set -- "$@" '(' $skipped ')' -prune -o; fi
    files_found=$({ limited 12 find "$@" '(' $wanted ')' -exec stat -c %u '{}' + 2>/dev/null; echo "end $?"; } | head -n 20000 | sort | uniq -c)
    case $files_found in
        *' end 0'* | *' end 1'*) search=whole ;;
        *) search=part ;;
    esac
}

# Sets places: the root last, since it is the largest, and none of two mounts of the same file system.
find_places() {
    places= devices=' '
    while read -r id parent device inner point options rest; do
        case ${rest#*- } in
            ext[234]\ * | xfs\ * | btrfs\ * | f2fs\ * | jfs\ * | zfs\ * | overlay\ * | tmpfs\ *) ;;
            *) continue ;;
        esac
        case $devices in *" $device "*) continue ;; esac
        if [ "$point" = / ] || [ "$inner" != / ] || ! is_plain_path "$point"; then continue; fi
        devices="$devices$device "
        places="$places $point"
    done 2>/dev/null </proc/self/mountinfo
    places="$places /"
}

# Of the uid in hand. A walk that was cut short, or a home it could not pass by, leaves a count that is too small or none.
tell_files() {
    if [ "$search" = none ] || ! is_plain_path "$home"; then return; fi
    files=0
    while read -r number owner rest; do
        if [ "$owner" = "$uid" ] && is_number "$number"; then files=$number; fi
    done <<GARRISON_FILES
$files_found
GARRISON_FILES
    if [ "$files" -gt 1000 ]; then files=1000 search_said=part; else search_said=$search; fi
    note files "$files"
    note filesSearch "$search_said"
}
