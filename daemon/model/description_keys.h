/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of a description as a table: the parser reads descriptions by it, and the published
 * schema and the manual page's list of keys are made from it (docs/make-key-docs.c). A key is added
 * here and nowhere else but where its value is used.
 */
#ifndef DESCRIPTION_KEYS_H
#define DESCRIPTION_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define GUEST_ADDRESS_END (1ull << 48) /* four levels of second-level page tables */
#define PHYS_ADDRESS_END  (1ull << 52) /* APM vol. 2, 5.1 */

#define UART_REGISTERS 8

/* Ports and lengths have 16 bits in a blob, so that 0xffff is the last that can be given. */
#define PORT_MAX 0xffffu

#define MMIO_ALL_WIDTHS \
	((uint64_t)(BLOB_MEM_IO_8 | BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64))

enum value_type {
	VALUE_BYTES,  /* a size or an address */
	VALUE_NUMBER, /* a whole number */
	VALUE_CPU,    /* one that is added to a struct cpu_mask, which must not have it */
	VALUE_CHOICE, /* one that is among the words */
	VALUE_TIME,   /* in nanoseconds; or one of the words */
	VALUE_BOOL,
	VALUE_REAL,   /* any number that is finite, as a double */
	VALUE_WORD,   /* one of the words */
	VALUE_STRING, /* char * */
	VALUE_FILE,   /* char *, a path that does not lead upwards */
	VALUE_NAME,   /* a cell's or one like it */
	VALUE_OBJECT, /* its members go to "to", or into the same structure where that has size 0 */
	VALUE_LIST,   /* of items; "to" is the array where they are objects */
	VALUE_DEVICE, /* one of several kinds, as a string, or an object; goes to the description */
	VALUE_MAP,    /* of objects by names, in an array that is made; "to" points to it */
};

struct description_word {
	const char *word;
	uint64_t value; /* what is kept for it */
};

/* Where in a structure a value is kept; size 0: nowhere, it is only checked. */
struct description_member {
	size_t offset;
	size_t size; /* of a list: of one element */
};

struct description_object;

struct description_value {
	enum value_type type;
	/* Inclusive: bytes, numbers, nanoseconds, bytes of a string, entries of a list. */
	uint64_t min;
	uint64_t max;
	uint64_t alignment;
	const struct description_word *words;	 /* ended by a NULL word */
	const struct description_object *object; /* of VALUE_OBJECT, VALUE_MAP, VALUE_DEVICE */
	const struct description_value *item;	 /* of VALUE_LIST */
	bool unique;				 /* of VALUE_LIST: no item twice */
	struct description_member to;
	struct description_member has;	 /* a bool that is set with the value */
	struct description_member count; /* of VALUE_LIST, VALUE_MAP: how many there are */
	struct description_member name; /* of VALUE_MAP: in an element; the size is the element's */
	/* The member holds flags: those of the mask are replaced, others added. */
	bool in_flags;
	uint64_t mask;
};

/* From when on a changed value counts for a cell that exists; of the keys of the top level. */
enum description_use {
	USE_AT_CREATE, /* when it is created anew */
	USE_AT_LOAD,   /* with its next start */
	USE_AT_ONCE,
};

struct description_key {
	const char *name;
	const char *doc; /* what it is, in one line, for schema and manual page */
	struct description_value value;
	/* Another form that the value can have; told apart by the JSON type. */
	const struct description_value *short_form;
	/* A list of objects where a value alone stands for one object with its first key only. */
	bool lone;
	const char *forms; /* "must be …" where the value has none of two forms; NULL: the short
			    * form's own message says it all */
	bool required;
	bool has_standard;
	uint64_t standard;	 /* the default, as it is kept (flags: its bits; BOOL: 0 or 1) */
	const char *unsupported; /* "… not supported by this version" where something is given */
	const char *more;	 /* further lines for the manual page (mdoc); NULL: none */
	enum description_use use;
};

/* What has to be seen to when all members of an object have been read. */
enum description_rule {
	RULE_NONE,
	RULE_MEMORY_REGION,
	RULE_IMAGE,
	RULE_UART,
	RULE_PORT_RANGE,
	RULE_MMIO_REGION,
	RULE_LINK,
	RULE_PCI,
};

/* A kind of JSON object in a description, with all its keys. */
struct description_object {
	const char *name; /* of its definition in the schema; "" is the top level */
	const char *doc;
	const struct description_key *keys; /* ended by a NULL name */
	enum description_rule rule;
	const char *either[2]; /* keys of which it must have exactly one */
	const char *either_doc;
};

extern const struct description_object description_top;

/* All kinds, NULL-terminated. */
extern const struct description_object *const description_objects[];

/* The short form of a key's value; NULL: it has none. */
static inline const struct description_value *
description_short_form(const struct description_key *key)
{
	return key->lone ? &key->value.item->object->keys[0].value : key->short_form;
}

/* How the rows of such tables are written. */

#define MEMBER(structure, name)                                                         \
	{                                                                               \
		offsetof(struct structure, name), sizeof(((struct structure *)0)->name) \
	}

/* Where it goes: a member; bits of a member with flags. */
#define TO(structure, member)		  .to = MEMBER(structure, member)
#define TO_FLAGS(structure, member, bits) TO(structure, member), .in_flags = true, .mask = (bits)

/* A list that is kept in an array of a description. */
#define TO_ARRAY(array) \
	.to = MEMBER(description, array[0]), .count = MEMBER(description, num_##array)

#define BYTES(min_, max_, alignment_, ...)                                                    \
	{                                                                                     \
		.type = VALUE_BYTES, .min = (min_), .max = (max_), .alignment = (alignment_), \
		__VA_ARGS__                                                                   \
	}
#define LIMITED(type_, min_, max_, ...)                                          \
	{                                                                        \
		.type = VALUE_##type_, .min = (min_), .max = (max_), __VA_ARGS__ \
	}
#define WORDS(type_, words_, ...)                                     \
	{                                                             \
		.type = VALUE_##type_, .words = (words_), __VA_ARGS__ \
	}
#define BOOL(...)                               \
	{                                       \
		.type = VALUE_BOOL, __VA_ARGS__ \
	}
#define OBJECT(object_, ...)                                            \
	{                                                               \
		.type = VALUE_OBJECT, .object = &(object_), __VA_ARGS__ \
	}
#define LIST(item_, min_, max_, ...)                                                               \
	{                                                                                          \
		.type = VALUE_LIST, .item = &(const struct description_value)item_, .min = (min_), \
		.max = (max_), __VA_ARGS__                                                         \
	}

/* Objects by their names, in an allocated array of a structure that has a name in it. */
#define MAP(object_, structure_, max_, ...)                                             \
	{                                                                               \
		.type = VALUE_MAP, .object = &(object_), .max = (max_),                 \
		.name = {offsetof(struct structure_, name), sizeof(struct structure_)}, \
		__VA_ARGS__                                                             \
	}
#define DEVICE(object_)                                    \
	{                                                  \
		.type = VALUE_DEVICE, .object = &(object_) \
	}
#define REAL(...)                               \
	{                                       \
		.type = VALUE_REAL, __VA_ARGS__ \
	}

#define DEFAULT(value) .has_standard = true, .standard = (value)

#endif /* DESCRIPTION_KEYS_H */
