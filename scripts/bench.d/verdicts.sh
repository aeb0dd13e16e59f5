# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# What hooks cost: those of Git and of agents' programs.

section_verdicts() {
	local place=$work/verdicts repo=$work/verdicts/repo
	echo "Hooks among $scoped leases of 20 globs each, as whole processes: an edit of what another holds"
	echo "(\`claude\`), of what nobody holds (\`claude-free\`), and a commit of a file (\`pre-commit\`), beside what"
	echo "it asks of Git (\`git\`)."
	echo
	repository_with "$place" acquire "$scoped" 20 || return 0
	mkdir -p "$repo/elsewhere"
	echo 'fn a() {}' >"$repo/elsewhere/a.rs"
	"${clean[@]}" git -C "$repo" add elsewhere/a.rs
	edit "$repo/d7/a.rs" >"$work/held.json"
	edit "$repo/elsewhere/a.rs" >"$work/free.json"
	field+=(-- empty "$bin/empty")
	field+=(-- claude -C "$repo" -i "$work/held.json" "$bin/jit" hook claude)
	field+=(-- claude-free -C "$repo" -i "$work/free.json" "$bin/jit" hook claude)
	field+=(-- git -C "$repo" "$(command -v git)" diff --cached --name-status -z)
	field+=(-- pre-commit)
	enter_jit "$repo" hook pre-commit
	run verdicts -n $((runs / 4))
	times verdicts empty
}

# edit PATH: what Claude Code says before it edits a file
edit() {
	printf '{"session_id":"s","cwd":"%s","hook_event_name":"PreToolUse","tool_name":"Edit","tool_input":{"file_path":"%s"}}' \
		"${1%/*/*}" "$1"
}
