/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the product's own: waiting lets the other CPUs of the fake machine run. */
#ifndef ARCH_RELAX_H
#define ARCH_RELAX_H

void arch_cpu_relax(void);

#endif /* ARCH_RELAX_H */
