# Keeps what was, before a push or a revoke changes it, and what that left: all that an undo goes by and gives back.
# It never leaves the host, and nobody but root reads it; the newest five records of an account are kept.

# Sets kept to the path of this account's record of a job; its parts stand beside it, behind a `~` that no job's name has.
name_record() {
    kept=$state/undo/$name/$1
}

# Right before the first change. What goes on with an earlier attempt of this job finds what was before that one, and keeps it.
keep_before() {
    name_record "$job"
    kept_account=$account
    if [ -f "$kept" ] && [ "$mark:$mark_job" = "ours:$job" ]; then
        read -r kept_account <"$kept"
        return
    fi
    for folder in "$state/undo" "$state/undo/$name"; do
        if [ -d "$folder" ]; then continue; fi
        mkdir -m 0700 "$folder" 2>/dev/null || refuse_for_disk StateNotWritten
    done
    if [ -f "$kept" ]; then drop_record "$kept"; fi
    if inherit_record; then return; fi
    forget_records
    write_before || refuse_for_disk StateNotWritten
}

# A half-made account was never anybody's: before, there was none.
write_before() {
    if [ "${remake:-no}" = yes ]; then kept_account=absent; fi
    was_passwd= was_shadow= was_mark= was_sudo=untouched group_lines=
    if [ "$kept_account" = present ]; then
        if [ -z "$shadow_entry" ]; then read_shadow; fi
        find_group_lines
        was_passwd=$account_entry was_shadow=$shadow_entry
    fi
    if [ "$mark" != none ]; then was_mark=$(cat "$state/accounts/$name") || return 1; fi
    if [ "${sudo_todo:-none}" != none ]; then
        was_sudo=absent
        if [ "$sudo_found" = ours ]; then
            was_sudo=file
            cp -p "$sudo_path" "$kept~sudo" 2>/dev/null && sync "$kept~sudo" 2>/dev/null || return 1
        fi
    fi
    lines=
    IFS=$nl
    for line in $group_lines; do lines="${lines}group $line$nl"; done
    for line in $was_mark; do lines="${lines}mark $line$nl"; done
    IFS=$blanks
    put "$kept" "$kept_account${nl}passwd $was_passwd${nl}shadow $was_shadow${nl}sudo $was_sudo$nl${lines}end" durable
}

# An account that another job began to make, and that this one finishes, was not there before that one.
# Any other change that was never finished is no such case: what that one found may be long past, and this one keeps what it finds.
inherit_record() {
    if [ "$mark" != ours ] || [ "$mark_job" = "$job" ] || ! is_word "$mark_job"; then return 1; fi
    from=$state/undo/$name/$mark_job
    if [ ! -f "$from" ] || [ -e "$from~left" ]; then return 1; fi
    read -r was_there <"$from"
    if [ "$was_there:$account:$mark_state" != absent:present:creating ]; then
        drop_record "$from"
        return 1
    fi
    kept_account=absent
    for part in '~keys' '~sudo' ''; do
        if [ ! -f "$from$part" ]; then continue; fi
        mv -f "$from$part" "$kept$part" 2>/dev/null || refuse_for_disk StateNotWritten
    done
}

# Before the keys are written. Those of a new account were nobody's.
keep_keys() {
    if [ -z "$kept" ] || [ -e "$kept~keys" ] || [ "$kept_account" = absent ]; then return 0; fi
    said="the keys of before could not be kept in $state"
    print_keys_exactly 2>/dev/null >"$state/undo/.new" || return 1
    were=
    read -r were <"$state/undo/.new"
    case $were in none | nofolder | -?????????*) ;; *) return 1 ;; esac
    sync "$state/undo/.new" 2>/dev/null && mv -f "$state/undo/.new" "$kept~keys" 2>/dev/null
}

# Once it is done and marked: what passwd, shadow and the keys say has just been read.
# Also where an earlier attempt did all of it, and only this was left.
keep_left() {
    if [ -z "$kept" ]; then name_record "$job"; fi
    if [ ! -f "$kept" ]; then return; fi
    mark_text=$written_mark
    look_at_standing
    printf '%s' "$standing" 2>/dev/null >"$kept~left"
}

# Sets standing: all that an undo goes by, a line each. mark_text comes first.
look_at_standing() {
    if [ "$account" = present ] && [ -z "$shadow_entry" ]; then read_shadow; fi
    find_group_lines
    standing="passwd $account_entry${nl}shadow $shadow_entry${nl}groups$member_of$nl"
    if [ "$account" = present ]; then standing="${standing}keys $keys_file $(sum_of "$keys_content")$nl"; fi
    read_sudo_text
    standing="$standing$sudo_text"
    IFS=$nl
    for line in $mark_text; do standing="${standing}mark $line$nl"; done
    IFS=$blanks
    standing="${standing}end$nl"
}

sum_of() {
    if [ -z "$1" ]; then return; fi
    if command -v sha256sum >/dev/null 2>&1; then printf '%s' "$1" | sha256sum; else printf '%s' "$1" | cksum; fi
}

# Sets sudo_text: our file's lines, whoever wrote them.
read_sudo_text() {
    sudo_text=
    sudo_path=$sudo_folder/$sudo_name
    if [ -L "$sudo_path" ] || [ ! -f "$sudo_path" ]; then return; fi
    while IFS= read -r line || [ -n "$line" ]; do sudo_text="${sudo_text}sudo $line$nl"; done 2>/dev/null <"$sudo_path"
}

# Sets group_lines, those of this host's own file that name the account as a member, and member_of, the groups' names.
find_group_lines() {
    group_lines= member_of=
    while IFS= read -r line; do
        case ",${line##*:}," in *",$name,"*) group_lines="$group_lines$line$nl" member_of="$member_of ${line%%:*}" ;; esac
    done <<GARRISON_GROUPS
$(grep -F -e "$name" /etc/group 2>/dev/null)
GARRISON_GROUPS
}

forget_records() {
    count=0
    set +f
    for file in "$state/undo/$name"/*; do
        case $file in *~*) ;; *) count=$((count + 1)) ;; esac
    done
    set -f
    if [ "$count" -lt 8 ]; then return; fi
    ls -t "$state/undo/$name" | grep -v '~' | tail -n +5 | while IFS= read -r old; do drop_record "$state/undo/$name/$old"; done
}
