/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIGHTS_H
#define RIGHTS_H

/* Gives up every capability, for good. 0 or a negative errno. */
int rights_drop(void);

#endif /* RIGHTS_H */
