# The account's own file under /etc/sudoers.d, checked before it is moved into place.
# It never edits /etc/sudoers and never overwrites a file that our mark does not know.

sudo_folder=/etc/sudoers.d

# Sets sudo_todo=none|write|remove. Ends the attempt where the rule could not take effect or would replace a stranger's file.
compare_sudo() {
    sudo_todo=none
    find_sudo_file
    case $sudo_wish:$sudo_found in
        none:ours) sudo_todo=remove ;;
        none:*) ;;
        *:foreign) refuse conflict SudoFileForeign ;;
        *:absent) sudo_todo=write ;;
        *:ours) if ! sudo_is_right; then sudo_todo=write; fi ;;
    esac
}

# Sets sudo_path and sudo_found=absent|ours|foreign.
find_sudo_file() {
    sudo_found=absent
    sudo_path=$sudo_folder/$sudo_name
    if [ -e "$sudo_path" ] || [ -L "$sudo_path" ]; then sudo_found=foreign; fi
    if [ "$sudo_found" = foreign ] && [ "$mark_sudo" = yes ] && [ ! -L "$sudo_path" ] && [ -f "$sudo_path" ]; then sudo_found=ours; fi
}

sudo_is_right() {
    head= rule= more=
    { IFS= read -r head; IFS= read -r rule; IFS= read -r more; } <"$sudo_path"
    [ "$head" = "$sudo_head" ] && [ "$rule" = "$sudo_rule" ] && [ -z "$more" ] && [ "$sudo_mode" = '-r--r----- 0 0' ]
}

# Before anything is changed: would a rule be read, and is what is there now sound?
check_sudo() {
    if [ "$sudo_wish" = none ]; then return; fi
    find_sudo_means
    if [ "$sudo_means" = missing ]; then refuse failed SudoMissing; fi
    if [ "$sudo_todo" != write ]; then return; fi
    if [ "$sudo_means" = notIncluded ]; then refuse failed SudoersNotIncluded; fi
    if ! sudoers_are_sound; then
        text said "$said"
        refuse failed SudoersBroken
    fi
}

# Sets sudo_means=missing|notIncluded|ok: are the programs there, and would a file of ours be read?
find_sudo_means() {
    sudo_means=missing
    if ! command -v sudo >/dev/null 2>&1 || ! command -v visudo >/dev/null 2>&1; then return; fi
    sudo_means=notIncluded
    if [ ! -d "$sudo_folder" ] || [ -L "$sudo_folder" ]; then return; fi
    while read -r word rest; do
        case $word:$rest in
            '#includedir:/etc/sudoers.d'* | '@includedir:/etc/sudoers.d'* | '@includedir:sudoers.d'*) sudo_means=ok ;;
        esac
    done 2>/dev/null </etc/sudoers
}

# Checks the whole set. A mode other than 0440 is a complaint of visudo alone; sudo reads such a file all the same.
sudoers_are_sound() {
    said=
    if verdict=$(limited 30 visudo -c 2>&1); then return 0; fi
    said='visudo -c failed'
    while IFS= read -r line; do
        case $line in
            '') ;;
            *': parsed OK') ;;
            *': bad permissions, should be mode 0440') said= ;;
            *)
                said=$line
                return 1
                ;;
        esac
    done <<GARRISON_VERDICT
$verdict
GARRISON_VERDICT
    [ -z "$said" ]
}

# A name with a dot is ignored by sudo, so the unchecked file is never in force.
write_sudo() {
    unchecked=$sudo_folder/.garrison.new
    rm -f "$unchecked"
    said='the file could not be written'
    printf '%s\n%s\n' "$sudo_head" "$sudo_rule" 2>/dev/null >"$unchecked" &&
        chmod 0440 "$unchecked" &&
        quietly visudo -c -q -f "$unchecked" &&
        sync "$unchecked" 2>/dev/null &&
        mv -f "$unchecked" "$sudo_path" && return 0
    rm -f "$unchecked"
    return 1
}
