# An undo: gives back what was before a push or a revoke, where what is there now is exactly what that left.
# It touches nothing that anybody has changed since, and takes no account away that runs anything.

undo() {
    need usermod userdel gpasswd chpasswd chage cat cmp ls grep head wc tail
    resumed=no created=no fallback=ready archives=$state/archive kept_locked=$mark_locked
    if [ "$(in_use)" = yes ]; then refuse conflict AccountInUse; fi
    case $mark in
        damaged) refuse conflict AccountMarkDamaged ;;
        other) refuse conflict AccountOfOtherCluster ;;
    esac
    read_record
    look_now
    case $record_is in
        none) refuse conflict NothingToUndo ;;
        begun) refuse conflict PushUnfinished ;;
        undone) undone_before ;;
        undoing) go_on_undoing ;;
    esac
    if ! { if [ "$resumed" = yes ]; then is_half_undone; else is_untouched; fi; }; then
        text differs "$differs"
        refuse conflict ChangedSincePush
    fi
    if [ "$was_account" = absent ] && [ -n "$left_passwd" ]; then undo_creation; else undo_update; fi
    end_undo
}

undone_before() {
    if [ "$undone_by" != "$job" ]; then settle unchanged AlreadyUndone; fi
    changed finished-earlier-attempt
    settle changed AccountUndone
}

# An undo that was cut short goes on where it stopped, as long as nothing but it has marked the account since.
go_on_undoing() {
    if [ "$mark:$mark_job" = "ours:$undoing_by" ]; then
        resumed=yes
        changed finished-earlier-attempt
    elif [ "$mark_text" = "$was_mark" ]; then
        changed finished-earlier-attempt
        end_undo
    fi
}

# Sets record_is=none|begun|left|undoing|undone, and of what was: was_*, group lines, mark text.
read_record() {
    name_record "$undo_of"
    record_is=none was_account= was_passwd= was_shadow= was_sudo=untouched was_groups= was_mark= undone_by= undoing_by= left= left_passwd=
    if ! is_word "$undo_of" || [ ! -f "$kept" ]; then return; fi
    last=
    while IFS= read -r line; do
        last=$line
        case $line in
            absent | present) was_account=$line ;;
            'passwd '*) was_passwd=${line#passwd } ;;
            'shadow '*) was_shadow=${line#shadow } ;;
            'sudo '*) was_sudo=${line#sudo } ;;
            'group '*) was_groups="$was_groups${line#group }$nl" ;;
            'mark '*) was_mark="$was_mark${was_mark:+$nl}${line#mark }" ;;
            'undone '*) undone_by=${line#undone } ;;
        esac
    done <"$kept"
    if [ -n "$undone_by" ]; then
        record_is=undone
        return
    fi
    if [ "$last" != end ]; then refuse failed StateDamaged; fi
    record_is=begun
    if [ ! -f "$kept~left" ]; then return; fi
    left=$(cat "$kept~left")$nl
    case $left in *"${nl}end$nl") record_is=left ;; *) return ;; esac
    left_passwd=${left%%"$nl"*}
    left_passwd=${left_passwd#passwd }
    if [ -f "$kept~undoing" ]; then
        record_is=undoing
        read -r undoing_by <"$kept~undoing"
    fi
}

# Sets mark_text and standing; lookup_account comes first.
look_now() {
    mark_text= keys_file=none keys_content= runner= shadow_entry=
    if [ "$mark" != none ]; then mark_text=$(cat "$state/accounts/$name"); fi
    if [ "$account" = present ]; then
        read_shadow
        read_keys
    fi
    look_at_standing
}

# Sets differs: what of it is not as that push left it, in words.
is_untouched() {
    differs= words=
    if [ "$standing" = "$left" ]; then return 0; fi
    find_differing "$left" "$standing"
    find_differing "$standing" "$left"
    name_differing
    return 1
}

name_differing() {
    differs=
    for word in $words; do
        case $word in
            passwd) word='its line in /etc/passwd' ;;
            shadow) word='its password, lock or end' ;;
            groups) word='its groups' ;;
            keys) word='its authorized_keys' ;;
            sudo) word='its sudo rule' ;;
            *) word="Garrison's own record (last by $mark_job)" ;;
        esac
        differs="$differs${differs:+, }$word"
    done
}

# An undo was cut short here: what it has not given back yet must still be as that push left it, or somebody came in between.
is_half_undone() {
    if is_untouched || { [ "$account" = absent ] && [ "$was_account" = absent ]; }; then return 0; fi
    odd=
    for word in $words; do is_between "$word" || odd="$odd $word"; done
    words=$odd
    name_differing
    [ -z "$words" ]
}

# What the push made is locked, and nothing else, until it goes.
is_between() {
    case $1:$was_account in
        mark:*) return 0 ;;
        shadow:absent) [ "$locked$expired" = yesyes ] ;;
        *:absent) return 1 ;;
        passwd:*) is_passwd_between ;;
        shadow:*) is_secret_between ;;
        groups:*) are_groups_between ;;
        keys:*)
            if [ ! -f "$kept~keys" ]; then return 1; fi
            keys_back=no
            compare_keys_before
            [ "$keys_back" = no ]
            ;;
        sudo:*)
            if [ "$was_sudo" = untouched ]; then return 1; fi
            compare_before
            [ "$sudo_back" = no ]
            ;;
    esac
}

is_passwd_between() {
    IFS=: read -r found secret was_uid group was_gecos place was_shell <<GARRISON_ENTRY
$was_passwd
GARRISON_ENTRY
    IFS=: read -r found secret left_uid group left_gecos left_place left_shell <<GARRISON_ENTRY
$left_passwd
GARRISON_ENTRY
    if [ "$uid" != "$was_uid" ] || [ "$uid" != "$left_uid" ] || [ "$home" != "$place" ]; then return 1; fi
    case $gecos in "$was_gecos" | "$left_gecos") ;; *) return 1 ;; esac
    case $login_shell in "$was_shell" | "$left_shell") ;; *) return 1 ;; esac
}

# Its field of the password alone: the days beside it are the last that is given back.
is_secret_between() {
    IFS=: read -r found was_secret rest <<GARRISON_ENTRY
$was_shadow
GARRISON_ENTRY
    find_left shadow
    IFS=: read -r found left_secret rest <<GARRISON_ENTRY
$left_line
GARRISON_ENTRY
    read_shadow
    case $secret in "$was_secret" | "$left_secret") ;; *) return 1 ;; esac
}

are_groups_between() {
    find_was_member
    find_left groups
    for group in $member_of; do case "$was_member $left_line " in *" $group "*) ;; *) return 1 ;; esac; done
    for group in $was_member; do
        case " $left_line " in *" $group "*) case "$member_of " in *" $group "*) ;; *) return 1 ;; esac ;; esac
    done
}

# Sets left_line: what that push left, behind this word.
find_left() {
    left_line=${left#*"$nl$1"}
    left_line=${left_line%%"$nl"*}
}

# Lines of the first that the second has not.
find_differing() {
    while IFS= read -r line; do
        case $nl$2 in *"$nl$line$nl"*) continue ;; esac
        case " $words " in *" ${line%% *} "*) ;; *) words="$words ${line%% *}" ;; esac
    done <<GARRISON_LINES
${1%"$nl"}
GARRISON_LINES
}

# Until it is done the mark names everything that may be ours: what was, and what that push left.
start_undoing() {
    put "$kept~undoing" "$job" durable || refuse_for_disk StateNotWritten
    write_mark "$1" "$mark_token" "$mark_uid" "$mark_expire" "$all_sudo" "$all_keys" "$all_groups" || refuse_for_disk StateNotWritten
}

find_all_marked() {
    all_keys=$mark_keys all_groups=$mark_groups all_sudo=$mark_sudo
    IFS=$nl
    for line in $was_mark; do
        case $line in
            'key '*) case "$nl$all_keys" in *"$nl${line#key }$nl"*) ;; *) all_keys="$all_keys${line#key }$nl" ;; esac ;;
            'group '*) case "$all_groups " in *" ${line#group } "*) ;; *) all_groups="$all_groups ${line#group }" ;; esac ;;
            'sudo yes') all_sudo=yes ;;
        esac
    done
    IFS=$blanks
}

# What a record of before says is in force again; only then is the record spent.
end_undo() {
    if [ -n "$was_mark" ]; then
        put "$state/accounts/$name" "$was_mark" durable || refuse failed StateNotWritten
    else
        rm -f "$state/accounts/$name"
    fi
    put "$kept" "undone $job" durable || refuse failed StateNotWritten
    rm -f "$kept~keys" "$kept~sudo" "$kept~left" "$kept~undoing"
    settle changed AccountUndone
}

# The account that the push made: locked first, so that nobody comes in meanwhile, and then as a removal does it.
undo_creation() {
    bare=no
    find_all_marked
    if [ "$account" = present ]; then take_account_away; else
        uid=$mark_uid home=$mark_home
        if ! is_number "$uid"; then refuse failed StateDamaged; fi
        check_idle
        check_home
        find_crontab
        find_bare
        begin_writing
    fi
    restore_sudo
    clear_files
    if [ -n "$mark_archive" ]; then text kept "what was in its home is in $archives/$mark_archive"; fi
}

take_account_away() {
    case $gecos in *"garrison-$mark_token"*) ;; *) refuse conflict AccountMarkMismatch ;; esac
    if [ "$mark_uid" != "$uid" ]; then refuse conflict AccountMarkMismatch; fi
    check_idle
    mark_home=$home
    check_home
    if [ -z "$home" ]; then mark_home=; fi
    find_crontab
    find_bare
    if [ "$bare" = no ]; then
        need tar gzip find stat du df
        check_archive_room
    fi
    begin_writing
    start_undoing removing
    mark_keys=$all_keys mark_groups=$all_groups mark_sudo=$all_sudo
    quietly usermod -L -e 1 "$name" || back_out AccountNotLocked "$said"
    # Only now nobody comes in any more.
    back_out_of_running
    if [ "$bare" = yes ]; then
        find_bare
        if [ "$bare" = no ]; then
            text differs 'its home'
            back_out ChangedSincePush '' conflict
        fi
    else
        make_archive
        back_out_of_running
    fi
    drop_account
}

back_out_of_running() {
    find_running
    if [ "$processes" -eq 0 ]; then return; fi
    tell_running
    back_out AccountRuns '' conflict
}

# Sets bare=yes where a home holds nothing but what useradd and we put there; what is there of the skeleton may be less than all of it.
find_bare() {
    bare=no
    if [ -n "$crontab" ]; then return; fi
    if [ -z "$home" ]; then
        bare=yes
        return
    fi
    odd=$(cd "$home" && limited 20 find . -xdev '(' -path ./.ssh -type d -o -path ./.ssh/authorized_keys -type f ')' -o '(' -type f '!' -exec cmp -s '{}' '/etc/skel/{}' ';' -o -type d '!' -exec test -d '/etc/skel/{}' ';' -o '!' -type f '!' -type d ')' -print -quit 2>/dev/null || echo odd)
    if [ -z "$odd" ]; then bare=yes; fi
}

# An account that was there before, or a rule that outlived one.
undo_update() {
    find_all_marked
    compare_before
    check_room
    begin_writing
    case $mark_state:$mark_claim:$was_mark in
        revok*) start_undoing revoking ;;
        *:?*:*claim*) start_undoing "$mark_state" ;;
        *:?*:*) start_undoing claiming ;;
        *) start_undoing "$mark_state" ;;
    esac
    if [ "$sudo_back" = yes ] && [ "$was_sudo" = absent ]; then restore_sudo; fi
    if [ "$account" = present ]; then restore_account; fi
    restore_sudo
    enter verify
    lookup_account
    look_now
    compare_before
    left=
    if [ "$sudo_back" = yes ]; then left="$left sudo"; fi
    if [ "$access_back" = yes ]; then left="$left password"; fi
    if [ "$shell_back$comment_back" != nono ]; then left="$left account"; fi
    if [ -n "$groups_join$groups_leave" ]; then left="$left groups"; fi
    if [ "$keys_back" = yes ]; then left="$left keys"; fi
    if [ -n "$left" ]; then
        text left "$left"
        refuse failed VerifyFailed
    fi
}

# Sets what is not as it was: sudo_back, access_back, shell_back, comment_back, keys_back (yes or no), groups_join and groups_leave.
compare_before() {
    sudo_back=no access_back=no shell_back=no comment_back=no keys_back=no groups_join= groups_leave=
    sudo_path=$sudo_folder/$sudo_name
    case $was_sudo in
        absent) if [ -e "$sudo_path" ] || [ -L "$sudo_path" ]; then sudo_back=yes; fi ;;
        file) if [ -L "$sudo_path" ] || ! cmp -s "$kept~sudo" "$sudo_path"; then sudo_back=yes; fi ;;
    esac
    if [ "$account" = absent ]; then return; fi
    IFS=: read -r found secret number group was_gecos place was_shell <<GARRISON_ENTRY
$was_passwd
GARRISON_ENTRY
    if [ "$gecos" != "$was_gecos" ]; then comment_back=yes; fi
    if [ "$login_shell" != "$was_shell" ]; then shell_back=yes; fi
    if [ "$shadow_entry" != "$was_shadow" ]; then access_back=yes; fi
    find_was_member
    for group in $was_member; do case "$member_of " in *" $group "*) ;; *) groups_join="$groups_join $group" ;; esac; done
    for group in $member_of; do case "$was_member " in *" $group "*) ;; *) groups_leave="$groups_leave $group" ;; esac; done
    compare_keys_before
}

find_was_member() {
    was_member=
    while IFS=: read -r group rest; do was_member="$was_member $group"; done <<GARRISON_GROUPS
${was_groups%"$nl"}
GARRISON_GROUPS
}

# To the byte, and with its mode. An empty folder that stays is no difference.
compare_keys_before() {
    if [ ! -f "$kept~keys" ]; then return; fi
    read -r were <"$kept~keys"
    case $were:$keys_file in
        none:none | nofolder:none) return ;;
    esac
    keys_back=yes
    if [ "$keys_file" = file ] && print_keys_exactly | cmp -s - "$kept~keys"; then keys_back=no; fi
}

restore_account() {
    restore_keys
    if [ -n "$groups_leave" ]; then
        for group in $groups_leave; do quietly gpasswd -d "$name" "$group" || give_up GroupsNotChanged; done
        changed groups-removed
    fi
    if [ -n "$groups_join" ]; then
        for group in $groups_join; do rejoin "$group" || give_up GroupsNotChanged; done
        changed groups-added
    fi
    if [ "$shell_back" = yes ]; then
        quietly usermod -s "$was_shell" "$name" || give_up AccountNotChanged
        changed shell-set
    fi
    restore_access
    if [ "$comment_back" = yes ]; then
        quietly usermod -c "$was_gecos" "$name" || give_up AccountNotChanged
        changed comment-set
    fi
}

# In its old place among the members, where they are the same otherwise.
rejoin() {
    others= were=
    while IFS=: read -r group secret number members; do
        if [ "$group" = "$1" ]; then were=$members; fi
    done <<GARRISON_GROUPS
$was_groups
GARRISON_GROUPS
    IFS=,
    for member in $were; do
        if [ "$member" != "$name" ]; then others="$others${others:+,}$member"; fi
    done
    IFS=$blanks
    while IFS=: read -r group secret number members; do
        if [ "$group" = "$1" ]; then
            if [ "$members" = "$others" ] && quietly gpasswd -M "$were" "$1"; then return 0; fi
            break
        fi
    done </etc/group
    quietly usermod -a -G "$1" "$name"
}

restore_keys() {
    if [ "$keys_back" = no ]; then return; fi
    said='the file could not be written as the account itself'
    rm -f "$state/keys"
    read -r were <"$kept~keys"
    case $were in
        none | nofolder)
            GARRISON_FOLDER=$were
            export GARRISON_FOLDER
            wrote=$({ as_user "$as_user_drop" </dev/null; echo "code $?"; } | heard_from_user)
            [ "$wrote" = "dropped${nl}code 0" ] || give_up KeysNotWritten
            ;;
        *)
            tail -n +2 "$kept~keys" 2>/dev/null >"$state/keys" || give_up KeysNotWritten
            find_mode "$were"
            hand_keys_over "$mode" || give_up KeysNotWritten
            ;;
    esac
    changed keys-restored
}

as_user_drop='cd "$GARRISON_HOME" 2>/dev/null || exit 11
if [ -L .ssh ]; then exit 12; fi
if [ -d .ssh ]; then
cd .ssh || exit 12
rm -f authorized_keys || exit 13
cd ..
if [ "$GARRISON_FOLDER" = nofolder ]; then rmdir .ssh 2>/dev/null; fi
fi
echo dropped'

# Sets mode, for chmod, from such letters as ls has.
find_mode() {
    bits=${1#?} mode=
    for who in u g o; do
        three=${bits%"${bits#???}"} bits=${bits#???}
        mode="$mode${mode:+,}$who="
        case $three in r??) mode=${mode}r ;; esac
        case $three in ?w?) mode=${mode}w ;; esac
        case $three in ??[xst]) mode=${mode}x ;; esac
    done
}

# The old password goes through standard input: it is in no argument and in no answer.
restore_access() {
    if [ "$access_back" = no ]; then return; fi
    if [ "$shadow" = absent ] || [ -z "$was_shadow" ]; then
        said='there is no line of it in /etc/shadow'
        give_up AccountNotChanged
    fi
    IFS=: read -r found was_secret was_last least most warn inactive was_expire rest <<GARRISON_ENTRY
$was_shadow
GARRISON_ENTRY
    if [ "$secret" != "$was_secret" ]; then
        rm -f "$state/said"
        if ! printf '%s:%s\n' "$name" "$was_secret" | limited 120 chpasswd -e >"$state/said" 2>&1; then
            said='chpasswd failed'
            give_up AccountNotChanged
        fi
    fi
    quietly chage -d "${was_last:--1}" -E "${was_expire:--1}" "$name" || give_up AccountNotChanged
    changed access-restored
}

# Checked before it is in force, as one that we write.
restore_sudo() {
    sudo_path=$sudo_folder/$sudo_name
    case $was_sudo in
        absent)
            if [ ! -e "$sudo_path" ] && [ ! -L "$sudo_path" ]; then return; fi
            rm -f "$sudo_path" || give_up SudoNotWritten
            changed sudo-removed
            ;;
        file)
            if [ ! -L "$sudo_path" ] && cmp -s "$kept~sudo" "$sudo_path"; then return; fi
            unchecked=$sudo_folder/.garrison.new
            rm -f "$unchecked"
            said='the file could not be written'
            if ! cp -p "$kept~sudo" "$unchecked" 2>/dev/null || ! quietly visudo -c -q -f "$unchecked" || ! mv -f "$unchecked" "$sudo_path"; then
                rm -f "$unchecked"
                give_up SudoNotWritten
            fi
            changed sudo-written
            ;;
    esac
}
