/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the product's own: the APIC's page, where a process under sanitizers may have one.
 */
#ifndef FAKE_MAPPING_H
#define FAKE_MAPPING_H

#include_next "arch/x86/setup/setup.h"
#undef APIC_VIRT
#define APIC_VIRT 0x60000000ull

#endif /* FAKE_MAPPING_H */
