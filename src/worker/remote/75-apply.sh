# Carries out what the survey found, one thing at a time, and says each as it is done.
# When one fails, what this attempt itself created is taken back and nothing else.

apply_rest() {
    apply_claim
    # Before the lock is taken away: nobody shall get in by the old one meanwhile.
    apply_password
    if [ "$unlock_todo" = yes ]; then
        quietly usermod -U -e "$mark_expire" "$name" || give_up AccountNotUnlocked
        changed account-unlocked
    fi
    if [ "$shell_todo" = yes ]; then
        quietly usermod -s "$want_shell" "$name" || give_up AccountNotChanged
        changed shell-set
    fi
    if [ "$comment_todo" = yes ]; then
        quietly usermod -c "${want_comment:+$want_comment }garrison-$mark_token${gecos#"${gecos%%,*}"}" "$name" || give_up AccountNotChanged
        changed comment-set
    fi
    apply_groups
    apply_keys
    apply_sudo
}

apply_groups() {
    if [ -n "$groups_missing" ]; then
        joined=
        for group in $groups_missing; do joined="$joined${joined:+,}$group"; done
        quietly usermod -a -G "$joined" "$name" || give_up GroupsNotChanged
        changed groups-added
    fi
    if [ -n "$groups_extra" ]; then
        for group in $groups_extra; do quietly gpasswd -d "$name" "$group" || give_up GroupsNotChanged; done
        changed groups-removed
    fi
}

apply_keys() {
    if [ "$keys_missing$keys_extra$keys_other" = 0 ]; then return; fi
    added=$keys_missing
    write_keys || give_up KeysNotWritten
    if [ -n "$added" ]; then changed keys-added; fi
    if [ "$keys_extra$keys_other" != 0 ]; then changed keys-removed; fi
}

apply_sudo() {
    case $sudo_todo in
        write)
            write_sudo || give_up SudoNotWritten
            sudo_written=yes
            changed sudo-written
            ;;
        remove)
            rm -f "$sudo_path" || give_up SudoNotWritten
            changed sudo-removed
            ;;
    esac
}

# Looks again with the same eyes: nothing may be left to do.
verify_push() {
    if [ -z "$changes" ]; then return; fi
    lookup_account
    if [ "$account" = absent ]; then
        text left account
        refuse failed VerifyFailed
    fi
    mark_keys=$marked mark_groups=$marked_groups mark_sudo=$marked_sudo claim_todo=no
    survey
    left=
    if [ "$unlock_todo" = yes ]; then left="$left lock"; fi
    if [ "$password_todo$hash_todo" != nono ]; then left="$left password"; fi
    if [ "$shell_todo" = yes ]; then left="$left shell"; fi
    if [ "$comment_todo" = yes ]; then left="$left comment"; fi
    if [ -n "$groups_missing$groups_extra" ]; then left="$left groups"; fi
    if [ "$keys_missing$keys_extra$keys_other" != 0 ]; then left="$left keys"; fi
    if [ "$sudo_todo" != none ]; then left="$left sudo"; fi
    if [ "$sudo_written" = yes ] && ! sudoers_are_sound; then left="$left sudoers"; fi
    if [ -n "$left" ]; then
        text left "$left"
        refuse failed VerifyFailed
    fi
    keys_to_mark
    groups_to_mark
}

# Something failed half way. An account made by this very attempt is taken back; an older one keeps what was done, and the answer says what.
give_up() {
    reason=$1
    failed_said=$said
    if [ "$created" = yes ]; then
        if [ "$sudo_written" = yes ]; then rm -f "$sudo_path"; fi
        quietly userdel -r "$name"
        lookup_account
        if [ "$account" = absent ]; then
            rm -f "$state/accounts/$name"
            drop_record "$kept"
            spoken= changes=
            fact left nothing
        else
            fact left account
        fi
    else
        fact left changes
    fi
    text said "$failed_said"
    refuse failed "$reason"
}
