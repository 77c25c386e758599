# Reads a request, sets the scene and runs its one job. Everything above is functions, so a script that arrives torn runs nothing.
# More requests may follow on the same input, one after the other: each is told whole before the next is sent.

nl='
'
blanks=" 	$nl"
gaps=" 	$(printf '\r')"
requests=0 client=

# Data ends with a line that counts it: if ssh dies while sending, sh takes the end of input for the end of the data and runs on.
# A job ends with `exit`, so it has a shell of its own; how that one ended says whether another request may follow.
main() {
    set_scene
    if ! command -v base64 >/dev/null 2>&1; then
        printf '@garrison1 lacks base64\n'
        exit 92
    fi
    if ! read_request; then
        printf '@garrison1 incomplete\n'
        exit 90
    fi
    # The same for all that come over this connection: a first and only one need not wait for it.
    requests=$((requests + 1))
    if [ "$requests:$kind" = 2:push ]; then find_seat; fi
    (run_request </dev/null)
    ended=$?
    # As ssh says it of a script that a signal ended: what it had begun may be half done.
    if [ "$ended" -gt 128 ]; then exit 255; fi
    if [ "$ended" -ne 0 ]; then exit "$ended"; fi
}

set_scene() {
    # Killing the ssh client leaves this running; writing to its closed pipe must not end a push half way.
    trap '' HUP PIPE
    umask 077
    set -f
    cd /
    PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
    LC_ALL=C
    IFS=$blanks
    export PATH LC_ALL
    unset ENV BASH_ENV CDPATH LANGUAGE TMPDIR TZ LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT POSIXLY_CORRECT BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE
    unset LS_BLOCK_SIZE LS_COLORS QUOTING_STYLE TIME_STYLE GREP_OPTIONS EDITOR VISUAL SUDO_EDITOR SUDO_ASKPASS
    spoken= record= changes= stage=plan watchdog= said= runner= mark_keys= mark_groups= mark_claim= mark_was= kept_locked=no home= strict=no leave_keys=no kept= kept_account=
}

read_request() {
    blob= whole=no
    while IFS= read -r line; do
        case $line in
            'end '*)
                if [ "${line#end }" = "${#blob}" ]; then whole=yes; fi
                break
                ;;
            *) blob=$blob$line ;;
        esac
    done
    if [ "$whole" = no ]; then return 1; fi
    request=$(base64 -d <<GARRISON_BLOB
$blob
GARRISON_BLOB
    ) || return 1
    kind= nonce= job= cluster= epoch= counter= asked_at= token= deadline=60 lock_wait=20 login_user= name=
    want_comment= want_shell= want_keys= want_key_lines= want_groups= want_claim= want_hash= want_privileged=no sudo_name= sudo_wish=none sudo_head= sudo_rule= expect_digest= expect_changes= want_granted=no undo_of=
    while IFS=' ' read -r field value; do take_field "$field" "$value"; done <<GARRISON_REQUEST
$request
GARRISON_REQUEST
    is_word "$nonce" && is_word "$job" && is_word "$cluster" && is_number "$epoch" && is_number "$counter" && is_number "$deadline" && is_number "$lock_wait"
}

take_field() {
    case $1 in
        kind) kind=$2 ;;
        nonce) nonce=$2 ;;
        job) job=$2 ;;
        cluster) cluster=$2 ;;
        epoch) epoch=$2 ;;
        counter) counter=$2 ;;
        at) asked_at=$2 ;;
        token) token=$2 ;;
        deadline) deadline=$2 ;;
        wait) lock_wait=$2 ;;
        login) login_user=$2 ;;
        name) name=$2 ;;
        comment) want_comment=$2 ;;
        shell) want_shell=$2 ;;
        key)
            want_key_lines="$want_key_lines$2$nl"
            rest=${2#* }
            want_keys="$want_keys${2%% *} ${rest%% *}$nl"
            ;;
        claim) want_claim=$2 ;;
        passwordhash) want_hash=$2 ;;
        privileged) want_privileged=$2 ;;
        group) want_groups="$want_groups $2" ;;
        sudofile) sudo_name=$2 ;;
        sudowish) sudo_wish=$2 ;;
        sudohead) sudo_head=$2 ;;
        sudorule) sudo_rule=$2 ;;
        granted) want_granted=$2 ;;
        undoof) undo_of=$2 ;;
        expectdigest) expect_digest=$2 ;;
        expectchanges) expect_changes=$2 ;;
    esac
}

run_request() {
    # $$ is the shell that reads the requests, also in here.
    read -r me rest </proc/self/stat
    say begin
    look_at_clock
    started=$clock
    start_watchdog
    if [ "$kind" = check ]; then check; fi
    if [ "$kind" = survey ]; then survey_owned; fi
    if ! is_word "$name" || ! is_word "$token"; then refuse failed RequestIncomplete; fi
    enter plan
    if [ "$kind" = plan ]; then plan; fi
    open_state
    take_lock
    check_fence
    replay
    read_mark
    lookup_account
    if [ "$kind" = undo ]; then undo; fi
    prove_ours
    case $kind in
        push) push ;;
        revoke) revoke ;;
        remove) remove ;;
    esac
    refuse failed RequestIncomplete
}

# Ends this script at its deadline, with everything it started. It holds neither the lock nor the channel, and ends with the script.
start_watchdog() {
    watch </dev/null >/dev/null 2>&1 9>&- &
    watchdog=$!
}

watch() {
    trap 'kill "$!" 2>/dev/null; exit 0' TERM
    sleep "$deadline" &
    wait "$!" || exit 0
    trap '' TERM
    # A reused process id is never signalled: a parent that is still ours, its parent, or our own group, which we are in.
    read -r self name_of state_of parent group rest </proc/self/stat || exit 0
    if [ "$parent" != "$me" ]; then exit 0; fi
    read -r self name_of state_of reader rest <"/proc/$me/stat" || exit 0
    leader=
    if [ "$reader" = "$$" ]; then read -r self name_of state_of leader rest <"/proc/$$/stat"; fi
    # Only a group that this script or its sudo leads: that of some other ssh server may hold the server itself.
    case $group:${SUDO_USER:-} in
        "$$":* | "$leader":?*)
            kill -s TERM 0
            sleep 3
            kill -s KILL 0
            ;;
    esac
    # The reader first: it must not begin another.
    if [ "$reader" = "$$" ]; then kill -s KILL "$$"; fi
    kill -s KILL "$me"
}

# Runs a command that may hang, for at most so many seconds and never beyond this script's own deadline.
# Plain KILL: of the signals, every timeout program can send that one, and a killed shadow tool leaves no lock that counts.
limited() {
    seconds=$1
    shift
    if ! command -v timeout >/dev/null 2>&1; then
        "$@"
        return
    fi
    look_at_clock
    if [ "$((deadline - clock + started))" -lt "$seconds" ]; then seconds=$((deadline - clock + started)); fi
    if [ "$seconds" -lt 1 ]; then seconds=1; fi
    timeout -s KILL "$seconds" "$@"
}

# Sets clock to the seconds since the machine started; no process is needed for that.
look_at_clock() {
    clock=0
    read -r clock rest 2>/dev/null </proc/uptime
    clock=${clock%%.*}
}

# Keeps the first lines of what a command said, to tell them if it failed. A file, since a daemon it starts would hold a pipe open.
quietly() {
    limited 120 "$@" >"$state/said" 2>&1 </dev/null
    take_said "$?"
}

# How it ended, and what is in the file.
take_said() {
    said= outcome=$1
    if [ "$outcome" -eq 0 ]; then return 0; fi
    { IFS= read -r said; IFS= read -r second; } <"$state/said"
    said="$said${second:+ / $second} (exit $outcome)"
    return "$outcome"
}

need() {
    for program in "$@"; do
        if command -v "$program" >/dev/null 2>&1; then continue; fi
        text tools "$program"
        refuse failed HostToolMissing
    done
}

is_number() {
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    [ "${#1}" -le 15 ]
}

# What may become a file name of ours.
is_word() {
    case $1 in '' | .* | *[!A-Za-z0-9._-]*) return 1 ;; esac
    [ "${#1}" -le 128 ]
}
