# What a person chose for an account that somebody else made: adopt it, give it keys only, or take it over.
# Without a choice, and where a take-over is never allowed, the attempt ends here with nothing touched.

# Sets claim_todo=yes for an account that is there and not ours, or only so far as an earlier choice went.
claim_or_refuse() {
    case $want_claim in
        adopt | keysOnly) ;;
        takeOver)
            find_privileges
            if [ "$uid" -lt "$uid_min" ]; then
                fact uidMin "$uid_min"
                refuse conflict AccountOfSystem
            fi
            if [ -n "$privileges" ] && [ "$want_privileged" != yes ]; then
                text privileges "${privileges#, }"
                refuse conflict AccountPrivileged
            fi
            ;;
        *) refuse conflict AccountForeign ;;
    esac
    claim_todo=yes
}

# Sets adopted (what it has of its own stays) and strict (nothing of its own stays), for this attempt.
set_claim() {
    adopted=no strict=no
    if [ "$claim_todo" = yes ]; then
        case $want_claim in adopt) adopted=yes ;; takeOver) strict=yes ;; esac
        return
    fi
    case $mark_claim:$mark_state in
        adopt:*) adopted=yes ;;
        takeOver:claiming) strict=yes ;;
    esac
}

# Is a take-over asked for, or one under way?
takes_over() {
    [ "$want_claim" = takeOver ] || [ "$mark_claim:$mark_state" = takeOver:claiming ]
}

# Sets uid_min, and privileges (phrases) of an account that can become root or belongs to those who can.
find_privileges() {
    privileges=
    find_uid_min
    for group in $(id -Gn -- "$name" 2>/dev/null); do
        case $group in sudo | wheel | admin | adm | root) privileges="$privileges, in group $group" ;; esac
    done
    find_rules
    if [ -n "$rules" ]; then privileges="$privileges, a sudo rule names it"; fi
    if ! command -v sudo >/dev/null 2>&1; then return; fi
    case $(limited 15 sudo -n -l -U "$name" 2>/dev/null </dev/null) in
        *'may run the following'*) privileges="$privileges, sudo lets it run commands" ;;
    esac
}

find_uid_min() {
    uid_min=1000
    while read -r field value rest; do
        case $field in UID_MIN) if is_number "$value"; then uid_min=$value; fi ;; esac
    done 2>/dev/null </etc/login.defs
}

# Sets other_groups: those of this host's own file that name the account as a member and are not wished.
find_other_groups() {
    other_groups=
    while IFS=: read -r group secret number members; do
        case " $want_groups " in *" $group "*) continue ;; esac
        case ",$members," in *",$name,"*) if is_word "$group"; then other_groups="$other_groups $group"; fi ;; esac
    done 2>/dev/null </etc/group
}

# Sets keys_other: lines of its authorized_keys that are neither wished as they stand nor comments.
count_other_keys() {
    keys_other=0
    if [ -z "$keys_content" ]; then return; fi
    patterns="^[$gaps]*#$nl^[$gaps]*\$"
    IFS=$nl
    for key in $want_keys; do patterns="$patterns$nl^$key\$$nl^$key[$gaps]"; done
    IFS=$blanks
    keys_other=$(printf '%s\n' "$keys_content" 2>/dev/null | grep -c -v -e "$patterns")
}

# It has no password but a wished one, and never expires: as an account that Garrison makes.
password_is_free() {
    case $secret in '*' | "${want_hash:-*}") [ -z "$expire" ] ;; *) return 1 ;; esac
}

# A lock on nothing is how an account without a password is made; a lock on a password, or a date that has passed, is a decision.
refuse_locked_by_hand() {
    if [ "$expired" = yes ] || [ "$locked:$lock_bare" = yes:no ]; then refuse conflict AccountLockedByHand; fi
}

# The mark also tells what was there before, for people.
begin_claim() {
    mark_token=$token mark_claim=$want_claim mark_state=claiming mark_expire=
    if [ -n "$mark_was" ]; then return; fi
    mark_was="comment $gecos${nl}shell $login_shell${nl}groups $(id -Gn -- "$name" 2>/dev/null)$nl"
}

# The token makes the account ours; after it, every step may be retried by whoever comes.
apply_claim() {
    if [ "$claim_todo" = yes ]; then
        base=${gecos%%,*}
        quietly usermod -c "${base:+$base }garrison-$mark_token${gecos#"$base"}" "$name" || give_up AccountNotChanged
        case $want_claim in adopt) changed account-adopted ;; *) changed account-taken ;; esac
    fi
    if [ "$password_todo" = yes ]; then
        quietly usermod -p '*' -e '' "$name" || give_up AccountNotChanged
        changed password-removed
    fi
}
