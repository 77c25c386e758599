# Reads and writes the account's authorized_keys, always as the account's own user.
# Root never opens a path below a home: its owner could have put a link to anything there.

# The user's side. Each begins with a word that proves it runs at all; `odd` is anything but plain folders and files.
as_user_read='echo ready
cd "$GARRISON_HOME" 2>/dev/null || { [ -d "$GARRISON_HOME" ] || echo nohome; exit; }
if [ -L .ssh ]; then echo odd; exit; fi
if [ ! -e .ssh ]; then echo nofolder; exit; fi
cd .ssh 2>/dev/null || { echo odd; exit; }
if [ -L authorized_keys ]; then echo odd; exit; fi
if [ ! -e authorized_keys ]; then echo none; exit; fi
if [ ! -f authorized_keys ] || [ ! -r authorized_keys ]; then echo odd; exit; fi
ls -ldn .. . authorized_keys
echo file
exec cat authorized_keys'

as_user_write='umask 077
cd "$GARRISON_HOME" || exit 11
if [ -L .ssh ]; then exit 12; fi
if [ ! -e .ssh ]; then mkdir -m 0700 .ssh || exit 13; fi
cd .ssh || exit 12
if [ -L authorized_keys ]; then exit 14; fi
rm -f .authorized_keys.garrison
cat >.authorized_keys.garrison || { rm -f .authorized_keys.garrison; exit 15; }
if [ "$(wc -c <.authorized_keys.garrison)" -ne "$GARRISON_BYTES" ]; then rm -f .authorized_keys.garrison; exit 16; fi
chmod "$GARRISON_MODE" .authorized_keys.garrison && mv -f .authorized_keys.garrison authorized_keys || { rm -f .authorized_keys.garrison; exit 17; }
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$GARRISON_HOME/.ssh" >/dev/null 2>&1; fi
echo written'

# The mode on a line of its own, then the file to the byte.
as_user_keep='cd "$GARRISON_HOME/.ssh" || exit 12
if [ -L authorized_keys ]; then exit 14; fi
set -- $(ls -ldn authorized_keys)
printf "%s\n" "$1"
exec cat authorized_keys'

# Runs a constant script as the account's user, with neither the lock nor our channel to Garrison in its hands.
# That process is the user's: it can be stopped, and its descriptors taken and kept. So it reads a plain file, never a pipe
# that someone of ours writes to, and what it writes goes through a reader of root's that has its own limits.
as_user() {
    GARRISON_HOME=$home
    export GARRISON_HOME
    case $runner in
        setpriv) limited 15 setpriv --reuid "$uid" --regid "$gid" --init-groups -- /bin/sh -c "$1" 9>&- 2>/dev/null ;;
        runuser) limited 15 runuser -u "$name" -- /bin/sh -c "$1" 9>&- 2>/dev/null ;;
        su) limited 15 su -s /bin/sh "$name" -c "$1" 9>&- 2>/dev/null ;;
    esac
}

# Sets keys_file=none|file|nohome|odd|unreadable, keys_folder=no where there is none yet, keys_content, and keys_modes: how its home,
# folder and file are listed. The first way to become the user that works is kept.
read_keys() {
    keys_content= keys_modes= keys_folder=yes
    for runner in ${runner:-setpriv runuser su}; do
        if ! command -v "$runner" >/dev/null 2>&1; then continue; fi
        # Out of time: something holds the other end, and another way to become the user would change nothing.
        if ! answer=$(as_user "$as_user_read" </dev/null | heard_from_user); then
            answer=
            break
        fi
        case $answer in ready*) break ;; esac
        say waiting
    done
    case $answer in
        "ready${nl}none") keys_file=none ;;
        "ready${nl}nofolder") keys_file=none keys_folder=no ;;
        "ready${nl}nohome") keys_file=nohome ;;
        "ready${nl}odd") keys_file=odd ;;
        "ready$nl"*) split_answer ;;
        *) keys_file=unreadable ;;
    esac
    if [ "${#keys_content}" -gt 262000 ]; then keys_file=odd keys_content=; fi
}

# The listing ends where the file begins: the user has no word in it, and no line of it is this one alone.
split_answer() {
    rest=${answer#ready}$nl keys_file=unreadable
    case $rest in *"${nl}file$nl"*) ;; *) return ;; esac
    keys_file=file
    keys_modes=${rest%%"${nl}file$nl"*}
    keys_content=${rest#*"${nl}file$nl"}
    keys_content=${keys_content%"$nl"}
}

# After read_keys: none, nofolder, or the mode and the file to the byte.
print_keys_exactly() {
    case $keys_file:$keys_folder in
        file:*) as_user "$as_user_keep" </dev/null | heard_from_user ;;
        none:no) echo nofolder ;;
        none:*) echo none ;;
    esac
}

heard_from_user() {
    limited 16 head -c 263000 9>&-
}

# Sets keys_missing (lines `type blob`) of the wished, and keys_extra of those we once added and that are wished no longer.
compare_keys() {
    keys_missing= keys_extra= keys_other=0
    if [ "$leave_keys" = yes ]; then return; fi
    IFS=$nl
    for key in $want_keys; do
        case "$nl$keys_content$nl" in
            *"$nl$key$nl"* | *"$nl$key "*) ;;
            *) keys_missing="$keys_missing$key$nl" ;;
        esac
    done
    for key in $mark_keys; do
        case "$nl$want_keys" in *"$nl$key$nl"*) continue ;; esac
        case "$keys_content" in *"${key#* }"*) if holds_key "$key"; then keys_extra="$keys_extra$key$nl"; fi ;; esac
    done
    IFS=$blanks
    if [ "$strict" = yes ]; then count_other_keys; fi
}

# Is there a line with this key that is not a comment?
holds_key() {
    key_patterns "$1"
    printf '%s\n' "$keys_content" 2>/dev/null | grep -e "$patterns" >/dev/null
}

# Sets patterns for grep: its base64 as a word of its own says which key it is, whatever blanks, options or carriage return stand around it.
key_patterns() {
    patterns=
    IFS=$nl
    for searched in $1; do
        blob=${searched#* }
        patterns="$patterns${patterns:+$nl}^[^#].*[$gaps]$blob[$gaps]$nl^[^#].*[$gaps]$blob\$"
    done
    IFS=$blanks
}

# The keys that will be ours: of the wished, those that were ours or are about to be added.
keys_to_mark() {
    marked=
    if [ "$strict" = yes ]; then
        marked=$want_keys
        return
    fi
    if [ "$leave_keys" = yes ]; then
        marked=$mark_keys
        return
    fi
    IFS=$nl
    for key in $want_keys; do
        case "$nl$mark_keys$keys_missing" in *"$nl$key$nl"*) marked="$marked$key$nl" ;; esac
    done
    IFS=$blanks
}

# Writes the file anew: every line of the user's own stays as it is. The count of bytes tells the user's side a whole file from a torn one.
write_keys() {
    keep_keys || return 1
    content= said='the file could not be searched'
    if [ "$strict" = yes ]; then keys_missing=$want_keys keys_content=; fi
    if [ -n "$keys_content" ]; then keep_other_lines || return 1; fi
    IFS=$nl
    for key in $keys_missing; do
        for line in $want_key_lines; do
            case $line in "$key" | "$key "*) content="$content$line$nl" ;; esac
        done
    done
    IFS=$blanks
    said="the new keys could not be kept in $state"
    # A new file each time: the user of before may have kept the old one open.
    rm -f "$state/keys"
    printf '%s' "$content" 2>/dev/null >"$state/keys" || return 1
    hand_keys_over 0600
}

# What is in our file becomes the user's, with this mode; and our file is gone.
hand_keys_over() {
    GARRISON_MODE=$1
    GARRISON_BYTES=$(wc -c <"$state/keys")
    export GARRISON_MODE GARRISON_BYTES
    wrote=$({ as_user "$as_user_write" <"$state/keys"; echo "code $?"; } | heard_from_user)
    rm -f "$state/keys"
    outcome=${wrote##*"$nl"}
    said="writing .ssh/authorized_keys as $name ended with ${outcome:-no answer}"
    [ "$wrote" = "written${nl}code 0" ]
}

# By grep and not line by line: the user may have written a hundred thousand.
keep_other_lines() {
    content=$keys_content$nl
    if [ -z "$keys_extra" ]; then return 0; fi
    key_patterns "$keys_extra"
    content=$(printf '%s' "$content" | grep -v -e "$patterns")
    if [ "$?" -gt 1 ]; then return 1; fi
    content=$content${content:+$nl}
}
