# Speaks to Garrison: every line is marked with the attempt's nonce, so nothing else on this channel can pass for it.
# It collects the answer while the work goes on; only state.sh writes it down.

say() {
    printf '@garrison1 %s %s\n' "$nonce" "$1" 2>/dev/null
}

enter() {
    stage=$1
    say "stage $1"
}

# A line of the answer, kept twice: as it is spoken and as it is recorded.
add() {
    spoken="${spoken}@garrison1 $nonce $1$nl"
    record="$record$1$nl"
}

changed() {
    changes="$changes $1"
    add "change $1"
}

# Numbers and words of our own only; text that the host made goes through `text`.
fact() {
    add "fact $1 $2"
}

# Free text: it may hold anything, so it travels as base64.
text() {
    encoded=
    for part in $(printf '%.600s' "$2" | base64); do encoded=$encoded$part; done
    add "text $1 $encoded"
}

# Said once, right before the first change to the host's accounts.
begin_writing() {
    enter apply
    say writing
}

# Ends the attempt without a record: outcome, reason.
refuse() {
    printf '%s' "$spoken" 2>/dev/null
    say "result $1 $stage $2"
    finish
}

# Ends the attempt with a record that a retry will be answered from: outcome, reason.
settle() {
    if ! keep_record "result $1 $stage $2" "$1"; then
        case $1 in changed) refuse failed RecordNotKept ;; esac
        refuse_for_disk StateNotWritten
    fi
    printf '%s' "$spoken" 2>/dev/null
    say "result $1 $stage $2"
    finish
}

finish() {
    say end
    if [ -n "$watchdog" ]; then kill "$watchdog" 2>/dev/null; fi
    exit 0
}
