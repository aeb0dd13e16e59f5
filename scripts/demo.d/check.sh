# What came of it, for scripts/demo, in the main worktree.

# The numbers of the issues that were done, in the order of the log.
done_in_order() {
    sed -n 's/.*"op":"end".*"issue":"\([^"]*\)","outcome":"done".*/\1/p' .git/jit/claims.jsonl |
        while read -r id; do number_of "$id"; done
}
number_of() { sed -n 's/.*"title": "\([0-9]*\): .*/\1/p' ".jit/issues/$1.json"; }
order=$(done_in_order)

# Each issue is done, once.
[ "$(grep -l '"state": "done"' .jit/issues/*.json | wc -l)" = 60 ] ||
    fail "not all issues are done in main: $(jit query all | grep -v ' done ')"
[ "$(jit query all --json | grep -o '"state": *"done"' | wc -l)" = 60 ] || fail "jit does not say that all are done"
[ "$(sort -n <<<"$order")" = "$(seq 60)" ] || fail "not each issue was done once: $(sort -n <<<"$order" | diff - <(seq 60))"

# Every edit is in main, once, and in no worktree only.
for number in $(seq 60); do
    found=$(grep -rch "^// issue $number, by" README.md dev crates | awk '{ n += $1 } END { print n }')
    [ "$found" = 1 ] || fail "the edit of issue $number is in main $found times"
done
grep -q '^By a person' README.md || fail "the person's edit is not in main"
for n in w1 w2 w3 w4 w5 w6 w7 w8; do
    [ -z "$(git -C "$scratch/$n" status --porcelain)" ] || fail "$n has changes that nobody committed"
    [ -z "$(git rev-list "main..$n")" ] || fail "$n has commits that are not in main"
done

# In an order that respects what waits for what.
for number in $order; do
    file=$(grep -l "\"title\": \"$number: " .jit/issues/*.json)
    for on in $(sed -n '/"dependencies"/,/\]/p' "$file" | grep -o '[0-9a-f]\{8\}-[0-9a-f-]*'); do
        awk -v a="$(number_of "$on")" -v b="$number" '$1 == a { seen = 1 } $1 == b { exit !seen }' <<<"$order" ||
            fail "issue $number was done before $(number_of "$on"), for which it waited"
    done
done

# The zombie was stopped, and nothing of it is anywhere.
grep -q 'zed goes on, and is stopped' "$scratch/events" || fail "the zombie was not stopped"
[ -z "$(git log --all --format=%h --grep 'by a zombie')" ] || fail "the zombie's commit is on a branch"
! grep -q surprise "$scratch/events" || fail "$(grep surprise "$scratch/events")"

# Nothing is held, and the control plane is in order.
[ "$(jit claim list --json | grep -o lease_id | wc -l)" = 0 ] || fail "leases were left"
jit doctor >"$scratch/doctor" || fail "$(cat "$scratch/doctor")"

# What happened, and who did how much.
printf '\n  time  what\n'
awk -v began="$began" '$2 != "done" && $3 != "done" && $3 != "busy" {
    t = $1 - began; $1 = ""; printf "%5.1fs %s\n", t, $0 }' < <(sort -n "$scratch/events")
printf '\n  agent  done  had to take something else  killed\n'
for n in w1 w2 w3 w4 w5 w6 w7 w8; do
    count() { grep -c "^[0-9.]* $n $1" "$scratch/events" || true; }
    printf '  %-5s %5s %27s %7s\n' "$n" "$(count done)" "$(count busy)" "$(count 'is killed')"
done
evicted=$(grep -ac '"op":"auto-evict"' .git/jit/claims.jsonl || true)
printf '\n60 issues done, each once; %s edits in main; %s leases lapsed; %s leases granted; %.0f s.\n' \
    "$(grep -rhc '^// issue [0-9]*, by' README.md dev crates | awk '{ n += $1 } END { print n }')" "$evicted" \
    "$(grep -ac '"op":"acquire"' .git/jit/claims.jsonl)" "$(awk "BEGIN { print $EPOCHREALTIME - $began }")"
