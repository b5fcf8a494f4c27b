/* SPDX-License-Identifier: GPL-2.0-only */
/* The ports of PCI configuration space (PCI Local Bus 3.0, 3.2.2.3.2). */
#ifndef PCI_PORTS_H
#define PCI_PORTS_H

#define PCI_PORT_ADDRESS                                                        \
	0xcf8u /* a register of 32 bits; narrower accesses are something else's \
		*/
#define PCI_PORT_DATA	   0xcfcu
#define PCI_PORTS_DATA	   4u
#define PCI_ADDRESS_ENABLE 0x80000000u
/* Enable, upper bits of the register as AMD has them, bus, device, function, register. */
#define PCI_ADDRESS_BITS   0x8ffffffcu

#endif /* PCI_PORTS_H */
