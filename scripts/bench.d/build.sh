# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# Builds whatever is compared, and sees that jit does its work.

build() {
	local c=(cc -std=gnu11 -Wall -Wextra -O2) src=$root/scripts/bench.d
	local rust=(rustc --edition 2024 -C opt-level=3)
	local alike=(-C panic=abort -C lto=fat -C codegen-units=1 -C strip=debuginfo
		-C target-feature=+crt-static -C link-arg=-no-pie -C link-arg=-static)
	mkdir -p "$bin" "$work/home"
	for each in floor naive spawner; do
		"${c[@]}" -static "$src/$each.c" -o "$bin/$each"
	done
	"${c[@]}" -static "$src/sqlite.c" -o "$bin/sqlite" -lsqlite3 -lm 2>"$work/said" ||
		echo "SQLite does not build here: $(tail -1 "$work/said")"
	# shellcheck disable=SC2046
	"${c[@]}" "$src/flushdisk.c" -o "$bin/flushdisk" \
		$(pkg-config --cflags --libs fuse3 2>/dev/null) 2>"$work/said" || true
	"${rust[@]}" "$src/empty.rs" -o "$bin/empty-cargo"
	"${rust[@]}" "${alike[@]}" "$src/empty.rs" -o "$bin/empty"
	"${rust[@]}" "${alike[@]}" "$src/empty_bare.rs" -o "$bin/empty-bare"

	(cd "$root" && cargo build --quiet --release --workspace --bins)
	cp "$target/release/jit" "$bin/jit"
	if [[ -e $root/crates/jit-store/examples/claim_loop.rs ]]; then
		(cd "$root" && cargo build --quiet --release -p jit-store --example claim_loop)
		cp "$target/release/examples/claim_loop" "$bin/"
	fi
}

# jit takes part only if it refuses what another agent holds: a program that does nothing is quick.
check_jit() {
	local status=0
	prepare "$work/check"
	jit "$work/check/repo" agent:a claim acquire name:probe >/dev/null 2>&1 || status=$?
	((status)) || jit "$work/check/repo" agent:b claim acquire name:probe >/dev/null 2>&1 || status=$?
	((status == 5)) && return
	echo "jit is not measured: it ended with $status where a second claim has to end with 5."
	echo
	printf '#!/bin/sh\necho "see above" >&2\nexit 70\n' >"$bin/jit"
}
