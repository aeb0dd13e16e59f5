# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# The same with a long history and with many leases.

scoped=10000
[[ $smoke ]] && scoped=500

# fill REPOSITORY MODE COUNT [PATHS]: through the library, as whole processes would take too long
fill() {
	[[ -x $bin/claim_loop ]] || { echo 'no example claim_loop' >"$work/said" && return 1; }
	timeout 900 "$bin/claim_loop" --dir "$1/.git/jit" --mode "$2" \
		--count "$3" --paths "${4:-0}" --workers 32 --prefix "fill-$3" >/dev/null 2>"$work/said"
}

section_history() {
	echo "Acquire after so many operations in the log (claims made and released)."
	echo
	for operations in 0 10000 1000000; do
		local place=$work/history-$operations
		repository_with "$place" acquire-release "$operations" || continue
		enter acquire "$place" "$operations"
	done
	run_grown history
}

section_live() {
	echo "Acquire among so many live leases (those of the measurement itself come on top)."
	echo
	for leases in 0 1000 10000; do
		local place=$work/live-$leases
		repository_with "$place" acquire "$leases" || continue
		enter acquire "$place" "$leases"
	done
	run_grown live
}

section_paths() {
	echo "Checking one path, where nobody holds any and against $scoped leases of 20 globs each, in a"
	echo "thousand directories: \`beside\` meets the 200 globs of its directory."
	echo
	mkdir -p "$work/paths-0"
	repository "$work/paths-0/repo"
	repository_with "$work/paths" acquire "$scoped" 20 || return 0
	field+=(-- empty "$bin/empty")
	field+=(-- none)
	enter_jit "$work/paths-0/repo" claim check d7/a.rs
	field+=(-- beside)
	enter_jit "$work/paths/repo" claim check d7/a.rs
	field+=(-- apart)
	enter_jit "$work/paths/repo" claim check elsewhere/a.rs
	run paths -n $((runs / 4))
	times paths empty
}

# repository_with PLACE MODE COUNT [PATHS], and is it so?
repository_with() {
	local there=0 count=$3
	mkdir -p "$1"
	repository "$1/repo"
	((count)) || return 0
	if [[ $2 == acquire-release ]]; then
		fill "$1/repo" "$2" $((count / 2)) &&
			there=$(grep -ao '"seq":[0-9]*' "$1/repo/.git/jit/claims.jsonl" | tail -1 | tr -dc 0-9)
	else
		fill "$1/repo" "$2" "$count" "${4:-0}" &&
			there=$(jit "$1/repo" agent:bench-0 claim list --json | grep -o '"lease_id"' | wc -l)
	fi
	((${there:-0} >= count)) && sync -f "$1" && return
	echo "$count: not measured (${there:-0} there; $(tail -1 "$work/said"))"
	echo
	return 1
}

run_grown() {
	run "$1" -n $((runs / 4))
	times "$1" 0
}
