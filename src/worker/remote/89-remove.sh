# A removal: archives the home and the crontab of an account of ours that is locked, proves the archive, and then removes the account.
# It never touches an account that runs anything, that was not revoked first, or whose home is not plainly its own.

remove() {
    need userdel tar gzip find stat ls du df grep wc
    resumed=no archives=$state/archive kept_locked=$mark_locked fallback=revoked bare=no
    if [ "$mark" = ours ] && [ "$mark_job" = "$job" ]; then
        case $mark_state in removing | removed) resumed=yes ;; esac
    fi
    if [ "$account" = present ]; then remove_present; else remove_absent; fi
    if [ -n "$mark_archive" ]; then text archive "$archives/$mark_archive"; fi
    # What an undo would go by names an account that is gone, and its password.
    rm -rf "$state/undo/$name"
    settle changed AccountRemoved
}

remove_present() {
    if [ "$uid" -lt 1000 ]; then
        fact uidMin 1000
        refuse conflict AccountOfSystem
    fi
    check_revoked
    check_idle
    mark_home=$home
    check_home
    if [ -z "$home" ]; then mark_home=; fi
    find_crontab
    check_archive_room
    begin_writing
    if [ "$resumed" = yes ]; then changed finished-earlier-attempt; fi
    write_removing || refuse_for_disk StateNotWritten
    make_archive
    check_idle
    drop_account
    clear_away
}

# Its home and crontab stay where they are.
drop_account() {
    place=$home number=$uid
    if ! quietly userdel "$name"; then back_out AccountNotRemoved "$said"; fi
    lookup_account
    if [ "$account" = present ]; then back_out AccountNotRemoved 'it is still there'; fi
    changed account-removed
    home=$place uid=$number
}

# The account went, and whoever removed it got no further; or it was never there.
remove_absent() {
    case $mark:$mark_state:$resumed in
        ours:removing:*) ;;
        ours:removed:yes)
            changed finished-earlier-attempt
            return
            ;;
        *) settle unchanged AccountAbsent ;;
    esac
    uid=$mark_uid home=$mark_home
    if ! is_number "$uid" || [ "$uid" -lt 1000 ]; then
        fact uidMin 1000
        refuse conflict AccountOfSystem
    fi
    check_idle
    check_home
    find_crontab
    begin_writing
    changed finished-earlier-attempt
    clear_away
}

write_removing() {
    write_mark removing "$mark_token" "$uid" "$mark_expire" "$mark_sudo" "$mark_keys" "$mark_groups"
}

# The account stays, locked as it was or, where an undo locked it, open again: reason, what was said, outcome.
back_out() {
    if [ -n "$2" ]; then text said "$2"; fi
    if [ "$fallback" = ready ]; then
        quietly usermod -U -e '' "$name"
        stop_undoing
        refuse "${3:-failed}" "$1"
    fi
    write_mark "$fallback" "$mark_token" "$mark_uid" "$mark_expire" "$mark_sudo" "$mark_keys" "$mark_groups"
    refuse "${3:-failed}" "$1"
}

# Of an undo that was not to be after all: the mark says again what that push left, so that the next one looks anew.
stop_undoing() {
    left_mark=
    IFS=$nl
    for line in $left; do case $line in 'mark '*) left_mark="$left_mark${left_mark:+$nl}${line#mark }" ;; esac; done
    IFS=$blanks
    put "$state/accounts/$name" "$left_mark" durable && rm -f "$kept~undoing"
}

check_revoked() {
    case $mark_state in revoked | removing) ;; *) refuse conflict AccountNotRevoked ;; esac
    read_shadow
    if [ "$locked$expired" != yesyes ]; then refuse conflict AccountNotRevoked; fi
}

check_idle() {
    find_running
    if [ "$processes" -eq 0 ]; then return; fi
    tell_running
    refuse conflict AccountRuns
}

tell_running() {
    fact liveProcesses "$processes"
    text running "$running"
}

# Sets processes and running. Not by the owner of a folder under /proc: any of its four uids counts, so that no set-uid program hides.
find_running() {
    running= processes=0
    set +f
    set -- /proc/[0-9]*
    set -f
    for folder in "$@"; do
        called=
        while read -r field first second third fourth; do
            case $field in
                Name:) called=$first ;;
                Uid:)
                    case " $first $second $third $fourth " in
                        *" $uid "*)
                            processes=$((processes + 1))
                            if [ "$processes" -le 8 ]; then running="$running${running:+, }${folder##*/} $called"; fi
                            ;;
                    esac
                    break
                    ;;
            esac
        done 2>/dev/null <"$folder/status"
    done
}

# Its own plain folder, in a folder of root's that nobody else may write to; no file system is mounted in it, and no other account lives in it.
# Sets parent; home becomes empty where there is none.
check_home() {
    if [ -n "$home" ] && [ ! -e "$home" ] && [ ! -L "$home" ]; then
        home=
        return
    fi
    if [ -z "$home" ]; then return; fi
    text home "$home"
    if ! is_plain_path "$home" || [ -L "$home" ] || [ ! -d "$home" ]; then refuse conflict HomeUnusual; fi
    parent=$(cd -P "${home%/*}/" 2>/dev/null && pwd -P)
    case $parent in '' | /) refuse conflict HomeUnusual ;; esac
    home=$parent/${home##*/}
    IFS=' ' read -r mode links owner rest <<GARRISON_LISTING
$(ls -ldn "$parent" 2>/dev/null)
GARRISON_LISTING
    case $mode:$owner in
        d????-??-?*:0) ;;
        *) refuse conflict HomeUnusual ;;
    esac
    IFS=' ' read -r mode links owner rest <<GARRISON_LISTING
$(ls -ldn "$home" 2>/dev/null)
GARRISON_LISTING
    if [ "$owner" != "$uid" ]; then refuse conflict HomeUnusual; fi
    if grep -q -F " $home/" /proc/self/mounts || grep -q -F " $home " /proc/self/mounts; then refuse conflict HomeUnusual; fi
    if home_is_shared; then refuse conflict HomeUnusual; fi
}

home_is_shared() {
    everyone=$(if command -v getent >/dev/null 2>&1; then getent passwd; else cat /etc/passwd; fi)
    while IFS=: read -r who secret number rest; do
        if [ "$who" = "$name" ]; then continue; fi
        if [ "$number" = "$uid" ]; then return 0; fi
        where=${rest#*:*:}
        where=${where%:*}
        case $where/ in "$home"/* | "$mark_home"/*) return 0 ;; esac
    done <<GARRISON_EVERYONE
$everyone
GARRISON_EVERYONE
    return 1
}

# Uncompressed it may take as much as the home has, and the host needs some to live on.
check_archive_room() {
    if [ -z "$home" ]; then return; fi
    set -- $(limited 60 du -skx "$home" 2>/dev/null)
    needed=${1:-}
    if ! is_number "$needed"; then refuse failed ArchiveNotMade; fi
    free=0
    while IFS=' ' read -r device total used room rest; do free=$room; done <<GARRISON_ROOM
$(df -Pk "$state" 2>/dev/null)
GARRISON_ROOM
    if is_number "$free" && [ "$free" -gt "$((needed + 8192))" ]; then return; fi
    fact neededKib "$needed"
    fact freeKib "$free"
    refuse failed ArchiveNoRoom
}

# Whole under its name or not there: an unfinished one begins with a dot, and the next attempt makes it anew.
make_archive() {
    if [ -z "$home$crontab" ]; then return; fi
    if [ ! -d "$archives" ] || [ -L "$archives" ]; then mkdir -m 0700 "$archives" 2>/dev/null || refuse_for_disk StateNotWritten; fi
    unfinished=$archives/.$name.tar.gz
    rm -f "$unfinished"
    set --
    if [ -n "$home" ]; then set -- "$@" "${home#/}"; fi
    if [ -n "$crontab" ]; then set -- "$@" "${crontab#/}"; fi
    expected=$(cd / && find "$@" ! -type s -exec stat -c x '{}' + 2>/dev/null | wc -l)
    patiently tar -czf "$unfinished" -C / "$@"
    if [ "$outcome" -ne 0 ]; then spoil_archive "tar ended with $outcome: $said"; fi
    count_archive "$unfinished"
    if [ "$counted" -lt "$expected" ] || [ "$expected" -lt 1 ]; then spoil_archive "it holds $counted of $expected files"; fi
    sync "$unfinished" 2>/dev/null || spoil_archive 'it could not be written to the disk'
    mark_archive=$name-$(date -u +%Y%m%dT%H%M%SZ).tar.gz mark_archived=$counted
    mv -f "$unfinished" "$archives/$mark_archive" || spoil_archive 'it could not be put in its place'
    write_removing || refuse_for_disk StateNotWritten
    changed home-archived
}

spoil_archive() {
    rm -f "$unfinished"
    back_out ArchiveNotMade "$1"
}

# Sets counted: how many files the archive lists; 0 where it cannot be read to its end.
count_archive() {
    counted=0
    if limited 300 gzip -t "$1" 2>/dev/null; then counted=$(limited 300 tar -tzf "$1" 2>/dev/null | wc -l); fi
}

# A long command while the other side hears that we live. Sets outcome and said. It keeps the lock, should it outlive this script.
patiently() {
    said= outcome=137
    look_at_clock
    seconds_left=$((deadline - clock + started - 5))
    if [ "$seconds_left" -lt 1 ]; then return; fi
    rm -f "$state/ended"
    { limited "$seconds_left" "$@" >"$state/said" 2>&1; echo "$?" >"$state/.new" && mv -f "$state/.new" "$state/ended"; } </dev/null &
    ticks=0
    until [ -f "$state/ended" ]; do
        if [ "$((ticks % 20))" -eq 19 ]; then say waiting; fi
        ticks=$((ticks + 1))
        sleep 0.1 2>/dev/null || sleep 1
    done
    read -r outcome <"$state/ended"
    rm -f "$state/ended"
    IFS= read -r said <"$state/said"
}

# The account is gone: what is archived goes too. What was never archived stays where it is.
clear_away() {
    clear_files
    write_mark removed "$mark_token" "$mark_uid" '' no '' '' || refuse failed StateNotWritten
}

# Where all of a home is what we put there ourselves (bare), nothing of it needs an archive.
clear_files() {
    if [ "$bare" = no ] && [ -n "$home$crontab" ]; then
        if [ -z "$mark_archive" ] || [ ! -f "$archives/$mark_archive" ]; then
            text said 'the archive is gone'
            refuse failed ArchiveNotMade
        fi
        count_archive "$archives/$mark_archive"
        if [ "$counted" != "$mark_archived" ]; then
            text said "it holds $counted of $mark_archived files"
            refuse failed ArchiveNotMade
        fi
    fi
    if [ -n "$home" ]; then
        rm -rf -- "$home"
        changed home-removed
    fi
    if [ -n "$crontab" ]; then
        rm -f -- "$crontab"
        changed crontab-removed
    fi
    enter verify
    if [ -n "$home" ] && { [ -e "$home" ] || [ -L "$home" ]; }; then
        text left home
        refuse failed VerifyFailed
    fi
}
