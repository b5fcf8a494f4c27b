/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as a picture: whose its CPUs and the memory for cells are. */
#ifndef CLIENT_MAP_PICTURE_H
#define CLIENT_MAP_PICTURE_H

#include "bus/info.h"
#include "view/screen.h"

/* What the manager's GetMap() returns, and the cells. */
struct map {
	struct json_object *cpus;   /* of [number, owner, name] */
	struct json_object *memory; /* of [start, size, owner, name], by address */
	const struct cell_list *cells;
};

/* Prints it, and what every sign in it means. Returns 0, -ENOMEM, or -EBADMSG: it makes no sense.
 */
int map_picture_print(const struct map *map, const struct screen *screen);

#endif /* CLIENT_MAP_PICTURE_H */
