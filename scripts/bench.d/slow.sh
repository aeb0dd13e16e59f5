# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# The same where a flush takes 1 ms, and through the library.

# A file served through FUSE, where a flush takes 1 ms, under a loop device with ext4.
slow_disk() {
	! mountpoint -q "$work/slow" || return 0
	((EUID == 0)) || { echo 'needs root' && return 1; }
	[[ -x $bin/flushdisk ]] || { echo "flushdisk does not build: $(tail -1 "$work/said")" && return 1; }
	local memory=/dev/shm
	[[ -d $memory ]] || memory=$work
	image=$(mktemp "$memory/bench-XXXXXX")
	mkdir -p "$work/fuse" "$work/slow"
	truncate -s 2G "$image" && "$bin/flushdisk" "$image" "$work/fuse" &&
		loop_device=$(losetup --find --show --direct-io=on "$work/fuse/disk") &&
		mkfs.ext4 -q -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 "$loop_device" &&
		mount "$loop_device" "$work/slow"
} >"$work/slow-said" 2>&1

section_slow() {
	echo 'The same on a disk whose flush takes 1 ms (ext4 with a journal, loop device, FUSE).'
	echo
	if ! slow_disk; then
		printf 'Not measured: %s\n\n' "$(tail -1 "$work/slow-said")"
		return
	fi
	local place=$work/slow/bench contenders=() workers
	prepare "$place"
	for each in floor prealloc naive sqlite acquire; do enter "$each" "$place"; done
	run slow-seen -n 9
	for each in floor prealloc naive sqlite acquire; do
		local least
		least=$(get slow-seen "$each" $min)
		if [[ $least && ${least%.*} -ge 1000 ]]; then
			contenders+=("$each")
		else
			echo "$each: not measured (one operation took ${least:-no} µs)"
			echo
		fi
	done
	for each in "${contenders[@]}"; do enter "$each" "$place"; done
	field+=(-- 'prealloc ×21' "$bin/floor" "$place/floor" prealloc "{n}" 21)
	run slow -n $((runs / 5))
	times slow floor sqlite
	flush=$(calc %.0f "(a - b) / 20" "$(get slow 'prealloc ×21' $median)" "$(get slow prealloc $median)")
	echo "One flush and its write take $flush µs there (a process with 21 claims against one with 1)."
	echo
	for workers in 8 32; do
		for each in empty-bare "${contenders[@]}"; do enter "$each" "$place"; done
		run "slow-$workers" -p "$workers" -r 3 -n $((runs * 4 / 10))
		rates "slow-$workers"
	done
}

section_library() {
	echo '32 processes that loop durable claims through the library, without the start of a process.'
	echo
	echo '| library, 32 processes | where | claims/s | × naive |'
	echo '|---|---|---:|---:|'
	prepare "$work/library"
	loops here "$work/library"
	if slow_disk; then
		prepare "$work/slow/library"
		loops slow "$work/slow/library"
	else
		echo "| all | slow | not measured: $(tail -1 "$work/slow-said") |"
	fi
	echo
}

loops() {
	local count=50 place=$2 each said
	local -A made
	field+=(-- naive "$bin/naive" "$place/naive" "n{i}" "$count"
		-- floor "$bin/floor" "$place/floor" append "$count"
		-- prealloc "$bin/floor" "$place/floor" prealloc "{n}" "$count")
	run "library-$1" -p 32 -r 3 -n 32
	for each in naive floor prealloc; do
		made[$each]=$(calc %.0f 'a * b' "$(get "library-$1" "$each" $rate)" "$count")
	done
	said=$([[ -x $bin/claim_loop ]] && timeout 300 "$bin/claim_loop" --dir "$place/repo/.git/jit" \
		--mode acquire --count $((runs * 10)) --workers 32 --prefix loop 2>&1) || said=''
	made[jit]=$(grep -oE '[0-9.]+ ops/s' <<<"$said" | cut -d' ' -f1) || true
	for each in naive floor prealloc jit; do
		echo "| $each | $1 | ${made[$each]:-not measured} | $(calc %.1f a/b "${made[$each]}" "${made[naive]}") |"
	done
	library_ratio[$1]=$(calc %.1f a/b "${made[jit]}" "${made[naive]}")
}
declare -A library_ratio
flush=''
