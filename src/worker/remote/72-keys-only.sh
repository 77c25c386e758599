# Gives an account of somebody else's our keys, and changes nothing else of it: no comment, no group, no rule, no shell.
# Keys that it gave before stay until a revoke; only a revoke takes them away.

push_keys_only() {
    read_shadow
    refuse_locked_by_hand
    survey_home
    check_keys_file
    compare_keys
    keys_extra=
    if [ -n "$keys_missing" ]; then agree_on keys-added; else agree_on ''; fi
    if [ "$mark_claim:$mark_state" = keysOnly:claiming ]; then resumed=yes; fi
    if [ -n "$keys_missing" ]; then give_keys; fi
    fact uid "$uid"
    if [ -z "$changes" ] && [ "$resumed" = no ]; then
        enter verify
        prove_static
        settle unchanged AlreadyAsWished
    fi
    settle_keys_only
}

give_keys() {
    check_room
    keep_before
    begin_writing
    mark_token=${mark_token:-$token} mark_claim=keysOnly mark=ours mark_state=claiming
    # An attempt that was cut short has named them already.
    IFS=$nl
    for key in $keys_missing; do
        case "$nl$mark_keys" in *"$nl$key$nl"*) ;; *) mark_keys="$mark_keys$key$nl" ;; esac
    done
    IFS=$blanks
    write_mark claiming "$mark_token" "$uid" '' no "$mark_keys" '' || refuse failed StateNotWritten
    said='the file could not be written as the account itself'
    write_keys || give_up KeysNotWritten
    changed keys-added
}

# Looks again, and says that it is done.
settle_keys_only() {
    if [ "$resumed" = yes ]; then changed finished-earlier-attempt; fi
    enter verify
    read_keys
    compare_keys
    if [ -n "$keys_missing" ]; then
        text left keys
        refuse failed VerifyFailed
    fi
    write_mark ready "$mark_token" "$uid" '' no "$mark_keys" '' || refuse failed StateNotWritten
    keep_left
    prove_static
    settle changed AccountPushed
}
