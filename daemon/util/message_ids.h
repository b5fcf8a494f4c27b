/* SPDX-License-Identifier: GPL-2.0-only */
/* Ids of the daemon's journal messages; explained in cellmgr.catalog. Never reuse one. */
#ifndef MESSAGE_IDS_H
#define MESSAGE_IDS_H

#define MESSAGE_CELL_FAILED	    "6f1c9a52d3d04c4b8f6e2b7a90c51e31"
#define MESSAGE_CELL_HEARTBEAT	    "b8e0a7c94a5f4e0f9d1f3c6a2e7748d5"
#define MESSAGE_CELL_STARTED	    "2d7f60be1c9b4d5ea3c0f18b5d94e6a7"
#define MESSAGE_CELL_STOPPED	    "94c3e15f7ab24868bd2a6e0c81f7d359"
#define MESSAGE_CELL_ADOPTED	    "e5a1d28374f6492cb07e9c5f3b6a8d10"
#define MESSAGE_CELL_FOREIGN	    "03b96cd7e8f14a7da2c5417f0e9d6b82"
#define MESSAGE_CELL_GONE	    "ca841521ce3742408e51f3a01969346c"
#define MESSAGE_CELL_ENDED	    "8a6a5c8dd8f74e069eb812538f8492f6"
#define MESSAGE_HYPERVISOR_ENABLED  "7a4e8f1b20c94de38d6b5c3fa1970e62"
#define MESSAGE_HYPERVISOR_DISABLED "c1d5b7a9386e4f02b94a7de06f2c8e53"
#define MESSAGE_DRIVER_LIED	    "58f2e6c04d7b4a19a8e31c9b7d605f24"
#define MESSAGE_DRIVER_STUCK	    "a96d0b3e5c2f47818f7e4d1ab23c6905"
#define MESSAGE_SIGNAL_WRITTEN	    "d40e7b5c9a1f4c3e8b62f07ad9c81e57"

#endif /* MESSAGE_IDS_H */
