# Reads and writes the account's authorized_keys, always as the account's own user.
# Root never opens a path below a home: its owner could have put a link to anything there.

# The user's side. Each begins with a word that proves it runs at all; `odd` is anything but plain folders and files.
as_user_read='echo ready
cd "$GARRISON_HOME" 2>/dev/null || { echo nohome; exit; }
if [ -L .ssh ]; then echo odd; exit; fi
if [ ! -e .ssh ]; then echo none; exit; fi
cd .ssh 2>/dev/null || { echo odd; exit; }
if [ -L authorized_keys ]; then echo odd; exit; fi
if [ ! -e authorized_keys ]; then echo none; exit; fi
if [ ! -f authorized_keys ] || [ ! -r authorized_keys ]; then echo odd; exit; fi
echo file
exec head -c 262145 authorized_keys'

as_user_write='umask 077
cd "$GARRISON_HOME" || exit 11
if [ -L .ssh ]; then exit 12; fi
if [ ! -e .ssh ]; then mkdir -m 0700 .ssh || exit 13; fi
cd .ssh || exit 12
if [ -L authorized_keys ]; then exit 14; fi
rm -f .authorized_keys.garrison
cat >.authorized_keys.garrison || { rm -f .authorized_keys.garrison; exit 15; }
if [ "$(wc -l <.authorized_keys.garrison)" -ne "$GARRISON_LINES" ]; then rm -f .authorized_keys.garrison; exit 16; fi
chmod 0600 .authorized_keys.garrison && mv -f .authorized_keys.garrison authorized_keys || { rm -f .authorized_keys.garrison; exit 17; }
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$GARRISON_HOME/.ssh" >/dev/null 2>&1; fi
echo written'

# Runs a constant script as the account's user, with neither the lock nor our channel to Garrison in its hands.
as_user() {
    GARRISON_HOME=$home
    export GARRISON_HOME
    case $runner in
        setpriv) limited 15 setpriv --reuid "$uid" --regid "$gid" --init-groups -- /bin/sh -c "$1" 9>&- 2>/dev/null ;;
        runuser) limited 15 runuser -u "$name" -- /bin/sh -c "$1" 9>&- 2>/dev/null ;;
        su) limited 15 su -s /bin/sh "$name" -c "$1" 9>&- 2>/dev/null ;;
    esac
}

# Sets keys_file=none|file|nohome|odd|unreadable and keys_content. The first way to become the user that works is kept.
read_keys() {
    keys_content=
    for runner in ${runner:-setpriv runuser su}; do
        if ! command -v "$runner" >/dev/null 2>&1; then continue; fi
        answer=$(as_user "$as_user_read" </dev/null)
        case $answer in ready*) break ;; esac
    done
    case $answer in
        "ready${nl}file"*) keys_file=file keys_content=${answer#"ready${nl}file"} keys_content=${keys_content#"$nl"} ;;
        "ready${nl}none") keys_file=none ;;
        "ready${nl}nohome") keys_file=nohome ;;
        "ready${nl}odd") keys_file=odd ;;
        *) keys_file=unreadable ;;
    esac
    if [ "${#keys_content}" -gt 262000 ]; then keys_file=odd keys_content=; fi
}

# Sets keys_missing (lines `type blob`) of the wished, and keys_extra of those we once added and that are wished no longer.
compare_keys() {
    keys_missing= keys_extra=
    IFS=$nl
    for key in $want_keys; do
        case "$nl$keys_content$nl" in
            *"$nl$key$nl"* | *"$nl$key "*) ;;
            *) keys_missing="$keys_missing$key$nl" ;;
        esac
    done
    for key in $mark_keys; do
        case "$nl$want_keys" in *"$nl$key$nl"*) continue ;; esac
        case "$keys_content" in *"$key"*) keys_extra="$keys_extra$key$nl" ;; esac
    done
    IFS=$blanks
}

# The keys that will be ours: of the wished, those that were ours or are about to be added.
keys_to_mark() {
    marked=
    IFS=$nl
    for key in $want_keys; do
        case "$nl$mark_keys$keys_missing" in *"$nl$key$nl"*) marked="$marked$key$nl" ;; esac
    done
    IFS=$blanks
}

# Writes the file anew: every line of the user's own stays as it is. The count of lines tells the user's side a whole file from a torn one.
write_keys() {
    content= GARRISON_LINES=0
    if [ -n "$keys_content" ]; then keep_other_lines; fi
    IFS=$nl
    for key in $keys_missing; do
        for line in $want_key_lines; do
            case $line in "$key" | "$key "*)
                content="$content$line$nl"
                GARRISON_LINES=$((GARRISON_LINES + 1))
                ;;
            esac
        done
    done
    IFS=$blanks
    if [ "$GARRISON_LINES" -eq 0 ]; then GARRISON_LINES=1; fi
    export GARRISON_LINES
    wrote=$(as_user "$as_user_write" <<GARRISON_CONTENT
${content%"$nl"}
GARRISON_CONTENT
    )
    said="writing .ssh/authorized_keys as $name ended with code $?"
    [ "$wrote" = written ]
}

keep_other_lines() {
    while IFS= read -r line; do
        if is_extra "$line"; then continue; fi
        content="$content$line$nl"
        GARRISON_LINES=$((GARRISON_LINES + 1))
    done <<GARRISON_KEYS
$keys_content
GARRISON_KEYS
}

is_extra() {
    case $1 in '#'*) return 1 ;; esac
    IFS=$nl
    for key in $keys_extra; do
        case " $1 " in *" $key "*)
            IFS=$blanks
            return 0
            ;;
        esac
    done
    IFS=$blanks
    return 1
}
