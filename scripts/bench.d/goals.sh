# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# Section 7 of the design, against what was measured.

# goal TEXT MEASURED UNIT '<='|'>=' LIMIT
goal() {
	local met
	met=$(calc %d "(a $4 b)" "$2" "$5")
	if [[ ! $met ]]; then
		echo "| $1 | not measured | |"
	else
		echo "| $1 | $2 $3 | $([[ $met == 1 ]] && echo yes || echo "**no**") |"
	fi
}

over() { calc %.2f a/b "$(get "$1" "$2" "$4")" "$(get "$1" "$3" "$4")"; }

print_goals() {
	local bare each at
	echo '| goal | measured | met |'
	echo '|---|---:|---|'
	goal 'acquire ≤ 1.5 × floor' "$(over single acquire floor $median)" '×' '<=' 1.5
	goal 'acquire ≤ ½ of the best of SQLite' "$(over single acquire sqlite $median)" '×' '<=' 0.5
	goal 'acquire, 1 ms flush: one flush and ≤ 500 µs' \
		"$(calc %.0f a-b "$(get slow acquire $median)" "$flush")" 'µs on top' '<=' 500
	goal 'acquire after 1,000,000 operations ≤ 1.2 × empty' "$(over history 1000000 0 $median)" '×' '<=' 1.2
	goal 'acquire among 10,000 leases ≤ 1.2 × empty' "$(over live 10000 0 $median)" '×' '<=' 1.2
	goal '`status` ≤ 1.3 × empty Rust linked alike' "$(over status status empty $median)" '×' '<=' 1.3
	bare=$(over status status empty-bare $median)
	goal '`status` ≤ 1.3 × the same without start-up of std' "$bare" '×' '<=' 1.3
	goal 'library, 32 processes, 1 ms flush ≥ 15 × one fsync at a time' "${library_ratio[slow]-}" '×' '>=' 15
	goal '32 processes, whole binary ≥ 5/7 of the rate of the floor' "$(over procs-32 acquire floor $rate)" '×' '>=' 0.714
	goal '32 processes, whole binary, ≥ 5,000/s' "$(get procs-32 acquire $rate)" '/s' '>=' 5000
	goal '32 processes, whole binary, 1 ms flush ≥ 5,000/s' "$(get slow-32 acquire $rate)" '/s' '>=' 5000
	for each in available available-json linked next; do
		goal "$each among $many_issues issues ≤ 50 ms" "$(calc %.1f a/1000*b "$(get issues "$each" $median)" 1)" ms '<=' 50
	done
	goal "\`claim check\` of a path against $scoped leases of 20 globs ≤ 2 ms" "$(calc %.2f a/1000*b "$(get paths beside $median)" 1)" ms '<=' 2
	goal '`claim check` ≤ 1.3 × empty Rust linked alike' "$(over paths none empty $median)" '×' '<=' 1.3
	for each in claude claude-free; do
		goal "\`jit hook claude\` (\`$each\`) ≤ 5 ms" "$(calc %.2f a/1000*b "$(get verdicts "$each" $median)" 1)" ms '<=' 5
	done
	goal '`jit hook pre-commit` ≤ 5 ms besides Git' "$(calc %.2f '(a-b)/1000' "$(get verdicts pre-commit $median)" "$(get verdicts git $median)")" ms '<=' 5
	for each in acquire renew release status; do
		goal "peak memory of $each, 100 leases ≤ 8192 KiB" "$(get memory $each $rss)" KiB '<=' 8192
	done
	at=3
	for each in 'exec 1' 'flush 1' 'rename 0' 'truncate 0' 'unlink 0'; do
		goal "one acquire: ${each% *} ≤ ${each#* }" "$(counted $at)" '' '<=' "${each#* }"
		at=$((at + 1))
	done
	goal 'one acquire: system calls ≤ 100' "$(counted 9)" '' '<=' 100
	goal 'one acquire: page faults ≤ 80' "$(get single acquire $faults)" '' '<=' 80
}

counted() { [[ ! -e $work/acquire.counts ]] || cut -d'|' -f"$1" "$work/acquire.counts" | tr -d ' '; }

# all_measured: fails if a part of a smoke run says nothing
all_measured() {
	local each missing=()
	for each in single/{floor,prealloc,naive,empty,acquire} status/{empty,status} \
		procs-32/{floor,naive,acquire} issues/{available,available-json,linked,next} \
		verdicts/{claude,claude-free,git,pre-commit} memory/{acquire,renew,release,status}; do
		[[ $(get "${each%/*}" "${each#*/}" $median) ]] || missing+=("$each")
	done
	[[ $(counted 9) ]] || missing+=(counts/acquire)
	((!${#missing[@]})) || { echo "Not measured: ${missing[*]}" >&2 && return 1; }
}
