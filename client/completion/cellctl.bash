# SPDX-License-Identifier: GPL-2.0-only
# Completion of cellctl for bash.

_cellctl_cells() {
	command cellctl --no-legend --no-pager --json=off --quiet list 2>/dev/null |
		command awk '{ print $1 }'
}

_cellctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local verbs='status list start stop restart kill cancel create load destroy adopt enable disable check apply doctor
		console signals set stats top map crash monitor version help'
	local options='--help --version --host= --quiet --json= --no-pager --no-legend'
	local verb='' cells=0 word i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-* | =) ;;
		short | pretty | off)
			# The value of --json=, which bash takes for a word of its own.
			[ "${COMP_WORDS[i - 1]}" = '=' ] || cells=$((cells + 1))
			;;
		*)
			[[ ${COMP_WORDS[i - 1]} == @(=|-H|--host|-n) ]] && continue
			if [ -z "$verb" ]; then
				verb=$word
			else
				cells=$((cells + 1))
			fi
			;;
		esac
	done

	if [ "$previous" = --json ] ||
		{ [ "$previous" = '=' ] && [ "${COMP_WORDS[COMP_CWORD - 2]}" = --json ]; }; then
		mapfile -t COMPREPLY < <(compgen -W 'short pretty off' -- "$current")
		return
	fi
	if [ "$previous" = -H ] || [ "$previous" = --host ] ||
		{ [ "$previous" = '=' ] && [ "${COMP_WORDS[COMP_CWORD - 2]}" = --host ]; }; then
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		return
	fi
	if [ "$current" = '=' ] && [ "$previous" = --json ]; then
		COMPREPLY=(short pretty off)
		return
	fi

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
		mapfile -t COMPREPLY < <(compgen -W "$(_cellctl_cells)" -- "$current")
		;;
	status | create | load | destroy | adopt | console | signals | set | stats | top | crash)
		[ "$cells" = 0 ] &&
			mapfile -t COMPREPLY < <(compgen -W "$(_cellctl_cells)" -- "$current")
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
