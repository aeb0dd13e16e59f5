# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# One claim, one question, several processes, memory and counts.

section_single() {
	echo "One durable claim by a whole process, $runs runs in turns. The floor appends to a file that"
	echo "grows; prealloc writes into space that is there already. naive, SQLite and jit keep every claim."
	echo
	prepare "$work/single"
	for each in floor prealloc empty-bare empty empty-cargo naive sqlite sqlite-plain acquire; do
		enter "$each" "$work/single"
	done
	run single -n "$runs"
	times single floor sqlite
}

section_status() {
	echo "A read-only command against Rust programs that do nothing: \`empty\` is linked like jit,"
	echo "\`empty-bare\` has no start-up of \`std\` either, \`empty-cargo\` is what cargo makes by default."
	echo
	prepare "$work/status"
	for each in empty empty-bare empty-cargo; do enter "$each" ''; done
	field+=(-- status)
	enter_jit "$work/status/repo" claim status name:warm
	run status -n "$runs"
	times status empty empty-bare
}

section_procs() {
	echo "Whole binaries in 1, 8 and 32 loops at once, median of $rounds rounds; \`empty\` claims nothing:"
	echo "it is the rate at which this machine starts and ends processes."
	echo
	prepare "$work/procs"
	for workers in 1 8 32; do
		for each in empty empty-bare floor prealloc naive sqlite acquire; do enter "$each" "$work/procs"; done
		run "procs-$workers" -p "$workers" -r "$rounds" -n $((runs * 8 / 10))
		rates "procs-$workers"
	done
}

section_memory() {
	local leases=100 n=20 warm=2
	echo "Peak memory (largest resident set of $n runs) and page faults with $leases live leases."
	echo
	repository "$work/memory/repo"
	for ((k = 0; k < leases; k++)); do # the first ones are there to be released, one a run
		jit "$work/memory/repo" agent:bench-0 claim acquire "name:live-$((first + k))" --ttl 24h \
			>/dev/null 2>&1 || break
	done
	enter acquire "$work/memory"
	for each in "renew name:live-$((first + leases - 1))" "release name:live-{n}" \
		"status name:live-$((first + leases - 1))"; do
		field+=(-- "${each%% *}")
		# shellcheck disable=SC2086
		enter_jit "$work/memory/repo" claim $each
	done
	run memory -n $((n - warm))
	echo '| memory | peak KiB | page faults | median µs |'
	echo '|---|---:|---:|---:|'
	awk -F'\t' '
		$2 != "ok" { printf "| %s | not measured (%s) |\n", $1, $3; next }
		{ printf "| %s | %d | %d | %.0f |\n", $1, $8, $9, $4 }' "$work/memory.tsv"
	echo
}

section_counts() {
	echo 'System calls of one `acquire` on a warm control plane, and of `status`.'
	echo
	prepare "$work/counts"
	echo '| counts | exec | flush | rename | truncate | unlink | threads | all system calls |'
	echo '|---|---:|---:|---:|---:|---:|---:|---:|'
	count acquire claim acquire name:traced --ttl 10m --json
	count status claim status name:warm
	echo
}

count() {
	local trace=$work/$1.trace
	if ! (cd "$work/counts/repo" && "${clean[@]}" JIT_AGENT_ID=agent:bench-0 \
		strace -f -o "$trace" "$bin/jit" "${@:2}" >/dev/null 2>"$work/said"); then
		echo "| $1 | not measured ($(tail -1 "$work/said")) |"
		return 0
	fi
	awk -v name="$1" '
		match($0, /^[0-9]+ +[a-z_0-9]+\(/) {
			call = substr($2, 1, index($2, "(") - 1)
			all++
			if (call ~ /^execve/) exec++
			if (call ~ /^(fsync|fdatasync|syncfs|sync|sync_file_range|msync)$/ || /(O|RWF)_D?SYNC/) flush++
			if (call ~ /^rename/) rename++
			if (call ~ /truncate|fallocate/ || /O_TRUNC/) truncate++
			if (call ~ /^(unlink|rmdir)/) unlink++
			if (call ~ /^(clone|fork|vfork)/) threads++
		}
		END {
			printf "| %s | %d | %d | %d | %d | %d | %d | %d |\n", name, exec, flush, rename,
				truncate, unlink, threads, all
		}' "$trace" | tee "$work/$1.counts"
}
