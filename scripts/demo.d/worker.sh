#!/usr/bin/env bash
# One agent of the demonstration, in its own worktree: claims an issue with its paths, edits, commits
# under the hooks, merges into main, says that it is done; until all is done. It may be killed at any
# point and started again.
#
# worker.sh NUMBER, in the environment that scripts/demo makes.
set -uo pipefail
me=w$1
export JIT_AGENT_ID=agent:$me
cd "$scratch/$me" || exit 1

note() { printf '%s %s %s\n' "$EPOCHREALTIME" "$me" "$*" >>"$scratch/events"; }

# What a killed git leaves: locks that are older than git ever holds one. Those of jit are no such thing.
tidy() {
    local round
    for round in $(seq 60); do
        find "$repo/.git" \( -name objects -o -name jit \) -prune -o -name '*.lock' -mmin +0.05 -exec rm -f {} +
        [ -e "$(git rev-parse --git-path index.lock)" ] || break
        sleep 0.1
    done
    git merge --abort 2>/dev/null
}

# merge BRANCH: into main, one at a time. Whoever comes in clears away what a killed one left.
merge() {
    jit run name:main --wait 30s --ttl 10s -- sh -c '
        cd "$1" && rm -f .git/index.lock
        git merge --abort 2>/dev/null
        git reset --quiet --hard && git clean --quiet -fd && git merge --quiet --no-edit "$2"' sh "$repo" "$1" >>"$scratch/$me.log" 2>&1
}

# After a kill: an issue's file that says that it is done is kept, and the log is told; an edit that never
# reached main is not kept: the lease that it was made under is another's by now, or will be.
recover() {
    tidy
    local file
    for file in $(git diff --name-only -- .jit/issues); do
        grep -q '"state": "done"' "$file" && jit claim release "$(basename "$file" .json)" --done >/dev/null 2>&1
    done
    jit doctor --fix >/dev/null 2>&1
    jit claim release --all >/dev/null 2>&1
    jit claim abandon >/dev/null 2>&1
    git add .jit && git diff --cached --quiet -- .jit || git commit --quiet -m "what $me left" -- .jit
    git reset --quiet --hard
    if git diff --name-only main...HEAD | grep -qv '^\.jit/'; then
        git reset --quiet --hard main
    else
        merge "$me"
    fi
}

# work LEASE ISSUE: an edit that says of which issue it is. One that was killed after it reached main has
# done its work.
work() {
    local lease=$1 issue=$2 file number
    read -r number file < <(sed -n 's/.*"title": "\([0-9]*\): \(.*\)".*/\1 \2/p' ".jit/issues/$issue.json")
    git merge --quiet --no-edit main || return 1
    if ! grep -q "^// issue $number," "$file"; then
        sleep 0.2
        echo "// issue $number, by $me" >>"$file"
        git commit --quiet -am "issue $number: $file" || return 1
        merge "$me" || return 1
    fi
    jit claim release "$lease" --done >/dev/null || return 1
    note "done $number"
    git add .jit && git commit --quiet -m "issue $number is done" && merge "$me"
}

recover 2>>"$scratch/$me.log"
# Nothing takes that long: what is stuck is told by the checks.
while [ "$SECONDS" -lt 120 ] && [ "$(grep -ls '"state": "done"' "$repo"/.jit/issues/*.json | wc -l)" != 60 ]; do
    git merge --quiet --no-edit main 2>>"$scratch/$me.log" || tidy
    got=
    while read -r area pattern; do
        claim=$(jit claim next --label "$area" --path "$pattern" --ttl 4s 2>>"$scratch/$me.log")
        case $? in
        0) got=1 ;;
        4) continue ;;
        5) note "busy $area" && continue ;;
        *) note "surprise: claim next" && continue ;;
        esac
        break
    done < <(shuf "$scratch/areas")
    if [ -z "$got" ]; then
        sleep 0.1
        continue
    fi
    issue=$(sed -n '1s/acquired \([^,]*\).*/\1/p' <<<"$claim")
    lease=$(sed -n 's/^  lease  //p' <<<"$claim")
    jit claim keep "$lease" --pid $$ >>"$scratch/$me.log" 2>&1 &
    work "$lease" "$issue" 2>>"$scratch/$me.log" || { note "failed" && recover 2>>"$scratch/$me.log"; }
done
