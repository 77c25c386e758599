# A plan: tells what is there, and changes nothing: no state folder is made, no fence is moved, and nothing is recorded.
# It waits for whoever is at work here, so that no half-done push is taken for the host's state.

plan() {
    if [ -e "$state" ] || [ -L "$state" ]; then
        check_state
        share_lock
    fi
    read_mark
    lookup_account
    if [ -n "$undo_of" ]; then tell_undo; else gather_facts; fi
    tell_facts
    refuse unchanged PlanMade
}

tell_facts() {
    printf '%s%sdigest %s\n' "$facts" "$mentions" "${digest:-}" | base64 | while IFS= read -r line; do say "know $line"; done
}

share_lock() {
    if [ ! -e "$state/lock" ] || ! command -v flock >/dev/null 2>&1; then return; fi
    exec 9<"$state/lock"
    await_lock -s
}
