# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# The same among many issues.

many_issues=10000
[[ $smoke ]] && many_issues=1000

section_issues() {
	local place=$work/issues
	echo "Among $many_issues issues, all of them committed; two thirds are ready, some wait for others."
	echo
	repository "$place/repo"
	issue_files "$place/repo/.jit/issues"
	"${clean[@]}" git -C "$place/repo" add .jit
	"${clean[@]}" git -C "$place/repo" -c user.name=b -c user.email=b@b commit --quiet -m issues
	# One that only ever reads: nothing makes it a place for its cache but that.
	"${clean[@]}" git -C "$place/repo" worktree add --quiet "$place/linked"
	# A file that changed a moment ago is not kept in the cache.
	sleep 3
	for each in repo linked; do
		jit "$place/$each" agent:bench-0 query available >/dev/null 2>"$work/said" || true
	done
	field+=(-- empty "$bin/empty" -- available)
	enter_jit "$place/repo" query available
	field+=(-- available-json)
	enter_jit "$place/repo" query available --json
	field+=(-- linked)
	enter_jit "$place/linked" query available
	field+=(-- next)
	enter_jit "$place/repo" claim next
	run issues -n $((runs / 20))
	times issues empty
}

# issue_files DIR
issue_files() {
	mkdir -p "$1"
	awk -v dir="$1" -v count="$many_issues" 'BEGIN {
		for (i = 1; i <= count; i++) {
			id = sprintf("%08x-0000-4000-8000-%012x", i * 2654435761 % 4294967296, i)
			waits = i % 7 ? "" : "\"" last "\""
			file = dir "/" id ".json"
			printf "{\n  \"schema_version\": 1,\n  \"id\": \"%s\",\n  \"title\": \"Issue %d\",\n", id, i > file
			printf "  \"state\": \"%s\",\n  \"labels\": [\"a\", \"b\"],\n", i % 3 ? "ready" : "done" > file
			printf "  \"dependencies\": [%s],\n  \"created_at\": \"2026-01-01T00:00:00.000Z\",\n", waits > file
			printf "  \"updated_at\": \"2026-01-01T00:00:00.000Z\",\n  \"description\": \"Some words.\"\n}\n" > file
			close(file)
			last = id
		}
	}'
}
