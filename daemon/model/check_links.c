// SPDX-License-Identifier: GPL-2.0-only
/* Links against the descriptions of their other peers, and against what the driver can do. */
#include <string.h>

#include "common/quantity.h"
#include "driver_abi.h"
#include "model/check_parts.h"
#include "model/link.h"
#include "model/signal.h"

/* A link of the description that is checked. */
struct own_link {
	const struct check *check;
	size_t index;
	const struct description_link *link;
	struct link_peers peers;
	char id[LINK_ID_MAX];
};

#define report_link(own, name, ...)                                                       \
	do {                                                                              \
		char key_[CHECK_KEY_MAX];                                                 \
                                                                                          \
		snprintf(key_, sizeof(key_), "shared-memory[%zu]%s", (own)->index, name); \
		check_report((own)->check, SEVERITY_ERROR, key_, __VA_ARGS__);            \
	} while (0)

static void compare_sizes(const struct own_link *own, const char *key, uint64_t mine,
			  uint64_t theirs, const char *cell)
{
	char here[QUANTITY_TEXT_MAX], there[QUANTITY_TEXT_MAX];

	if (mine != theirs)
		report_link(own, key, "is %s here and %s in cell %s; all peers must say the same",
			    quantity_format_bytes(mine, here), quantity_format_bytes(theirs, there),
			    cell);
}

/* One set-point of two cells would be changed by who means the other. */
static void compare_written(const struct own_link *own, const struct description *other,
			    size_t other_link)
{
	const struct description *description = own->check->description;

	for (size_t i = 0; i < description->num_signals; i++) {
		const struct description_signal *mine = &description->signals[i];
		char key[CHECK_KEY_MAX];

		if (!mine->write || mine->link != own->index)
			continue;
		for (size_t j = 0; j < other->num_signals; j++) {
			const struct description_signal *theirs = &other->signals[j];

			if (!theirs->write || theirs->link != other_link ||
			    !signals_overlap(mine, theirs))
				continue;
			snprintf(key, sizeof(key), "signals.%s.at", mine->name);
			check_report(own->check, SEVERITY_ERROR, key,
				     "is where signal %s of cell %s is written as well; give one "
				     "another place",
				     theirs->name, other->name);
		}
	}
}

/* What a peer says of the link, and what it would have to say. */
static void compare(const struct own_link *own, const char *key, const struct description *other)
{
	const struct description_link *link = description_find_link(other, own->link->name);
	char id[LINK_ID_MAX];

	if (!link) {
		report_link(own, key,
			    "cell %s has no link %s; its description needs one with this cell "
			    "among its peers",
			    other->name, own->link->name);
		return;
	}
	link_id(other, link, id);
	if (strcmp(id, own->id) != 0) {
		report_link(own, key,
			    "cell %s has link %s between other peers: there it is between %s, here "
			    "between %s",
			    other->name, own->link->name, strchr(id, ' ') + 1,
			    strchr(own->id, ' ') + 1);
		return;
	}
	compare_sizes(own, ".size", own->link->output, link->output, other->name);
	/* Two that differ because the sizes do are one mistake. */
	if (own->link->has_common || own->link->output == link->output)
		compare_sizes(own, ".common", own->link->common, link->common, other->name);
	compare_written(own, other, link - other->links);
	if (own->link->vectors != link->vectors)
		report_link(own, ".vectors",
			    "is %u here and %u in cell %s; all peers must say the same",
			    own->link->vectors, link->vectors, other->name);
}

static void check_peers(const struct own_link *own)
{
	const struct check_input *input = own->check->input;

	for (size_t i = 0; i < own->link->num_peers; i++) {
		const char *peer = own->link->peers[i];
		const struct description *other;
		char key[32];

		if (strcmp(peer, LINK_ROOT) == 0)
			continue;
		snprintf(key, sizeof(key), ".peers[%zu]", i);
		other = description_find(input->descriptions, input->num_descriptions, peer);
		if (other)
			compare(own, key, other);
		else
			report_link(own, key,
				    "there is no description of a cell %s; write one and install "
				    "it, or take it off the list",
				    peer);
	}
}

/* Only their last letters differ in most cases, and there may be very many. */
static bool may_be_named_alike(const char *a, const char *b)
{
	return a[strlen(a) - 1] == b[strlen(b) - 1];
}

/* "a-b" and "c" make the same name as "a" and "b-c". */
static void check_device_name(const struct own_link *own, const struct description *other)
{
	char mine[LINK_DEVICE_NAME_MAX];

	link_device_name(own->id, mine);
	for (size_t i = 0; i < other->num_links; i++) {
		const struct description_link *link = &other->links[i];
		char id[LINK_ID_MAX], theirs[LINK_DEVICE_NAME_MAX];
		struct link_peers peers;

		if (!may_be_named_alike(link->name, own->link->name))
			continue;
		peers = link_peers(other, link);
		link_id(other, link, id);
		link_device_name(id, theirs);
		if (link_has_root(&peers) && strcmp(mine, theirs) == 0 && strcmp(id, own->id) != 0)
			report_link(own, ".name",
				    "would be /dev/cellmgr/%s in Linux, as link %s of cell %s is; "
				    "give it another name",
				    mine, link->name, other->name);
	}
}

static void check_root(const struct own_link *own)
{
	const struct check *check = own->check;

	if (check->input->missing_features & CELLVISOR_FEATURE_LINKS)
		report_link(own, ".peers",
			    "the driver in use cannot give Linux an end of a link (see Features); "
			    "take root off the list or use the one of this release");
	check_device_name(own, check->description);
	for (size_t i = 0; i < check->input->num_descriptions; i++) {
		const struct description *other = check->input->descriptions[i];

		if (strcmp(other->name, check->description->name) != 0)
			check_device_name(own, other);
	}
}

void check_links(const struct check *check)
{
	const struct description *description = check->description;

	if (description->num_links > 1 && !description->parameters)
		check_report(
			check, SEVERITY_WARNING, "shared-memory",
			"the cell's program finds its %zu links by words that are put behind "
			"\"parameters\"; add that key, \"\" where there is nothing else to say",
			description->num_links);
	for (size_t i = 0; i < description->num_links && !problems_full(check->problems); i++) {
		struct own_link own = {
			.check = check,
			.index = i,
			.link = &description->links[i],
			.peers = link_peers(description, &description->links[i]),
		};

		link_id(description, own.link, own.id);
		check_peers(&own);
		if (link_has_root(&own.peers))
			check_root(&own);
	}
}
