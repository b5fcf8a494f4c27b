# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts that run on the host share. Source it; it sets no options of the shell.

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

die() {
	warn "${0##*/}: $*"
	exit 1
}

# with_progress LABEL LOG COMMAND...: runs COMMAND with its output in LOG, says every 15 seconds how
# far it is (its last line), and on failure shows the end of LOG. Returns the status of COMMAND. With
# own_group=1 COMMAND is a process group of its own, for end_group; progress_group is its number while
# it runs.
with_progress() {
	local label=$1 log=$2 pid start=$SECONDS next=15 rc=0
	shift 2
	[[ ! ${own_group-} ]] || set -m
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	if [[ ${own_group-} ]]; then
		set +m
		progress_group=$pid
	fi
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		if ((SECONDS - start >= next)); then
			next=$((next + 15))
			say "  ... $label: $((SECONDS - start)) s, $(last_line "$log")"
		fi
	done
	wait "$pid" || rc=$?
	# shellcheck disable=SC2034 # for the caller
	progress_group=''
	if ((rc)); then
		warn "$label failed with status $rc after $((SECONDS - start)) s; the end of $log:"
		tail -n 40 "$log" >&2
	fi
	return "$rc"
}

# end_group GROUP SECONDS: ends its processes and waits until they are gone; those that take longer are
# killed.
end_group() {
	local deadline=$((SECONDS + $2))
	kill -TERM -- "-$1" 2>/dev/null || return 0
	while kill -0 -- "-$1" 2>/dev/null; do
		((SECONDS < deadline)) || kill -KILL -- "-$1" 2>/dev/null || true
		sleep 0.2
	done
}

# last_line FILE: its last line that is not empty, cut to what fits beside a label.
last_line() {
	tail -c 2000 "$1" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-90
}

# debian_sources: what apt on this machine knows of Debian's own suites (not of backports, not of
# third parties), as "URI SUITE COMPONENT" lines; works for both formats of apt's source files.
debian_sources() {
	local lines
	lines=$(indexed_debian_sources)
	if [[ ! $lines ]]; then
		apt-get update -qq >&2 || die "apt-get update failed; look at /etc/apt"
		lines=$(indexed_debian_sources)
	fi
	[[ $lines ]] || die "apt on this machine knows no source of Debian's; look at /etc/apt"
	printf '%s\n' "$lines"
}

indexed_debian_sources() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Architecture: amd64' | sed -n 's/^Debian|//p' | sort -u
}

# apt_network_options: this machine's settings of how apt fetches (proxies and the like), as
# configuration lines, for an apt that does not read /etc/apt.
apt_network_options() {
	apt-config dump | grep -E '^Acquire::((http|https)::|Check-|Retries)' | grep -v '::$' || true
}
