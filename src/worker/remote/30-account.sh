# What is known of the account: what the host says, what our own mark says, and whether the two agree that it is ours.
# It only reads, except for the mark; an account that is not proved ours ends the attempt here.

# Sets account=absent|present, account_entry, and of it uid gid gecos home login_shell. A lookup that itself fails is not an absent account.
lookup_account() {
    account=absent account_entry= uid= gid= gecos= home= login_shell=
    if command -v getent >/dev/null 2>&1; then
        entry=$(getent passwd "$name" 2>/dev/null)
        case $? in
            0) ;;
            2) return ;;
            *) refuse failed LookupFailed ;;
        esac
    else
        if ! find_line /etc/passwd; then refuse failed LookupFailed; fi
        if [ -z "$entry" ]; then return; fi
    fi
    IFS=: read -r found secret uid gid gecos home login_shell <<GARRISON_ENTRY
$entry
GARRISON_ENTRY
    # Some name services ignore case or know aliases: then this is someone else's account.
    if [ "$found" != "$name" ]; then refuse conflict AccountForeign; fi
    if ! is_number "$uid" || ! is_number "$gid"; then refuse failed LookupFailed; fi
    account=present account_entry=$entry
}

# Sets entry to the account's line in such a file, compared as text: a dot in a name is only a dot.
find_line() {
    entry=
    if [ ! -r "$1" ]; then return 1; fi
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            "$name:"*)
                entry=$line
                return 0
                ;;
        esac
    done <"$1"
}

# Sets mark=none|ours|other|damaged and mark_*.
read_mark() {
    mark=none mark_state= mark_cluster= mark_job= mark_token= mark_uid= mark_expire= mark_locked=no mark_sudo=no mark_password=no mark_keys= mark_groups=
    mark_granted=no mark_wish= mark_archive= mark_archived= mark_home= mark_claim= mark_was=
    if [ ! -e "$state/accounts/$name" ]; then return; fi
    mark=damaged
    while IFS=' ' read -r field value; do
        case $field in
            state) mark_state=$value ;;
            cluster) mark_cluster=$value ;;
            job) mark_job=$value ;;
            token) mark_token=$value ;;
            uid) mark_uid=$value ;;
            expire) mark_expire=$value ;;
            locked) mark_locked=$value ;;
            sudo) mark_sudo=$value ;;
            password) mark_password=$value ;;
            granted) mark_granted=$value ;;
            wish) mark_wish=$value ;;
            archive) mark_archive=$value ;;
            archived) mark_archived=$value ;;
            home) mark_home=$value ;;
            claim) mark_claim=$value ;;
            was) mark_was="$mark_was$value$nl" ;;
            key) mark_keys="$mark_keys$value$nl" ;;
            group) mark_groups="$mark_groups $value" ;;
            end) mark=other ;;
        esac
    done <"$state/accounts/$name"
    if [ -z "$mark_token" ] || [ -z "$mark_cluster" ]; then mark=damaged; fi
    if [ "$mark" = other ] && [ "$mark_cluster" = "$cluster" ]; then mark=ours; fi
}

# Arguments: state, token, uid, expire, sudo, keys (lines), groups (words). kept_locked: our revoke found the password locked.
# The rest of the mark stays as mark_* have it: whether grants ever wanted it, what was last wished, where it was archived.
write_mark() {
    lines="v1${nl}state $1${nl}cluster $cluster${nl}job $job${nl}token $2${nl}uid $3${nl}expire $4${nl}locked $kept_locked${nl}sudo $5$nl"
    if [ "$mark_password" = yes ]; then lines="${lines}password yes$nl"; fi
    if [ -n "$mark_claim" ]; then lines="${lines}claim $mark_claim$nl"; fi
    IFS=$nl
    for was in $mark_was; do lines="${lines}was $was$nl"; done
    for key in $6; do lines="${lines}key $key$nl"; done
    IFS=$blanks
    for group in $7; do lines="${lines}group $group$nl"; done
    lines="${lines}granted $mark_granted$nl"
    if [ -n "$mark_wish" ]; then lines="${lines}wish $mark_wish$nl"; fi
    if [ -n "$mark_home" ]; then lines="${lines}home $mark_home$nl"; fi
    if [ -n "$mark_archive" ]; then lines="${lines}archive $mark_archive${nl}archived $mark_archived$nl"; fi
    written_mark=${lines}end
    put "$state/accounts/$name" "$written_mark" durable
}

# Ends the attempt as a conflict, with nothing touched, unless the account is absent or proved ours.
prove_ours() {
    claim_todo=no adopted=no strict=no
    if [ "$name" = root ] || [ "$name" = "${SUDO_USER:-root}" ] || [ "$name" = "$login_user" ]; then refuse conflict AccountInUse; fi
    # Nothing to take away, whoever made it once.
    if [ "$kind:$account" = revoke:absent ] && [ "$mark" != ours ]; then
        mark_sudo=no
        return
    fi
    case $mark in
        damaged) refuse conflict AccountMarkDamaged ;;
        other) refuse conflict AccountOfOtherCluster ;;
    esac
    if [ "$account" = absent ]; then
        if [ "$want_claim" = keysOnly ]; then refuse failed AccountMissing; fi
        return
    fi
    if [ "$uid" -eq 0 ]; then refuse conflict AccountForeign; fi
    case $mark:$mark_claim in
        none:*) claim_or_refuse ;;
        *:keysOnly)
            if [ "$mark_uid" != "$uid" ]; then refuse conflict AccountMarkMismatch; fi
            if [ "$kind" = push ]; then claim_or_refuse; fi
            ;;
        *) prove_by_token ;;
    esac
    set_claim
}

# Our mark says that the whole account is ours: its uid and the token in its comment must say so too.
prove_by_token() {
    token_seen=no
    case $gecos in *"garrison-$mark_token"*) token_seen=yes ;; esac
    case $mark_state:$token_seen in
        creating:no) refuse conflict AccountForeign ;;
        claiming:no)
            claim_or_refuse
            return
            ;;
        creating:yes) if [ -n "$mark_uid" ] && [ "$mark_uid" != "$uid" ]; then refuse conflict AccountMarkMismatch; fi ;;
        *:no) refuse conflict AccountMarkMismatch ;;
        *) if [ "$mark_uid" != "$uid" ]; then refuse conflict AccountMarkMismatch; fi ;;
    esac
    case $want_claim:$mark_claim in
        keysOnly:*) refuse conflict AccountOurs ;;
        takeOver:adopt) claim_or_refuse ;;
    esac
}

# Sets locked=yes|no (the password), lock_bare=yes where the lock is on none, and expired=yes|no with expire as the host keeps it.
read_shadow() {
    locked=no lock_bare=no expired=no expire= shadow=absent shadow_entry=
    if command -v getent >/dev/null 2>&1; then
        entry=$(getent shadow "$name" 2>/dev/null)
    else
        find_line /etc/shadow
    fi
    if [ -z "$entry" ]; then return; fi
    shadow=present shadow_entry=$entry
    IFS=: read -r found secret last least most warn inactive expire rest <<GARRISON_ENTRY
$entry
GARRISON_ENTRY
    case $secret in '!'*) locked=yes ;; esac
    case $secret in '!' | '!!' | '!*') lock_bare=yes ;; esac
    if ! is_number "$expire"; then expire=; fi
    if is_past "$expire"; then expired=yes; fi
}

# A date as the shadow file has it: days, or nothing for never.
is_past() {
    case $1 in
        '') return 1 ;;
        0 | 1) return 0 ;;
    esac
    [ "$1" -le "$(($(date +%s) / 86400))" ]
}

# A checksum of all that was asked for, to know later whether a difference is the host's or a new wish.
wish_sum() {
    set -- $(printf '%s\n' "$want_comment" "$want_shell" "$want_keys" "$want_groups" "$sudo_wish" "$sudo_rule" ${want_hash:+"$want_hash"} | cksum 2>/dev/null)
    printf '%s' "${1:-}"
}
