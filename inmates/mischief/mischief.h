/* SPDX-License-Identifier: GPL-2.0-only */
/* Deeds of the mischief program that need more than a line. */
#ifndef MISCHIEF_H
#define MISCHIEF_H

/* Sends every kind of inter-processor interrupt everywhere and says how many came back to this CPU.
 */
void mischief_ipi(void);

/* Own memory, communication region, registers and APIC: everything has to work. */
void mischief_probe_allowed(void);

#endif /* MISCHIEF_H */
