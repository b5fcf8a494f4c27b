// SPDX-License-Identifier: GPL-2.0-only
/* What a signal's keys have to do with each other and with the links. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cellmgr_link.h"
#include "common/quantity.h"
#include "common/text_span.h"
#include "common/utf8.h"
#include "model/description_parser.h"
#include "model/link.h"
#include "model/signal_value.h"

static const struct json_path signal_map = {.key = "signals"};

/* A signal that is being checked, with the paths of its keys. */
struct checked {
	struct parser *parser;
	struct description_signal *signal;
	struct json_path path;
};

#define refuse_key(checked, name, value, ...)                                                \
	parser_error((checked)->parser,                                                      \
		     (&(const struct json_path){.parent = &(checked)->path, .key = (name)}), \
		     value, __VA_ARGS__)

/* With what was written: as a value, so that it can do no harm in the message. */
#define refuse_place(checked, ...)                                       \
	do {                                                             \
		_cleanup_(json_object_putp) struct json_object *place_ = \
			json_object_new_string((checked)->signal->at);   \
                                                                         \
		refuse_key(checked, "at", place_, __VA_ARGS__);          \
	} while (0)

/* What may be written is in the scaled value's terms. */
static void check_limit(struct checked *checked, const char *key, double limit)
{
	const struct description_signal *signal = checked->signal;
	const double least = signal_types[signal->type].least * signal->scale;
	const double greatest = signal_types[signal->type].greatest * signal->scale;

	if (!signal->write)
		refuse_key(checked, key, NULL,
			   "is for what is written; add \"write\": true or remove it");
	else if (signal->type == SIGNAL_BOOL)
		refuse_key(checked, key, NULL, "makes no sense for a bool; remove it");
	else if (limit < least || limit > greatest)
		refuse_key(checked, key, NULL, "is %g, but type %s holds %g to %g%s", limit,
			   signal_types[signal->type].name, least, greatest,
			   signal->has_scale ? " with this scale" : "");
}

/* It is shown on terminals. */
static void check_unit(struct checked *checked)
{
	_cleanup_(json_object_putp) struct json_object *unit = NULL;
	const char *text = checked->signal->unit;

	if (!text || utf8_is_printable(text))
		return;
	unit = json_object_new_string(text);
	refuse_key(checked, "unit", unit, "must be printable");
}

static void check_numbers(struct checked *checked)
{
	struct description_signal *signal = checked->signal;

	if (!signal->has_scale)
		signal->scale = 1;
	else if (signal->type == SIGNAL_BOOL)
		refuse_key(checked, "scale", NULL, "makes no sense for a bool; remove it");
	else if (!(signal->scale > 0))
		refuse_key(checked, "scale", NULL, "must be greater than 0");
	if (signal->has_min)
		check_limit(checked, "min", signal->min);
	if (signal->has_max)
		check_limit(checked, "max", signal->max);
	if (signal->has_min && signal->has_max && signal->min > signal->max)
		refuse_key(checked, "min", NULL, "is %g, more than max, %g", signal->min,
			   signal->max);
}

/* The next word of a place, up to one of these characters, which is taken as well. */
static struct text_span take_word(struct text_span *rest, const char *ends)
{
	struct text_span word = {rest->at, 0};

	while (word.length < rest->length && !strchr(ends, rest->at[word.length]))
		word.length++;
	rest->at += word.length;
	rest->length -= word.length;
	return word;
}

static bool find_link(const struct description *description, struct text_span name, size_t *ret)
{
	for (*ret = 0; *ret < description->num_links; ++*ret) {
		if (text_span_equals(name, description->links[*ret].name))
			return true;
	}
	return false;
}

/* The peer that a section is of, as the description has its name; NULL: of none. */
static const char *find_peer(const struct description *description,
			     const struct description_link *link, struct text_span name)
{
	const struct link_peers peers = link_peers(description, link);

	for (unsigned int n = 0; n < peers.count; n++) {
		if (text_span_equals(name, peers.names[n]))
			return peers.names[n];
	}
	return NULL;
}

/* "common", "output" or "output@PEER". */
static bool parse_section(struct checked *checked, struct text_span section)
{
	const struct description *description = checked->parser->description;
	struct description_signal *signal = checked->signal;
	const struct description_link *link = &description->links[signal->link];
	struct text_span peer = section;

	signal->in_common = text_span_equals(section, "common");
	signal->peer = description->name;
	if (signal->in_common || text_span_equals(section, "output"))
		return true;
	if (!text_span_prefix(&peer, "output@")) {
		refuse_place(checked, "names no section; write common, output or output@PEER");
		return false;
	}
	signal->peer = find_peer(description, link, peer);
	if (!signal->peer)
		refuse_place(checked, "names the section of one that is no peer of link %s",
			     link->name);
	return signal->peer;
}

static bool parse_place(struct checked *checked)
{
	const struct description *description = checked->parser->description;
	struct description_signal *signal = checked->signal;
	struct text_span rest = {signal->at, strlen(signal->at)};
	const struct text_span link = take_word(&rest, ":");
	struct text_span section;

	if (!text_span_prefix(&rest, ":"))
		goto malformed;
	section = take_word(&rest, "/");
	if (!text_span_prefix(&rest, "/") || text_span_number(&rest, 10, &signal->offset) < 0 ||
	    rest.length != 0)
		goto malformed;
	if (find_link(description, link, &signal->link))
		return parse_section(checked, section);
	refuse_place(checked, "names no link of \"shared-memory\"");
	return false;
malformed:
	refuse_place(checked, "is no place; write LINK:common/OFFSET, LINK:output/OFFSET or "
			      "LINK:output@PEER/OFFSET");
	return false;
}

static uint64_t block_size(const struct description_link *link, bool in_common)
{
	const uint64_t section = in_common ? link->common : link->output;
	const uint64_t block = section > LINK_HEADER_BYTES ? section - LINK_HEADER_BYTES : 0;

	return block < LINK_MAX_BYTES ? block : LINK_MAX_BYTES;
}

static void check_place(struct checked *checked)
{
	const struct description *description = checked->parser->description;
	const struct description_signal *signal = checked->signal;
	const struct description_link *link = &description->links[signal->link];
	const struct link_peers peers = link_peers(description, link);
	const uint64_t block = block_size(link, signal->in_common);
	const unsigned int size = signal_types[signal->type].size;

	if (!link_has_root(&peers))
		refuse_place(
			checked,
			"Linux cannot see link %s; add root to its peers to have signals in it",
			link->name);
	if (signal->offset % size != 0)
		refuse_place(checked, "offset %" PRIu64 " must be a multiple of %u for type %s",
			     signal->offset, size, signal_types[signal->type].name);
	if (signal->offset > block || block - signal->offset < size)
		refuse_place(checked,
			     "offset %" PRIu64 " is outside the section: behind its header of %u "
			     "bytes there is room for %" PRIu64,
			     signal->offset, LINK_HEADER_BYTES, block);
	if (signal->write && !signal->in_common && strcmp(signal->peer, LINK_ROOT) != 0)
		refuse_key(checked, "write", NULL,
			   "only %s may write its output section; put the signal into common or "
			   "output@root",
			   signal->peer);
}

/* Two that are written would change each other; to read the same twice is nobody's harm. */
static void check_apart(struct checked *checked)
{
	const struct description *description = checked->parser->description;

	for (const struct description_signal *other = description->signals;
	     other < checked->signal && checked->signal->write; other++) {
		if (other->write && other->link == checked->signal->link &&
		    signals_overlap(checked->signal, other))
			refuse_place(checked,
				     "is where signal %s is written as well (%s); give one another "
				     "place",
				     other->name, other->at);
	}
}

/* Whether the daemon would write it: to find out when it is to be done would be too late. */
static void check_reload(struct parser *parser)
{
	const struct json_path reload = {.key = "reload"};
	const struct json_path name = {.parent = &reload, .key = "signal"};
	const struct json_path place = {.parent = &reload, .key = "value"};
	const struct description *description = parser->description;
	const struct description_signal *signal;
	_cleanup_(error_done) struct error error = {0};
	struct signal_value value = {SIGNAL_KIND_REAL, {.real = description->reload_value}};
	char bytes[SIGNAL_MAX_BYTES];

	if (!description->reload_signal)
		return;
	signal = description_find_signal(description, description->reload_signal);
	if (!signal || !signal->write) {
		parser_error(parser, &name, NULL,
			     "%s is no signal of this description that can be written; it needs "
			     "\"write\": true under \"signals\"",
			     description->reload_signal);
		return;
	}
	if (signal->type == SIGNAL_BOOL && (value.real == 0 || value.real == 1))
		value = (struct signal_value){SIGNAL_KIND_TRUTH, {.truth = value.real != 0}};
	if (signal_encode(signal, &value, bytes, &error) < 0)
		parser_error(parser, &place, NULL, "%s", error_text(&error));
}

void description_check_signals(struct parser *parser)
{
	const struct description *description = parser->description;

	for (size_t i = 0; i < description->num_signals; i++) {
		struct description_signal *signal = &description->signals[i];
		struct checked checked = {
			parser, signal, {.parent = &signal_map, .key = signal->name}};

		check_unit(&checked);
		check_numbers(&checked);
		if (parse_place(&checked))
			check_place(&checked);
	}
	/* Places that are none are not to be compared. */
	for (size_t i = 0; parser->problems->errors == 0 && i < description->num_signals; i++) {
		struct description_signal *signal = &description->signals[i];
		struct checked checked = {
			parser, signal, {.parent = &signal_map, .key = signal->name}};

		check_apart(&checked);
	}
	if (parser->problems->errors == 0)
		check_reload(parser);
}
