# The account's password, as a crypt hash: compared here, on the host, and handed to chpasswd on its standard input.
# The hash is never in an argument, in the environment, in a file of ours or in an answer; without a wished one the password is left alone.

# Sets hash_todo: is another password wished than the shadow file has? read_shadow came right before, and said whether the old one goes.
# What a revoke of ours put before the hash is no difference: it goes with the lock.
compare_password() {
    hash_todo=no
    if [ -z "$want_hash" ]; then return; fi
    if [ "${secret#!}" != "$want_hash" ] || [ "$password_todo" = yes ]; then hash_todo=yes; fi
}

# The words that a plan is told: whether it is the wished one, and nothing from which either could be guessed.
tell_password() {
    if [ -z "$want_hash" ]; then return; fi
    if [ "${secret#!}" = "$want_hash" ]; then know passwordIs same; else know passwordIs other; fi
}

# An adopted account keeps the password it had: what was before could not be given back by a revoke.
refuse_foreign_password() {
    if [ -n "$want_hash" ]; then refuse conflict PasswordKept; fi
}

# Without a key beside it, a wish of a password is about the password alone: our keys stay as they are.
leave_keys_beside_password() {
    leave_keys=no
    if [ -n "$want_hash" ] && [ -z "$want_keys" ] && [ "$strict" = no ]; then leave_keys=yes; fi
}

# Until it is done, and after: the password that is there, or is about to be, is ours.
password_to_mark() {
    was_password=$mark_password
    if [ "$strict" = yes ]; then mark_password=no; fi
    if [ -n "$want_hash" ]; then mark_password=yes; fi
}

# A pipe from a builtin: some shells keep a here-document in a file.
apply_password() {
    if [ "$hash_todo" = no ]; then return; fi
    printf '%s:%s\n' "$name" "$want_hash" 2>/dev/null | limited 120 chpasswd -e >"$state/said" 2>&1
    if ! take_said "$?"; then
        case $said in *"$want_hash"*) said='chpasswd failed' ;; esac
        give_up PasswordNotSet
    fi
    changed password-set
}
