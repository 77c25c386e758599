# A check: says what this host has and lacks for a push. It takes no lock and writes nothing.

check() {
    enter plan
    fact uid 0
    lacking=
    for program in flock useradd usermod userdel gpasswd base64 ls df; do
        if ! command -v "$program" >/dev/null 2>&1; then lacking="$lacking $program"; fi
    done
    for program in sudo visudo timeout setpriv getent; do
        if command -v "$program" >/dev/null 2>&1; then fact "$program" yes; else fact "$program" no; fi
    done
    fact diskFreeKib "$(free_kib)"
    text system "$(system_name)"
    fact hostTime "$(host_time)"
    if [ -n "$lacking" ]; then
        text tools "${lacking# }"
        refuse failed HostToolMissing
    fi
    if disk_is_full; then refuse failed HostDiskFull; fi
    refuse unchanged CheckPassed
}

# Seconds, with a fraction where date knows one.
host_time() {
    clock=$(date +%s.%N 2>/dev/null)
    case $clock in *[!0-9.]*) clock=$(date +%s) ;; esac
    printf '%s' "$clock"
}

free_kib() {
    free=0
    while IFS=' ' read -r device total used room rest; do free=$room; done <<GARRISON_ROOM
$(df -Pk /etc 2>/dev/null)
GARRISON_ROOM
    printf '%s' "$free"
}

system_name() {
    while IFS='=' read -r field value; do
        case $field in
            PRETTY_NAME)
                value=${value#\"}
                printf '%s' "${value%\"}"
                return
                ;;
        esac
    done 2>/dev/null </etc/os-release
    uname -sr
}
