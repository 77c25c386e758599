# Compares the host with the wish: what is missing, what is ours and wished no longer.
# It changes nothing; the same comparison plans a push and verifies it.

# Sets shell_todo, comment_todo, unlock_todo, password_todo, hash_todo, groups_missing/groups_extra, keys_*, sudo_todo for an account that is there and ours.
survey() {
    read_shadow
    survey_lock
    compare_password
    shell_todo=no
    if [ -n "$want_shell" ] && [ "$login_shell" != "$want_shell" ]; then shell_todo=yes; fi
    survey_comment
    survey_home
    compare_groups
    check_keys_file
    compare_keys
    compare_sudo
}

# A lock or an expiry that our own revoke did not make is someone's decision, not drift.
survey_lock() {
    unlock_todo=no password_todo=no
    if [ "$strict" = yes ]; then
        if ! password_is_free; then password_todo=yes; fi
        return
    fi
    if [ "$adopted" = yes ]; then
        refuse_locked_by_hand
        refuse_foreign_password
        return
    fi
    if [ "$locked$expired" != nono ]; then
        case $mark_state in
            revoking | revoked | removing) unlock_todo=yes ;;
            *) refuse conflict AccountLockedByHand ;;
        esac
        # Our revoke came on top of a lock that was there before, or what it put aside has run out since.
        if [ "$mark_locked" = yes ] || is_past "$mark_expire"; then refuse conflict AccountLockedByHand; fi
    fi
}

# An adopted account keeps its comment, unless another is wished.
survey_comment() {
    comment_todo=no
    if [ "$adopted:$want_comment" = yes: ]; then return; fi
    expected="${want_comment:+$want_comment }garrison-$mark_token"
    if [ "$claim_todo" = yes ]; then expected=$want_comment; fi
    if [ "${gecos%%,*}" != "$expected" ]; then comment_todo=yes; fi
}

survey_home() {
    survey_files
    case $home_owner in
        '') refuse failed HomeMissing ;;
        "$uid") ;;
        *) refuse failed HomeNotOwned ;;
    esac
}

check_keys_file() {
    read_keys
    case $keys_file in
        odd) refuse failed KeysUnusual ;;
        nohome) refuse failed HomeMissing ;;
        unreadable) refuse failed KeysUnreadable ;;
    esac
}

# Sets home_owner (empty where it is not a folder) and sudo_mode, with one look. Without the lock: a home may be a file system that hangs.
survey_files() {
    home_owner= sudo_mode=
    listing=$(ls -ldnL -- "$home" "$sudo_folder/$sudo_name" 2>/dev/null 9>&-)
    while IFS=' ' read -r mode links owner group rest; do
        case $mode:$rest in
            d*" $home") home_owner=$owner ;;
            -*" $sudo_folder/$sudo_name") sudo_mode="${mode%[.+]} $owner $group" ;;
        esac
    done <<GARRISON_LISTING
$listing
GARRISON_LISTING
}

# Sets groups_missing and groups_extra. A wished group that does not exist ends the attempt.
compare_groups() {
    groups_missing= groups_extra=
    if [ "$strict:$want_groups$mark_groups" = no: ]; then return; fi
    find_memberships
    for group in $want_groups; do
        case $existing in
            *" $group "*) ;;
            *)
                text group "$group"
                refuse failed GroupMissing
                ;;
        esac
        case $memberships in *" $group "*) ;; *) groups_missing="$groups_missing $group" ;; esac
    done
    for group in $mark_groups; do
        case " $want_groups " in *" $group "*) continue ;; esac
        case $memberships in *" $group "*) groups_extra="$groups_extra $group" ;; esac
    done
    if [ "$strict" = no ]; then return; fi
    find_other_groups
    for group in $other_groups; do
        case " $groups_extra " in *" $group "*) ;; *) groups_extra="$groups_extra $group" ;; esac
    done
}

# Sets existing and memberships: of the wished groups and those that are ours, which there are, and which the account is in.
find_memberships() {
    existing=' ' memberships=' '
    while IFS=: read -r group secret number members; do
        existing="$existing$group "
        if [ "$number" = "$gid" ]; then memberships="$memberships$group "; fi
        case ",$members," in *",$name,"*) memberships="$memberships$group " ;; esac
    done <<GARRISON_GROUPS
$(group_entries)
GARRISON_GROUPS
}

group_entries() {
    if command -v getent >/dev/null 2>&1; then
        getent group $want_groups $mark_groups 2>/dev/null
    else
        cat /etc/group
    fi
}

groups_to_mark() {
    marked_groups=
    if [ "$strict" = yes ]; then
        marked_groups=$want_groups
        return
    fi
    for group in $want_groups; do
        case " $mark_groups $groups_missing " in *" $group "*) marked_groups="$marked_groups $group" ;; esac
    done
}

# A useradd that was killed may leave an account without its shadow line or its home; no one has used such an account.
half_made() {
    read_shadow
    survey_files
    [ "$shadow" = absent ] || [ "$home_owner" != "$uid" ] || ! has_own_group
}

has_own_group() {
    if command -v getent >/dev/null 2>&1; then getent group "$gid" >/dev/null 2>&1; else grep -q "^[^:]*:[^:]*:$gid:" /etc/group; fi
}

# Where useradd would put it; said to it explicitly, so that what was checked is what is made.
new_home() {
    base=/home
    while IFS='=' read -r field value; do
        case $field:$value in HOME:/*) base=$value ;; esac
    done 2>/dev/null </etc/default/useradd
    printf '%s/%s' "${base%/}" "$name"
}

# What the host must have before any of it is touched.
check_means() {
    if [ -n "$want_shell" ] && { [ ! -f "$want_shell" ] || [ ! -x "$want_shell" ]; }; then refuse failed ShellMissing; fi
    check_sudo
}

# Refuses while there is still nothing half done: a passwd file is rewritten whole, so it needs room.
check_room() {
    if is_read_only /etc || is_read_only /var/lib; then refuse failed HostReadOnly; fi
    if disk_is_full; then refuse failed HostDiskFull; fi
}

disk_is_full() {
    base=${home%/*}
    while [ -n "$base" ] && [ ! -d "$base" ]; do base=${base%/*}; done
    room_is_short "$(df -Pk /etc /var/lib "${base:-/}" 2>/dev/null)" 1024 || room_is_short "$(df -Pi /etc /var/lib "${base:-/}" 2>/dev/null)" 16
}

# Is any file system of this df listing below the limit? Those that count nothing say `-` or have a total of 0.
room_is_short() {
    short=1
    while IFS=' ' read -r device total used free rest; do
        if is_number "$total" && is_number "$free" && [ "$total" -gt 0 ] && [ "$free" -lt "$2" ]; then short=0; fi
    done <<GARRISON_ROOM
$1
GARRISON_ROOM
    return "$short"
}

# A write of our own failed: say that the disk is full where it is.
refuse_for_disk() {
    if disk_is_full; then refuse failed HostDiskFull; fi
    refuse failed "$1"
}
