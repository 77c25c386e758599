# A revoke: takes the access of an account of ours away, and leaves the account, its home and its groups.
# It ends no session: it counts what still runs and says so.

revoke() {
    need usermod ls grep head
    resumed=no
    if [ "$mark_job" = "$job" ] && [ "$mark" = ours ]; then
        case $mark_state in revoking | revoked) resumed=yes ;; esac
    fi
    check_plan
    want_keys= want_groups=$mark_groups want_shell= sudo_wish=none
    # Also a removal that was cut short: the account is locked, and stays.
    case $account:$mark_state in present:revoking | present:removing) resumed=yes ;; esac
    compare_sudo
    if [ "$account" = absent ]; then revoke_absent; fi
    case $mark_claim in adopt | keysOnly) release ;; esac
    read_shadow
    kept_expire=$mark_expire kept_locked=$mark_locked
    case $mark_state in revoking | revoked | removing) ;; *) kept_expire=$expire kept_locked=$locked ;; esac
    if [ "$locked$expired$sudo_todo$mark_state$mark_keys" = yesyesnonerevoked ] && [ "$resumed" = no ]; then
        tell_what_runs
        settle unchanged AlreadyRevoked
    fi
    if [ "$resumed" = yes ]; then changed finished-earlier-attempt; fi
    keep_before
    begin_writing
    apply_revoke
    enter verify
    verify_revoke
    write_mark revoked "$mark_token" "$uid" "$kept_expire" no '' "$mark_groups" || refuse failed StateNotWritten
    keep_left
    tell_what_runs
    if [ -z "$changes" ]; then settle unchanged AlreadyRevoked; fi
    settle changed AccountRevoked
}

# The account was removed by someone; a rule of ours for its name would serve whoever gets that name next.
revoke_absent() {
    if [ "$sudo_todo" = none ]; then settle unchanged AccountAbsent; fi
    keep_before
    begin_writing
    rm -f "$sudo_path" || refuse failed SudoNotWritten
    changed sudo-removed
    write_mark revoked "$mark_token" "$mark_uid" '' no '' '' || refuse failed StateNotWritten
    keep_left
    settle changed AccountRevoked
}

# Access ends in the order of its weight. Nothing of the user's is asked, looked at or waited for until the account is locked.
apply_revoke() {
    write_mark revoking "$mark_token" "$uid" "$kept_expire" "$mark_sudo" "$mark_keys" "$mark_groups" || refuse_for_disk StateNotWritten
    created=no
    apply_sudo
    if [ "$locked$expired" != yesyes ]; then
        quietly usermod -L -e 1 "$name" || give_up AccountNotLocked
        changed account-locked
    fi
    read_keys
    compare_keys
    case $keys_file in
        odd | unreadable)
            said='the keys cannot be reached as the account itself'
            give_up KeysNotRemoved
            ;;
    esac
    if [ -n "$keys_extra" ]; then
        keys_missing=
        said='the file could not be written as the account itself'
        write_keys || give_up KeysNotRemoved
        changed keys-removed
    fi
}

verify_revoke() {
    read_shadow
    read_keys
    compare_keys
    left=
    if [ "$locked$expired" != yesyes ]; then left="$left lock"; fi
    case $keys_file$keys_extra in none | file | nohome) ;; *) left="$left keys" ;; esac
    if [ "$mark_sudo" = yes ] && [ -e "$sudo_path" ]; then left="$left sudo"; fi
    if [ -z "$left" ]; then return; fi
    text left "$left"
    refuse failed VerifyFailed
}

# Counts processes and sessions of the uid. A folder under /proc belongs to its process's user.
tell_what_runs() {
    list_processes
    count_running
    fact liveProcesses "$processes"
    fact liveSessions "$sessions"
    fact uid "$uid"
    if [ -n "$mark_groups" ]; then text groupsKept "${mark_groups# }"; fi
}
