/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARCH_RELAX_H
#define ARCH_RELAX_H

/* In a loop that waits for another CPU. */
static inline void arch_cpu_relax(void)
{
	__builtin_ia32_pause();
}

#endif /* ARCH_RELAX_H */
