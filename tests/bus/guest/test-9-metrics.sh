# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The file of figures, as a collector finds it.

prom=/run/cellmgr/metrics/cellmgr.prom

write_metrics() {
	echo "{ \"metrics\": { \"directory\": \"$1\", \"period\": \"1s\" } }" >/etc/cellmgr/cellmgrd.conf
	done_well call Reload
}

prom_has() {
	grep -qxF "$1" $prom 2>/dev/null
}

is_another_file() {
	[ "$(stat -c %i $prom)" != "$1" ]
}

forget_metrics() {
	rm -rf /etc/cellmgr/cellmgrd.conf ${prom%/*}
	done_well call Reload
}

test_figures_are_written_where_they_are_wanted() {
	done_well call StartCell s alpha
	fails "a file that nobody wants" test -e $prom
	write_metrics ${prom%/*}
	eventually_check "the state of a cell is there" 5 prom_has 'cellmgr_cell_state{cell="alpha",state="running"} 1'
	check "the hypervisor" prom_has 'cellmgr_hypervisor_enabled 1'
	check "the memory that is left" prom_has "cellmgr_memory_free_bytes $(manager_property MemoryFree)"
	eventually_check "exits" 5 grep -q '^cellmgr_cell_exits_total{cell="alpha",reason="total"} [0-9]' $prom
	check "its form" ./check-openmetrics $prom
	is "its mode" "$(stat -c %a $prom)" 644
	local inode
	inode=$(stat -c %i $prom)
	done_well call StopCell s alpha
	eventually_check "it follows" 5 prom_has 'cellmgr_cell_state{cell="alpha",state="running"} 0'
	check "as a whole" is_another_file "$inode"
	rm /etc/cellmgr/cellmgrd.conf
	done_well call Reload
	rm $prom
	sleep 2.5
	fails "it is not written any more" test -e $prom
	forget_metrics
}

test_figures_that_cannot_be_written_are_told_once() {
	write_metrics /srv/metrics
	sleep 3.5
	is "lines about it" "$(journal -u cellmgrd | grep -c 'Cannot write cellmgr.prom in /srv/metrics')" 1
	like "what to do" "$(journal -u cellmgrd)" \
		'cellmgrd.conf\): Read-only file system; the unit of cellmgrd must have it in ReadWritePaths='
	echo '{ "metrics": { "directory": "srv" } }' >/etc/cellmgr/cellmgrd.conf
	fails_with Invalid 'metrics.directory: "srv": must be an absolute path' manager Reload
	echo '{ "metrics": { "directory": "/srv", "period": "10ms" } }' >/etc/cellmgr/cellmgrd.conf
	fails_with Invalid 'metrics.period: "10ms": must be at least 1s' manager Reload
	forget_metrics
}

test_signals_are_among_the_figures() {
	plant
	put 0 f64 3000.25
	write_metrics ${prom%/*}
	eventually_check "a value" 5 prom_has \
		'cellmgr_signal{cell="turbine",signal="speed",unit="rpm"} 3000.25'
	check "that it is good" prom_has 'cellmgr_signal_good{cell="turbine",signal="speed",unit="rpm"} 1'
	check "one that nobody has written" prom_has \
		'cellmgr_signal_good{cell="turbine",signal="setpoint",unit="rpm"} 0'
	fails "has no value" grep -q '^cellmgr_signal{cell="turbine",signal="setpoint"' $prom
	check "the form" ./check-openmetrics $prom
	forget_metrics
	clear_links
}

# Also where the daemon begins to read the counters only since somebody asks.
test_exits_are_told_to_who_asks_first() {
	done_well call StartCell s alpha
	has_line "exits of a cell that has just been started" "$(cellctl stats alpha)" '^total +[1-9]'
}
