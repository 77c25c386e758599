# Takes back what Garrison added to an account that was there before: its keys, groups and rule.
# It locks nothing and ends nothing: the account was somebody's before, and is so again.

release() {
    case $mark_state in revoking) resumed=yes ;; esac
    want_groups=
    case $mark_claim in keysOnly) mark_groups= ;; esac
    compare_groups
    if [ "$resumed" = yes ]; then changed finished-earlier-attempt; fi
    read_keys
    compare_keys
    if [ "$sudo_todo:$groups_extra$keys_extra:$resumed" = none::no ]; then
        check_keys_reached
        tell_what_runs
        settle unchanged AlreadyReleased
    fi
    keep_before
    begin_writing
    apply_release
    enter verify
    verify_release
    write_mark revoked "$mark_token" "$uid" '' no '' '' || refuse failed StateNotWritten
    keep_left
    mark_groups=
    tell_what_runs
    settle changed AccountReleased
}

apply_release() {
    write_mark revoking "$mark_token" "$uid" '' "$mark_sudo" "$mark_keys" "$mark_groups" || refuse_for_disk StateNotWritten
    created=no
    apply_sudo
    if [ -n "$groups_extra" ]; then
        for group in $groups_extra; do quietly gpasswd -d "$name" "$group" || give_up GroupsNotChanged; done
        changed groups-removed
    fi
    check_keys_reached
    if [ -n "$keys_extra" ]; then
        keys_missing=
        said='the file could not be written as the account itself'
        write_keys || give_up KeysNotRemoved
        changed keys-removed
    fi
}

check_keys_reached() {
    created=no
    case $keys_file in
        odd | unreadable)
            said='the keys cannot be reached as the account itself'
            give_up KeysNotRemoved
            ;;
    esac
}

verify_release() {
    read_keys
    compare_keys
    compare_groups
    left=
    if [ -n "$groups_extra" ]; then left="$left groups"; fi
    case $keys_file$keys_extra in none | file | nohome) ;; *) left="$left keys" ;; esac
    if [ "$mark_sudo" = yes ] && [ -e "$sudo_path" ]; then left="$left sudo"; fi
    if [ -z "$left" ]; then return; fi
    text left "$left"
    refuse failed VerifyFailed
}
