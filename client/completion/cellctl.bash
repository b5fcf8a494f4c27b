# SPDX-License-Identifier: GPL-2.0-only
# Completion of cellctl for bash.

# At a prompt nobody is asked for a password, or waits for a machine that does not answer.
_cellctl_cells() {
	SSH_ASKPASS_REQUIRE=never command timeout 5 setsid cellctl "$@" --no-legend --no-pager --json=off --quiet \
		list 2>/dev/null </dev/null | command awk '{ print $1 }'
}

_cellctl() {
	local current=${COMP_WORDS[COMP_CWORD]} last before='' verb='' cells=0 host=() word words
	local verbs='status list start stop restart kill cancel create load destroy adopt enable disable check apply doctor
		console signals set stats top map crash monitor version help'
	local options='--help --version --host= --quiet --json= --no-pager --no-legend'

	COMPREPLY=()
	# Of COMP_WORDS user@host and --json=short are several. The last word is the one to be completed.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}."
	last=${words[-1]%.}
	for word in "${words[@]:1:${#words[@]}-2}"; do
		case $before in
		-H | --host) host=(-H "$word") word='' ;;
		-n | --json | --iterations | --interval | --report | --smi) word='' ;;
		esac
		case $word in
		--host=*) host=(-H "${word#*=}") ;;
		-H?*) host=(-H "${word#-H}") ;;
		-* | '') ;;
		*) if [ "$verb" ]; then cells=$((cells + 1)); else verb=$word; fi ;;
		esac
		before=$word
	done

	case $before:$last in
	--json:* | *:--json=*)
		mapfile -t COMPREPLY < <(compgen -W 'short pretty off' -- "${current#=}")
		return
		;;
	-H:* | --host:* | *:--host=*)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "${current#=}")
		return
		;;
	esac

	case $current in
	-*)
		case $verb in
		disable) options="$options --force" ;;
		doctor) options="$options --report= --smi=" ;;
		apply) options="$options --dry-run" ;;
		console) options="$options --follow -f --input -i" ;;
		top) options="$options --interval= --iterations= -n" ;;
		signals | stats) options="$options --follow -f --interval=" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
		[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
		return
		;;
	esac

	case $verb in
	'')
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
		;;
	start | stop | restart | kill | cancel)
		mapfile -t COMPREPLY < <(compgen -W "$(_cellctl_cells "${host[@]}")" -- "$current")
		;;
	status | create | load | destroy | adopt | console | signals | set | stats | top | crash)
		[ "$cells" = 0 ] &&
			mapfile -t COMPREPLY < <(compgen -W "$(_cellctl_cells "${host[@]}")" -- "$current")
		;;
	help)
		[ "$cells" = 0 ] && mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
		;;
	check)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X '!*.json' -- "$current"; compgen -d -- "$current")
		;;
	esac
}

complete -F _cellctl cellctl
