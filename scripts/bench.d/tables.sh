# shellcheck shell=bash disable=SC2016,SC2034,SC2086,SC2154
# Runs the field, and turns what the spawner says into numbers and tables.

first=0 # so that no two runs use the same names

# run SECTION [OPTION]…: runs the field into SECTION.tsv, and empties it
run() {
	"${clean[@]}" "$bin/spawner" -o "$first" "${@:2}" "${field[@]}" >"$work/$1.tsv"
	first=$((first + 10000000))
	field=()
}

# get SECTION NAME COLUMN; nothing if it was not measured
get() {
	[[ ! -e $work/$1.tsv ]] || awk -F'\t' -v name="$2" -v column="$3" \
		'$1 == name && $2 == "ok" { print $column }' "$work/$1.tsv"
}
median=4 min=6 rate=7 rss=8 faults=9

# calc FORMAT EXPRESSION A B: nothing if a number is missing
calc() {
	[[ ! $3 || ! $4 ]] || awk -v a="$3" -v b="$4" "BEGIN { printf \"$1\", $2 }"
}

# times SECTION BASE…: a table of medians, each divided by that of every base
times() {
	local section=$1 base
	shift
	printf '| %s | median µs | p90 µs | page faults |' "$section"
	for base; do printf ' × %s |' "$base"; done
	printf '\n|---|---:|---:|---:|'
	for base; do printf -- '---:|'; done
	echo
	awk -F'\t' -v bases="$*" '
		NR == FNR { if ($2 == "ok") median[$1] = $4; next }
		$2 != "ok" { printf "| %s | not measured (%s) |\n", $1, $3; next }
		{
			printf "| %s | %.0f | %.0f | %d |", $1, $4, $5, $9
			for (i = 1; i <= split(bases, base, " "); i++)
				printf median[base[i]] ? " %.2f |" : " – |", $4 / (median[base[i]] + 1e-9)
			print ""
		}' "$work/$section.tsv" "$work/$section.tsv"
	echo
}

# rates SECTION: a table of what the workers did together in a second
rates() {
	echo "| $1 | claims/s | lowest–highest round | × floor | median µs |"
	echo '|---|---:|---:|---:|---:|'
	awk -F'\t' '
		NR == FNR { if ($1 == "floor" && $2 == "ok") floor = $7; next }
		$2 != "ok" { printf "| %s | not measured (%s) |\n", $1, $3; next }
		{ printf "| %s | %.0f | %.0f–%.0f | %.2f | %.0f |\n", $1, $7, $10, $11, $7 / (floor + 1e-9), $4 }
	' "$work/$1.tsv" "$work/$1.tsv"
	echo
}
