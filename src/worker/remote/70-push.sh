# A push: plan, refuse, apply, verify. Nothing is changed before every reason to refuse has been looked for.

push() {
    need useradd usermod userdel gpasswd df ls grep head ${want_hash:+chpasswd}
    resumed=no created=no sudo_written=no
    if [ "$mark_job" = "$job" ] && [ "$mark" = ours ]; then resumed=yes; fi
    check_plan
    leave_keys_beside_password
    if [ "$want_claim:$account" = keysOnly:present ]; then push_keys_only; fi
    if [ "$account" = present ] && [ "$mark_state" = creating ] && half_made; then remake=yes; else remake=no; fi
    if [ "$account" = absent ] || [ "$remake" = yes ]; then plan_creation; else plan_update; fi
    if [ "$resumed" = yes ]; then changed finished-earlier-attempt; fi
    enter verify
    verify_push
    mark_wish=$(wish_sum)
    if ! write_mark ready "$mark_token" "$uid" '' "$marked_sudo" "$marked" "$marked_groups"; then refuse failed StateNotWritten; fi
    keep_left
    fact uid "$uid"
    prove_static
    if [ -z "$changes" ]; then settle unchanged AlreadyAsWished; fi
    settle changed AccountPushed
}

plan_creation() {
    mark_token=$token mark_keys= mark_groups= mark_state=creating keys_content= mark_granted=$want_granted mark_wish= mark_archive= mark_home= mark_claim= mark_was= mark_password=no
    if [ "$account" = absent ]; then home=$(new_home); fi
    compare_groups
    compare_keys
    compare_sudo
    check_means
    # Not wished, and yet the new account would have what it grants.
    if [ "$sudo_found" = foreign ]; then refuse conflict SudoFileForeign; fi
    if [ "$account" = absent ]; then
        if command -v getent >/dev/null 2>&1 && getent group "$name" >/dev/null 2>&1; then refuse conflict GroupNameTaken; fi
        if [ -e "$home" ] || [ -L "$home" ]; then
            text home "$home"
            refuse conflict HomeExists
        fi
    fi
    agree_on "$(words_of_creation)"
    check_room
    begin_writing
    create_account
    apply_rest
}

create_account() {
    unlock_todo=no shell_todo=no comment_todo=no password_todo=no hash_todo=no
    if [ -n "$want_hash" ]; then hash_todo=yes; fi
    keep_before
    if [ "$remake" = yes ]; then unmake_half; fi
    if [ "$sudo_found" = ours ]; then drop_stale_rule; fi
    keys_to_mark
    groups_to_mark
    sudo_to_mark
    password_to_mark
    # The intent comes first: whatever dies after this line, the token in the account proves whose it is.
    if ! write_mark creating "$token" '' '' "$marked_sudo" "$marked" "$marked_groups"; then refuse failed StateNotWritten; fi
    quietly useradd -m -d "$home" -c "${want_comment:+$want_comment }garrison-$token" -p '*' ${want_shell:+-s "$want_shell"} "$name"
    made=$?
    useradd_said=$said
    lookup_account
    case $account:$made:$gecos in
        present:0:*"garrison-$token"*) ;;
        present:*:*"garrison-$token"*)
            created=yes
            said=$useradd_said
            give_up AccountNotCreated
            ;;
        absent:*)
            rm -f "$state/accounts/$name"
            drop_record "$kept"
            text said "$useradd_said"
            refuse failed AccountNotCreated
            ;;
        *)
            # Someone else made it between our look and our useradd.
            rm -f "$state/accounts/$name"
            drop_record "$kept"
            refuse conflict AccountForeign
            ;;
    esac
    created=yes
    changed account-created
    read_keys
    case $keys_file in
        none | file) ;;
        *)
            said="the new home $home cannot be used as $name ($keys_file)"
            give_up KeysNotWritten
            ;;
    esac
    compare_keys
}

# A rule of ours outlived its account. It goes before the old mark does: without a mark no one would know it as ours, and it would serve the new account.
drop_stale_rule() {
    rm -f "$sudo_path" || refuse failed SudoNotWritten
    if [ "$sudo_wish" = none ]; then
        sudo_todo=none
        changed sudo-removed
    else
        sudo_todo=write
    fi
}

# The half-made account carries our token and was never told to anyone. Its home goes only while it is still root's: no one had it yet.
unmake_half() {
    if ! quietly userdel "$name"; then
        text said "$said"
        refuse failed AccountNotCreated
    fi
    case $home in
        /*/"$name") if [ "$home_owner" = 0 ] && [ ! -L "$home" ]; then rm -rf -- "$home"; fi ;;
    esac
    if [ -e "$home" ] || [ -L "$home" ]; then
        text home "$home"
        refuse conflict HomeExists
    fi
}

plan_update() {
    if [ "$claim_todo" = yes ]; then begin_claim; fi
    survey
    check_means
    keys_to_mark
    groups_to_mark
    sudo_to_mark
    password_to_mark
    was_granted=$mark_granted was_wished=$mark_wish
    if [ "$want_granted" = yes ]; then mark_granted=yes; fi
    agree_on "$(words_of_update)"
    case $mark_state:$claim_todo in creating:* | claiming:no) resumed=yes ;; esac
    if [ "$claim_todo$password_todo$hash_todo$unlock_todo$shell_todo$comment_todo$sudo_todo$groups_missing$groups_extra$keys_missing$keys_extra$keys_other" = nononononononone0 ]; then
        keep_quiet_mark
        return
    fi
    check_room
    keep_before
    begin_writing
    # Until it is done the mark names everything that may be ours: what was, and what is about to be.
    union_keys=$marked
    IFS=$nl
    for key in $keys_extra; do union_keys="$union_keys$key$nl"; done
    IFS=$blanks
    union_sudo=$marked_sudo
    if [ "$sudo_todo" = remove ]; then union_sudo=yes; fi
    write_mark "$mark_state" "$mark_token" "$uid" "$mark_expire" "$union_sudo" "$union_keys" "$marked_groups $groups_extra" || refuse failed StateNotWritten
    apply_rest
}

# Nothing to do on the host. The mark is written only where it would say something else, and keeps the job that last had an effect.
keep_quiet_mark() {
    if [ "$resumed" = yes ]; then return; fi
    mark_wish=$(wish_sum)
    if [ "$mark_state$mark_granted$mark_password$mark_wish" != "ready$was_granted$was_password$was_wished" ] || [ "$marked" != "$mark_keys" ] || [ "$marked_groups" != "$mark_groups" ] || [ "$marked_sudo" != "$mark_sudo" ]; then
        this_job=$job job=$mark_job
        write_mark ready "$mark_token" "$uid" '' "$marked_sudo" "$marked" "$marked_groups"
        job=$this_job
    fi
    fact uid "$uid"
    enter verify
    prove_static
    settle unchanged AlreadyAsWished
}

sudo_to_mark() {
    marked_sudo=no
    if [ "$sudo_wish" != none ]; then marked_sudo=yes; fi
}

words_of_creation() {
    words=account-created
    if [ -n "$want_hash" ]; then words=$words,password-set; fi
    if [ -n "$groups_missing" ]; then words=$words,groups-added; fi
    if [ -n "$keys_missing" ]; then words=$words,keys-added; fi
    if [ "$sudo_wish" != none ]; then words=$words,sudo-written; elif [ "$sudo_found" = ours ]; then words=$words,sudo-removed; fi
    printf '%s' "$words"
}

words_of_update() {
    words=
    case $claim_todo:$want_claim in yes:adopt) words=,account-adopted ;; yes:*) words=,account-taken ;; esac
    if [ "$password_todo" = yes ]; then words=$words,password-removed; fi
    if [ "$hash_todo" = yes ]; then words=$words,password-set; fi
    if [ "$unlock_todo" = yes ]; then words=$words,account-unlocked; fi
    if [ "$shell_todo" = yes ]; then words=$words,shell-set; fi
    if [ "$comment_todo" = yes ]; then words=$words,comment-set; fi
    if [ -n "$groups_missing" ]; then words=$words,groups-added; fi
    if [ -n "$groups_extra" ]; then words=$words,groups-removed; fi
    if [ -n "$keys_missing" ]; then words=$words,keys-added; fi
    if [ "$keys_extra$keys_other" != 0 ]; then words=$words,keys-removed; fi
    case $sudo_todo in write) words=$words,sudo-written ;; remove) words=$words,sudo-removed ;; esac
    printf '%s' "${words#,}"
}
