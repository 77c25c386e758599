# Proves that the account can log in as pushed, as far as that is told without its private key, and that its sudo rule is in force.
# It only looks. What stands in the way is told with its cure; what could not be looked at is said, and is no failure.

# Ends the attempt where the account is as wished and yet shut out.
prove_static() {
    shut= cure= proofs= unseen= strict_modes=yes
    if [ -n "$want_keys" ]; then
        proofs='its keys are there by their fingerprints, and it is neither locked nor expired'
        prove_sshd
        if [ "$strict_modes" = yes ]; then prove_modes; fi
    fi
    if [ -n "$want_hash" ]; then proofs="$proofs, password set, not proven by login"; fi
    prove_sudo
    if [ -n "$shut" ]; then
        text left "$shut"
        text cure "$cure"
        refuse failed VerifyFailed
    fi
    fact verified static
    text proofs "${proofs#, }"
    if [ -n "$unseen" ]; then text unseen "${unseen#, }"; fi
}

# What it is shut out by, and the cure; the first counts.
shut_out() {
    if [ -n "$shut" ]; then return; fi
    shut=$1 cure=$2
}

prove_sshd() {
    if ! command -v sshd >/dev/null 2>&1; then
        unseen="$unseen, the settings of sshd (there is no sshd where it usually is)"
        return
    fi
    if [ -z "$client" ]; then find_seat; fi
    settings=$(limited 10 sshd -T ${sshd_config:+-f "$sshd_config"} -C "user=$name,host=$client,addr=$client" 2>/dev/null </dev/null 9>&-)
    case $settings in
        *pubkeyauthentication*) read_settings ;;
        *) unseen="$unseen, the settings of sshd (sshd -T did not answer)" ;;
    esac
}

read_settings() {
    key_files= use_pam=no methods=any allow_users= deny_users= allow_groups= deny_groups=
    while read -r word rest; do
        case $word in
            pubkeyauthentication) if [ "$rest" != yes ]; then shut_out 'sshd takes no keys: PubkeyAuthentication' "set PubkeyAuthentication yes in its sshd_config and reload sshd"; fi ;;
            authorizedkeysfile) key_files=$rest ;;
            strictmodes) strict_modes=$rest ;;
            usepam) use_pam=$rest ;;
            authenticationmethods) methods=$rest ;;
            allowusers) allow_users="$allow_users $rest" ;;
            denyusers) deny_users="$deny_users $rest" ;;
            allowgroups) allow_groups="$allow_groups $rest" ;;
            denygroups) deny_groups="$deny_groups $rest" ;;
        esac
    done <<GARRISON_SETTINGS
$settings
GARRISON_SETTINGS
    judge_settings
    proofs="$proofs, sshd -T reads its authorized_keys and lets it in"
}

judge_settings() {
    reads_keys=no
    for file in $key_files; do
        case $file in
            .ssh/authorized_keys | %h/.ssh/authorized_keys | "$home/.ssh/authorized_keys" | "${home%/"$name"}/%u/.ssh/authorized_keys") reads_keys=yes ;;
        esac
    done
    if [ "$reads_keys" = no ]; then
        shut_out "sshd reads keys from $key_files: AuthorizedKeysFile" 'add .ssh/authorized_keys to AuthorizedKeysFile in its sshd_config and reload sshd'
    fi
    if [ "$locked:$use_pam" = yes:no ]; then
        shut_out 'its password is locked, and sshd without PAM takes that for the whole account' "run usermod -p '*' $name there, or set UsePAM yes"
    fi
    judge_lists
    case " $methods " in
        *' any '* | *' publickey '*) ;;
        *) unseen="$unseen, whether it can do what sshd wants beside a key (AuthenticationMethods $methods)" ;;
    esac
}

judge_lists() {
    find_in_list "$deny_users" "$name"
    if [ "$listed" = yes ]; then shut_out 'sshd refuses it: DenyUsers' "take $name out of DenyUsers in its sshd_config and reload sshd"; fi
    if [ "$listed" = some ]; then unseen="$unseen, from which addresses DenyUsers refuses it"; fi
    if [ -n "$allow_users" ]; then
        find_in_list "$allow_users" "$name"
        if [ "$listed" = no ]; then shut_out 'sshd lets in only others: AllowUsers' "add $name to AllowUsers in its sshd_config and reload sshd"; fi
        if [ "$listed" = some ]; then unseen="$unseen, from which addresses AllowUsers lets it in"; fi
    fi
    if [ -z "$deny_groups$allow_groups" ]; then return; fi
    of_groups=$(id -Gn -- "$name" 2>/dev/null)
    find_in_list "$deny_groups" "$of_groups"
    if [ "$listed" != no ]; then shut_out 'sshd refuses a group of it: DenyGroups' 'change DenyGroups in its sshd_config or its groups'; fi
    if [ -z "$allow_groups" ]; then return; fi
    find_in_list "$allow_groups" "$of_groups"
    if [ "$listed" = no ]; then shut_out "sshd lets in only other groups ($allow_groups ): AllowGroups" 'push it with one of these groups, or change AllowGroups in its sshd_config'; fi
}

# Patterns as sshd has them (* and ?), names. Sets listed=no|some|yes; some: only from certain addresses.
find_in_list() {
    listed=no
    for pattern in $1; do
        for one in $2; do
            case $pattern in
                *'['* | *'\'*) ;;
                '!'*) case $one in ${pattern#!}) listed=no && return ;; esac ;;
                *@*) case $one in ${pattern%@*}) if [ "$listed" = no ]; then listed=some; fi ;; esac ;;
                *) case $one in $pattern) listed=yes ;; esac ;;
            esac
        done
    done
}

# Sets client (the address this login came from) and sshd_config (where the sshd it came through was told another).
find_seat() {
    client=${SSH_CONNECTION:-} sshd_config= process=$$ steps=0
    while [ "$steps" -lt 12 ]; do
        steps=$((steps + 1)) line=
        IFS= read -r line 2>/dev/null <"/proc/$process/stat"
        set -- ${line##*) }
        process=${2:-0}
        if ! is_number "$process" || [ "$process" -eq 0 ]; then break; fi
        # sh leaves out what stands between arguments; sshd's title is one text, and of sudo the first word is enough.
        title=
        IFS= read -r title 2>/dev/null <"/proc/$process/cmdline"
        case $title in
            sudo* | */sudo*) if [ -z "$client" ]; then client=$(tr '\0' '\n' 2>/dev/null <"/proc/$process/environ" | grep '^SSH_CONNECTION='); fi ;;
            'sshd: '*' -f '*' [listener] '*)
                sshd_config=${title#* -f }
                sshd_config=${sshd_config%% *}
                ;;
        esac
    done
    client=${client#SSH_CONNECTION=}
    client=${client%% *}
    case $client in '' | *[!0-9a-fA-F:.]*) client=127.0.0.1 ;; esac
}

# As StrictModes has it: nobody but the user and root may write what says who may log in. read_keys came last.
prove_modes() {
    seen=0
    while IFS=' ' read -r mode links owner group rest; do
        case $mode in '') continue ;; esac
        seen=$((seen + 1))
        case ${rest##* } in
            ..) file=$home ;;
            .) file=$home/.ssh ;;
            *) file=$home/.ssh/authorized_keys ;;
        esac
        if [ "$owner" != "$uid" ] && [ "$owner" != 0 ]; then shut_out "$file belongs to uid $owner, and sshd (StrictModes) reads no such keys" "run chown $name $file there"; fi
        case $mode in ?????w* | ????????w*) shut_out "others may write $file, and sshd (StrictModes) reads no such keys" "run chmod go-w $file there" ;; esac
    done <<GARRISON_LISTING
$keys_modes
GARRISON_LISTING
    if [ "$seen" -eq 3 ]; then proofs="$proofs, modes and owners are as StrictModes wants"; else unseen="$unseen, modes and owners of its files"; fi
}

prove_sudo() {
    if [ "$sudo_wish" = none ]; then return; fi
    set -- $(limited 15 sudo -n -l -U "$name" 2>/dev/null </dev/null)
    case "$* " in
        *"(ALL : ALL) NOPASSWD: ${sudo_rule#*NOPASSWD: } "*) proofs="$proofs, sudo -l -U shows its rule" ;;
        *) shut_out 'sudo -l -U does not show its rule' "run sudo -l -U $name there, and look for a later rule or a broken one" ;;
    esac
}
