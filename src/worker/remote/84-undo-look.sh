# Tells what an undo would find: whether anybody changed the account since, and what it would give back, a fact a line.
# It only looks, and tells neither a password nor anybody's key.

tell_undo() {
    facts= mentions= bare=no differs=
    know inUse "$(in_use)"
    know mark "$mark"
    know account "$account"
    read_record
    look_now
    know record "$record_is"
    case $record_is in
        left | undoing)
            tell_since
            if [ "$was_account" = absent ] && [ -n "$left_passwd" ]; then tell_creation; else tell_before; fi
            ;;
    esac
    if is_read_only /etc || is_read_only /var/lib; then know readOnly yes; fi
}

tell_since() {
    if [ "$record_is:$mark:$mark_job" = "undoing:ours:$undoing_by" ] || { [ "$record_is" = undoing ] && [ "$mark_text" = "$was_mark" ]; }; then
        know goesOn yes
    elif ! is_untouched; then
        know differs "$differs"
    fi
}

tell_creation() {
    know takesAway yes
    if [ "$account" = absent ]; then return; fi
    find_running
    know processes "$processes"
    know running "$running"
    # Where it would be refused for something else, its home is not looked at.
    if [ "$processes" -gt 0 ] || [ -n "$differs" ]; then return; fi
    mark_home=$home
    check_home
    know home "$home"
    find_crontab
    if [ -n "$crontab" ]; then know crontab yes; fi
    find_bare
    know bare "$bare"
    tell_sudo_before
}

tell_before() {
    compare_before
    tell_sudo_before
    if [ "$account" = absent ]; then return; fi
    know accessBack "$access_back"
    if [ "$shell_back" = yes ]; then
        know shell "$login_shell"
        know shellBefore "$was_shell"
    fi
    if [ "$comment_back" = yes ]; then
        know comment "$gecos"
        know commentBefore "$was_gecos"
    fi
    for group in $groups_join; do know join "$group"; done
    for group in $groups_leave; do know leave "$group"; done
    know keysBack "$keys_back"
    if [ "$keys_back" = yes ]; then
        know keyLines "$(printf '%s\n' "$keys_content" | grep -c '^[^#]')"
        know keyLinesBefore "$(tail -n +2 "$kept~keys" | grep -c '^[^#]')"
    fi
}

tell_sudo_before() {
    sudo_path=$sudo_folder/$sudo_name
    case $was_sudo in
        absent) if [ -e "$sudo_path" ] || [ -L "$sudo_path" ]; then know sudoBack remove; fi ;;
        file) if [ -L "$sudo_path" ] || ! cmp -s "$kept~sudo" "$sudo_path"; then know sudoBack write; fi ;;
    esac
}
