/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ADOPT_H
#define ADOPT_H

#include "manager/manager.h"

/*
 * Makes a foreign cell ours, whose name and CPUs are those of a description. Its memory and its
 * image stay unknown: the next start makes it anew. Returns 0, or negative with error set
 * (NoSuchCell, WrongState, Invalid, NoResources).
 */
int adopt(struct manager *manager, const char *name, struct error *error);

#endif /* ADOPT_H */
