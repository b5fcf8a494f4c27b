/* SPDX-License-Identifier: GPL-2.0-only */
/* What exists once: the image's header, the system configuration, the public area. */
#ifndef STATE_H
#define STATE_H

#include "cell_abi.h"
#include "image_abi.h"
#include "lib/blob/blob_check.h"
#include "logic/page_table.h"

extern struct image_header image_header;
extern struct public_area public_area;
extern const struct system_desc *system_desc;

/* What HC_HYPERVISOR_GET_INFO answers. */
#define HV_INFOS (HV_INFO_NUM_CELLS + 1u)
extern int32_t hv_info[HV_INFOS];

/* Hypervisor memory is mapped linearly at IMAGE_BASE. */
static inline uint64_t hv_to_phys(const void *virt)
{
	return (uint64_t)virt - IMAGE_BASE + image_header.phys_start;
}

static inline void *hv_to_virt(uint64_t phys)
{
	return (void *)(phys - image_header.phys_start + IMAGE_BASE);
}

#endif /* STATE_H */
