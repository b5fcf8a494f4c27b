/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the daemon for what it publishes. */
#ifndef CLIENT_FETCH_H
#define CLIENT_FETCH_H

#include "bus/connection.h"
#include "bus/info.h"

/* Errors of all of these are as those of connection_call(). */
int fetch_manager(struct connection *connection, enum call_kind kind, sd_bus_error *ret_error,
		  struct manager_info *ret_manager);
int fetch_cell(struct connection *connection, const char *path, sd_bus_error *ret_error,
	       struct cell_info *ret_cell);
int fetch_cells(struct connection *connection, sd_bus_error *ret_error, struct cell_list *ret_list);

/*
 * What a table shows, where the rest is not needed: all of it costs many times as much. An array,
 * to be put, of a column for each of bus_abi.h's, which are arrays with an entry for each cell.
 */
int fetch_summary(struct connection *connection, sd_bus_error *ret_error,
		  struct json_object **ret_columns);

/*
 * The manager and one of both, the columns where ret_list is NULL, at once: the second question
 * does not wait for the first answer.
 */
int fetch_overview(struct connection *connection, sd_bus_error *ret_error,
		   struct manager_info *ret_manager, struct cell_list *ret_list,
		   struct json_object **ret_columns);

/* A list of all, or of the one cell whose object is at path, where that is not NULL. */
int fetch_cells_at(struct connection *connection, const char *path, sd_bus_error *ret_error,
		   struct cell_list *ret_list);

/* Whose the machine is, as GetMap() has it: an array of both its arrays, to be put. */
int fetch_map(struct connection *connection, sd_bus_error *ret_error, struct json_object **ret_map);

/* Finds a cell's object. The path is to be freed by the caller. */
int fetch_cell_path(struct connection *connection, const char *cell, sd_bus_error *ret_error,
		    char **ret_path);

/*
 * Opens a cell's console, for the caller to close. kind: CALL_OPERATION may ask for a password,
 * CALL_READ does not.
 */
int open_console(struct connection *connection, enum call_kind kind, const char *path,
		 bool is_input, sd_bus_error *ret_error, int *ret_fd);

/*
 * Records of failures: a list of a cell's (or, with "", of all), oldest first, as objects with
 * record, cell, time and reason; and one, an object. To be put by the caller. Reading one may ask
 * for a password.
 */
int fetch_crashes(struct connection *connection, const char *cell, sd_bus_error *ret_error,
		  struct json_object **ret_list);
int fetch_crash(struct connection *connection, const char *record, sd_bus_error *ret_error,
		struct json_object **ret_record);

/* Refuses what cannot be sent as a name (NoSuchCell). */
int check_cell_name(const char *cell, sd_bus_error *ret_error);

#endif /* CLIENT_FETCH_H */
