/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The name of the only driver that may have a PCI device. Older kernels have it in struct pci_dev,
 * later ones, and those that have taken it over, in struct device with a lock of its own: Kbuild
 * looks.
 */
#ifndef CELLVISOR_OVERRIDE_H
#define CELLVISOR_OVERRIDE_H

#include <linux/pci.h>
#include <linux/slab.h>

/*
 * override_set(): "" for none. 0 or -ENOMEM.
 * override_copy(): to be freed; NULL: there is none, or no memory for it.
 */
#ifdef CELLVISOR_OVERRIDE_OF_DEVICE
static inline int override_set(struct pci_dev *pci, const char *name)
{
	return device_set_driver_override(&pci->dev, name);
}

static inline char *override_copy(struct pci_dev *pci)
{
	char *copy;

	spin_lock(&pci->dev.driver_override.lock);
	copy = kstrdup(pci->dev.driver_override.name, GFP_ATOMIC);
	spin_unlock(&pci->dev.driver_override.lock);
	return copy;
}
#else
static inline int override_set(struct pci_dev *pci, const char *name)
{
	return driver_set_override(&pci->dev, &pci->driver_override, name, strlen(name));
}

static inline char *override_copy(struct pci_dev *pci)
{
	char *copy;

	device_lock(&pci->dev);
	copy = kstrdup(pci->driver_override, GFP_KERNEL);
	device_unlock(&pci->dev);
	return copy;
}
#endif

#endif /* CELLVISOR_OVERRIDE_H */
