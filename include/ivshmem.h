/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ivshmem 2.0: a virtual PCI device through which up to 65 535 peers share memory and ring each
 * other. What a driver sees of it; the same in the root cell and in all others.
 *
 * Sections of the memory follow each other from the base on: the state table (read-only, one
 * uint32_t a peer), the common section (may be empty; all may write), one output section a peer,
 * which only that peer may write.
 */
#ifndef IVSHMEM_H
#define IVSHMEM_H

#define IVSHMEM_VENDOR_ID	0x110a
#define IVSHMEM_DEVICE_ID	0x4106
#define IVSHMEM_CLASS		0xff /* its sub-class and interface are the protocol */
#define IVSHMEM_BAR_REGISTERS	0
#define IVSHMEM_BAR_MSIX	1 /* table in the first half of the page, pending bits in the second */
#define IVSHMEM_BAR_SIZE	0x1000u
#define IVSHMEM_MSIX_PBA_OFFSET 0x800u
#define IVSHMEM_MAX_VECTORS	16u

/* Vendor-specific capability, and what is in it, from its start. */
#define IVSHMEM_CAP	    0x40
#define IVSHMEM_CAP_SIZE    0x20
#define IVSHMEM_CAP_CONTROL 0x03 /* u8 */
#define IVSHMEM_CAP_STATE   0x04 /* u32: bytes of the state table */
#define IVSHMEM_CAP_COMMON  0x08 /* u64: bytes of the common section */
#define IVSHMEM_CAP_OUTPUT  0x10 /* u64: bytes of each output section */
#define IVSHMEM_CAP_BASE    0x18 /* u64: guest-physical */
#define IVSHMEM_MSIX_CAP    0x60

/* IVSHMEM_CAP_CONTROL: an interrupt clears IVSHMEM_INT_ENABLE. */
#define IVSHMEM_CONTROL_ONE_SHOT 0x01u

/* Registers in BAR 0, 32 bits each. */
#define IVSHMEM_ID	    0x00 /* own number of peer */
#define IVSHMEM_MAX_PEERS   0x04
#define IVSHMEM_INT_CONTROL 0x08
#define IVSHMEM_DOORBELL    0x0c /* written: IVSHMEM_RING() */
/* Own entry of the state table; a change rings vector 0 at all others. */
#define IVSHMEM_STATE	    0x10

#define IVSHMEM_INT_ENABLE 1u

#define IVSHMEM_RING(peer, vector) ((uint32_t)(peer) << 16 | (uint32_t)(vector))

/* Protocols: sub-class << 8 | interface. */
#define IVSHMEM_PROTOCOL_UNDEFINED    0x0000
#define IVSHMEM_PROTOCOL_ETHERNET     0x0001
#define IVSHMEM_PROTOCOL_USER	      0x4000 /* to 0x7fff */
#define IVSHMEM_PROTOCOL_VIRTIO_FRONT 0x8000 /* + virtio's id */
#define IVSHMEM_PROTOCOL_VIRTIO_BACK  0xc000
/* Of the links that the daemon places; the sections are as in cellmgr_link.h. */
#define IVSHMEM_PROTOCOL_CELLMGR      0x4c4b

#endif /* IVSHMEM_H */
