# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# What is measured, and how one enters the field of the next run.

clean=(env -i PATH="$PATH" HOME="$work/home" LC_ALL=C)

jit() { (cd "$1" && "${clean[@]}" JIT_AGENT_ID="$2" "$bin/jit" "${@:3}"); }

repository() {
	git init --quiet "$1"
	jit "$1" agent:bench-0 init >/dev/null 2>&1 || true
	jit "$1" agent:bench-0 claim acquire name:warm --ttl 24h >/dev/null 2>&1 || true
}

prepare() {
	mkdir -p "$1/floor" "$1/naive"
	"$bin/floor" "$1/floor" init
	"$bin/naive" "$1/naive" init
	for each in best plain; do
		[[ -x $bin/sqlite ]] && "$bin/sqlite" "$1/$each.db" init
	done
	repository "$1/repo"
	sync -f "$1"
}

# enter NAME PLACE [LABEL]: adds a contender to the field of the next run
enter() {
	local here=${3:-$1}
	field+=(-- "$here")
	case $1 in
	floor) field+=("$bin/floor" "$2/floor" append) ;;
	prealloc) field+=("$bin/floor" "$2/floor" prealloc "{n}") ;;
	naive) field+=("$bin/naive" "$2/naive" "n{i}") ;;
	sqlite) field+=("$bin/sqlite" "$2/best.db" "n{i}" "agent:bench-{w}") ;;
	sqlite-plain) field+=("$bin/sqlite" "$2/plain.db" "n{i}" "agent:bench-{w}" plain) ;;
	empty*) field+=("$bin/$1") ;;
	acquire) enter_jit "$2/repo" claim acquire "name:bench-{i}" --ttl 10m --json ;;
	esac
}

enter_jit() { field+=(-C "$1" "JIT_AGENT_ID=agent:bench-{w}" "$bin/jit" "${@:2}"); }
