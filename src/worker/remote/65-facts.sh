# Tells what a plan goes by: of one account and of this host, a fact a line, and one digest over all of it.
# It only looks: it makes no folder, no file and no lock, and what the facts mean is judged elsewhere (push/plan.ts).

# A fact, one line; it counts for the digest.
know() {
    facts="$facts$1 ${2%%"$nl"*}$nl"
}

# A fact that may change at any time without making a plan wrong.
mention() {
    mentions="$mentions$1 ${2%%"$nl"*}$nl"
}

# What counts for the digest and is nobody's business: read_mark, lookup_account and, where the account is there, the files come first.
gather_facts() {
    facts= mentions= hidden=
    know account "$account"
    know inUse "$(in_use)"
    gather_mark
    if [ "$account" = present ]; then gather_account; else gather_place; fi
    gather_groups
    gather_keys
    gather_sudo
    gather_taking
    gather_means
    hash_facts
}

in_use() {
    if [ "$name" = root ] || [ "$name" = "${SUDO_USER:-root}" ] || [ "$name" = "$login_user" ]; then printf yes; else printf no; fi
}

gather_mark() {
    know mark "$mark"
    if [ "$mark" = none ]; then return; fi
    know markState "$mark_state"
    know markToken "$mark_token"
    know markUid "$mark_uid"
    know markSudo "$mark_sudo"
    if [ "$mark_password" = yes ]; then know markPassword yes; fi
    if [ -n "$mark_claim" ]; then know markClaim "$mark_claim"; fi
    mention markJob "$mark_job"
    # Without a sum of before nobody can say whether it was another wish.
    if [ -n "$mark_wish" ] && [ "$mark_wish" = "$(wish_sum)" ]; then mention markWish same; else mention markWish other; fi
    for group in $mark_groups; do know markGroup "$group"; done
}

gather_account() {
    know uid "$uid"
    know gecos "$gecos"
    know home "$home"
    know shell "$login_shell"
    read_shadow
    hidden="$hidden$secret:$expire$nl"
    case $secret in
        '!'*) know password locked ;;
        '*' | '') know password none ;;
        *) know password set ;;
    esac
    tell_password
    # At once: whatever reads another such file takes the same names.
    password_free=no
    if password_is_free; then password_free=yes; fi
    know locked "$locked"
    know lockBare "$lock_bare"
    know expired "$expired"
    know lockIsOurs "$(lock_is_ours)"
    survey_files
    know homeOwner "$home_owner"
    if [ "$mark_state" = creating ] && half_made; then know halfMade yes; else know halfMade no; fi
    read_keys
    know keysFile "$keys_file"
    hidden="$hidden$keys_content$nl"
    list_processes
    count_running
    mention processes "$processes"
}

# A lock or an expiry that our own revoke made, on top of none that was there before.
lock_is_ours() {
    case $mark_state in revoking | revoked | removing) ;; *) printf no; return ;; esac
    if [ "$mark_locked" = yes ] || is_past "$mark_expire"; then printf no; else printf yes; fi
}

# Where the account is not there: what would stand in the way of a new one.
gather_place() {
    keys_content= keys_file=none home=$(new_home)
    survey_files
    know home "$home"
    if [ -e "$home" ] || [ -L "$home" ]; then know homeTaken yes; else know homeTaken no; fi
    group=no
    if command -v getent >/dev/null 2>&1; then
        if getent group "$name" >/dev/null 2>&1; then group=yes; fi
    fi
    know groupTaken "$group"
}

# Of the wished groups and of those we once added: which there are, and which it is in.
gather_groups() {
    if [ "$account" = present ]; then mention groups "$(id -Gn -- "$name" 2>/dev/null)"; fi
    if [ -z "$want_groups$mark_groups" ]; then return; fi
    find_memberships
    for group in $want_groups; do
        case $existing in *" $group "*) ;; *) know groupMissing "$group" ;; esac
    done
    for group in $want_groups $mark_groups; do
        case $memberships in *" $group "*) know memberOf "$group" ;; esac
    done
}

# By the key itself; its comment, and the lines of others, are not told.
gather_keys() {
    IFS=$nl
    for key in $want_keys; do
        case "$nl$keys_content$nl" in *"$nl$key$nl"* | *"$nl$key "*) know key "$key" ;; esac
    done
    for key in $mark_keys; do
        know markKey "$key"
        case "$keys_content" in *"${key#* }"*) if holds_key "$key"; then know markKeyThere "$key"; fi ;; esac
        IFS=$nl
    done
    IFS=$blanks
    if [ "$keys_file" = file ]; then mention keyLines "$(printf '%s\n' "$keys_content" | grep -c '^[^#]')"; fi
}

gather_sudo() {
    find_sudo_file
    know sudoFile "$sudo_found"
    sudo_right=no
    if [ "$sudo_found" = ours ]; then
        if sudo_is_right; then sudo_right=yes; fi
        hidden="$hidden$head$nl$rule$nl$more$nl$sudo_mode$nl"
    fi
    know sudoRight "$sudo_right"
    find_sudo_means
    know sudoMeans "$sudo_means"
    if [ "$sudo_wish" != none ] && [ "$sudo_means" = ok ] && [ "$sudo_right" = no ]; then
        if sudoers_are_sound; then know sudoersSound yes; else
            know sudoersSound no
            mention sudoersSaid "$said"
        fi
    fi
    gather_rules
}

# Rules of others that name the account, compared as text: a dot in a name is only a dot.
gather_rules() {
    find_rules
    while read -r who rest; do
        if [ -n "$who" ]; then know sudoLine "$who $rest"; fi
    done <<GARRISON_RULES
$rules
GARRISON_RULES
}

# Sets rules.
find_rules() {
    set +f
    rules=$(grep -hF -e "$name" /etc/sudoers /etc/sudoers.d/* 2>/dev/null | head -n 50)
    set -f
    found=$rules rules=
    while read -r who rest; do
        case ",$who," in *",$name,"*) if [ "$who $rest" != "$sudo_rule" ]; then rules="$rules$who $rest$nl"; fi ;; esac
    done <<GARRISON_RULES
$found
GARRISON_RULES
}

# What a take-over would go by, and what it would take away.
gather_taking() {
    if [ "$account" = absent ] || ! takes_over; then return; fi
    find_privileges
    know uidMin "$uid_min"
    know privileges "${privileges#, }"
    find_other_groups
    for group in $other_groups; do know otherGroup "$group"; done
    count_other_keys
    know otherKeys "$keys_other"
    know passwordFree "$password_free"
}

gather_means() {
    lacking=
    for program in flock useradd usermod userdel gpasswd df ls grep head ${want_hash:+chpasswd}; do
        if ! command -v "$program" >/dev/null 2>&1; then lacking="$lacking $program"; fi
    done
    know lacking "${lacking# }"
    if [ -n "$want_shell" ] && { [ ! -f "$want_shell" ] || [ ! -x "$want_shell" ]; }; then know shellUsable no; else know shellUsable yes; fi
    # Not a test of the mode: root may write everything but what the file system forbids.
    if is_read_only /etc || is_read_only /var/lib; then mention readOnly yes; else mention readOnly no; fi
    if disk_is_full; then mention diskFull yes; else mention diskFull no; fi
}

# Is the file system that this path lies on mounted read-only? The last mount at the longest prefix counts.
is_read_only() {
    found= options_found=rw
    while IFS=' ' read -r device point type options rest; do
        case "$1/" in
            "${point%/}/"*) if [ "${#point}" -ge "${#found}" ]; then found=$point options_found=$options; fi ;;
        esac
    done 2>/dev/null </proc/self/mounts
    case ,$options_found, in *,ro,*) return 0 ;; esac
    return 1
}

# Sets digest. Two looks with the same digest saw the same, as far as a push goes by it.
hash_facts() {
    summer=cksum
    if command -v sha256sum >/dev/null 2>&1; then summer=sha256sum; fi
    digest=$({ printf '%s\n%s' "$facts" "$hidden"; tell_host_secret; } | "$summer")
    digest=${digest%% *}
}

# Something that stays the same and that only this host knows: without it, nobody can try guesses at what is hidden against a digest.
tell_host_secret() {
    set +f
    for file in /etc/ssh/ssh_host_*_key /etc/dropbear/*_host_key; do
        if [ -f "$file" ]; then
            cat "$file"
            return
        fi
    done
    grep '^root:' /etc/shadow
}

# The host must be as it was when the plan was made, but for what an attempt of this very job has done since.
check_plan() {
    if [ -z "$expect_digest" ] || [ "$resumed" = yes ]; then return; fi
    gather_facts
    if [ "$digest" != "$expect_digest" ]; then refuse conflict HostChangedSincePlan; fi
}

# Two look at the same facts, the plan and this script, and both must come to the same: words of what is to be done, in order.
agree_on() {
    if [ -z "$expect_digest" ] || [ "$resumed" = yes ]; then return; fi
    if [ "$1" = "$expect_changes" ]; then return; fi
    text said "planned: $expect_changes; found: $1"
    refuse failed PlanDiffers
}
