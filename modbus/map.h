/* SPDX-License-Identifier: GPL-2.0-only */
/* Which register is which signal of which cell, and where the bridge listens:
 * /etc/cellmgr/modbus.json. */
#ifndef MAP_H
#define MAP_H

#include <arpa/inet.h>
#include <stddef.h>

#include "encoding.h"
#include "util/problem.h"

#define MAP_FILE "/etc/cellmgr/modbus.json"

#define MAP_MAX_FILE	    (1u << 20) /* bytes of JSON */
#define MAP_MAX_ENTRIES	    4096u
#define MAP_ADDRESSES	    65536u /* of each table */
#define MAP_MAX_CLIENTS	    64u
#define MAP_NAME_MAX	    31u /* of a cell or a signal, bytes */
#define MAP_DEFAULT_PORT    502
#define MAP_DEFAULT_CLIENTS 8

/* The tables of the protocol: which are bits and which registers, and which can be written. */
#define MAP_TABLES(X)                                    \
	X(TABLE_COIL, "coil", true, true)                \
	X(TABLE_DISCRETE, "discrete-input", true, false) \
	X(TABLE_INPUT, "input", false, false)            \
	X(TABLE_HOLDING, "holding", false, true)

enum map_table { MAP_TABLES(WORD_SYMBOL) TABLE_COUNT };

struct map_entry {
	char cell[MAP_NAME_MAX + 1];
	char signal[MAP_NAME_MAX + 1];
	enum map_table table;
	uint16_t address;	  /* of its first register or of its bit, from 0 */
	struct encoding encoding; /* of bits: bool */
	bool write;		  /* clients may; whether the bridge may, polkit says */
	/* The exception code that the log has of reading and of writing; 0: it was well. No part of
	 * the map. */
	unsigned int told[2];
};

struct map {
	unsigned int references;
	char listen[INET6_ADDRSTRLEN];
	uint16_t port;
	unsigned int max_clients;
	uint64_t idle_us;	   /* a client that says nothing for so long is let go */
	struct map_entry *entries; /* by table and address, not overlapping */
	size_t count;
};

/*
 * Reads a map from text; file is what problems call it. What is wrong goes to problems, with line,
 * key and value. Returns 0 and a map of one reference, -EINVAL with errors in problems, -ENOMEM.
 */
int map_parse(const char *text, size_t length, const char *file, struct problems *problems,
	      struct map **ret_map);

/* The same from a file; also the errno of a failed read. */
int map_read(const char *file, struct problems *problems, struct map **ret_map);

struct map *map_ref(struct map *map);

/* Takes NULL. */
void map_unref(struct map *map);

static inline void map_unrefp(struct map **map)
{
	map_unref(*map);
}

/* Addresses that an entry takes. */
unsigned int map_entry_size(const struct map_entry *entry);

/*
 * The entries that count addresses from address on of a table are, wholly and without a gap; the
 * first of them, their number in *ret_number. NULL where there is a gap or a part of a value.
 */
struct map_entry *map_find(const struct map *map, enum map_table table, uint16_t address,
			   unsigned int count, size_t *ret_number);

const char *map_table_name(enum map_table table);
bool map_table_has_bits(enum map_table table);
bool map_table_is_writable(enum map_table table);

#endif /* MAP_H */
