// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI devices of cells. Each is held by a driver of ours while a cell has it, so that no driver of
 * Linux touches it, and goes back afterwards to the one that it had.
 *
 * User space is not kept from its configuration space by PCI's core meanwhile: who reads that would
 * wait, unkillable, until the cell goes. Root's accesses are the hypervisor's to answer.
 *
 * Nor do we claim the IOMMU group: devices without an owner in Linux would be cut off from memory,
 * and a cell that has unprotected DMA is to have it.
 */
#include <linux/slab.h>

#include "devices.h"
#include "override.h"

#define DRIVER_NAME "cellvisor-pci"

/* A device between Linux and a cell. */
struct held_device {
	struct list_head entry; /* of its cell's devices */
	struct list_head all;
	const struct cell_desc *cell;
	const struct blob_pci_device *place;
	struct pci_dev *pci;
	struct pci_saved_state *state; /* as Linux left it; NULL: there is none to go back to */
	char *override;		       /* that somebody had set before, or NULL */
	char driver[64];	       /* that had it; empty: none */
	bool gone;		       /* from Linux */
};

/*
 * PCI's core calls us with locks held that are taken after cellvisor_lock. So the list changes with
 * both locks held, and "pci", "state" and "gone" of what is in it with this one.
 */
static LIST_HEAD(held_devices);
static DEFINE_SPINLOCK(held_lock);

static struct held_device *find_held(u16 domain, u16 bdf)
{
	struct held_device *held;

	list_for_each_entry (held, &held_devices, all) {
		if (held->place->domain == domain && held->place->bdf == bdf)
			return held;
	}
	return NULL;
}

static struct held_device *find_device(const struct pci_dev *pci)
{
	return find_held(pci_domain_nr(pci->bus), PCI_DEVID(pci->bus->number, pci->devfn));
}

/* Binds what is to be held, and what has come again in its place; nothing else, by whatever door.
 */
static int driver_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct pci_saved_state *stale = NULL;
	struct pci_dev *lost = NULL;
	struct held_device *held;

	spin_lock(&held_lock);
	held = find_device(pci);
	if (held && held->pci != pci && held->gone) {
		/* Its addresses may be others now. */
		stale = held->state;
		held->state = NULL;
		lost = held->pci;
		held->pci = pci_dev_get(pci);
		held->gone = false;
	}
	if (held && held->pci != pci)
		held = NULL;
	spin_unlock(&held_lock);
	kfree(stale);
	pci_dev_put(lost);
	return held ? 0 : -ENODEV;
}

/* The cell cannot be told: it will find out like everybody whose device is pulled. */
static void driver_remove(struct pci_dev *pci)
{
	struct held_device *held;

	spin_lock(&held_lock);
	held = find_device(pci);
	if (held && held->pci == pci) {
		held->gone = true;
		pci_warn(pci, "goes from Linux while cell %s has it\n", held->cell->name);
	}
	spin_unlock(&held_lock);
}

static const struct pci_device_id no_ids[] = {{}};

static struct pci_driver holder = {
	.name = DRIVER_NAME,
	.id_table = no_ids,
	.probe = driver_probe,
	.remove = driver_remove,
	/* Programs cannot have it either. */
	.driver.suppress_bind_attrs = true,
	.driver_managed_dma = true,
};

/* Linux finds a device again that a cell still has: no driver of its own must come near it. */
static int bus_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct pci_dev *pci = to_pci_dev(data);
	bool is_held;

	if (event != BUS_NOTIFY_ADD_DEVICE)
		return NOTIFY_DONE;
	spin_lock(&held_lock);
	is_held = find_device(pci);
	spin_unlock(&held_lock);
	if (is_held && override_set(pci, DRIVER_NAME))
		pci_err(pci, "a cell has it, and Linux may take it: out of memory\n");
	return NOTIFY_DONE;
}

static struct notifier_block bus_notifier = {.notifier_call = bus_event};

/* Nothing of it moves any more, whoever had it: no DMA, no interrupt, no register answers. */
static void silence(struct pci_dev *pci)
{
	u16 control;

	pci_write_config_word(pci, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
	if (pci->msi_cap) {
		pci_read_config_word(pci, pci->msi_cap + PCI_MSI_FLAGS, &control);
		pci_write_config_word(pci, pci->msi_cap + PCI_MSI_FLAGS,
				      control & ~PCI_MSI_FLAGS_ENABLE);
	}
	if (pci->msix_cap) {
		pci_read_config_word(pci, pci->msix_cap + PCI_MSIX_FLAGS, &control);
		pci_write_config_word(pci, pci->msix_cap + PCI_MSIX_FLAGS,
				      control & ~PCI_MSIX_FLAGS_ENABLE);
	}
}

static int check_present(struct pci_dev *pci)
{
	if (pci_device_is_present(pci))
		return 0;
	pci_err(pci, "does not answer\n");
	return -ENODEV;
}

/*
 * 0, or the error of a reset that the device has and that failed. One that is not there PCI's core
 * would wait for, a minute and more, and everybody else for us.
 */
static int reset(struct pci_dev *pci)
{
	int err = check_present(pci);

	if (err)
		return err;
	silence(pci);
	err = __pci_reset_function_locked(pci);
	if (err != -ENOTTY)
		return err;
	/* It is also said of one that has not come back. */
	err = check_present(pci);
	if (!err)
		pci_notice(pci, "cannot be reset: what it was told before stays in it\n");
	return err;
}

/* As PCI's core locks a device for a reset. */
static void lock_device(struct pci_dev *pci)
{
	device_lock(&pci->dev);
	pci_cfg_access_lock(pci);
}

static void unlock_device(struct pci_dev *pci)
{
	pci_cfg_access_unlock(pci);
	device_unlock(&pci->dev);
}

/* Of a held device: with its addresses, and nothing else of what Linux has done with it. */
static int prepare_for_cell(struct held_device *held, struct pci_dev *pci)
{
	int err;

	lock_device(pci);
	pci_set_power_state(pci, PCI_D0);
	pci_save_state(pci);
	held->state = pci_store_saved_state(pci);
	err = held->state ? reset(pci) : -ENOMEM;
	pci_restore_state(pci);
	if (!err)
		silence(pci);
	unlock_device(pci);
	if (err)
		pci_err(pci, "not for cell %s: its reset fails: error %d\n", held->cell->name, err);
	return err;
}

/* Whatever the cell has made of it. The device may be gone from Linux, and still there. */
static void prepare_for_linux(struct held_device *held)
{
	struct pci_dev *pci = held->pci;
	int err;

	lock_device(pci);
	/* Linux knows nothing of its power any more, but would take it for as it was. */
	pci->current_state = PCI_UNKNOWN;
	pci_set_power_state(pci, PCI_D0);
	/* One that was found anew is as it was found. */
	if (!held->state)
		pci_save_state(pci);
	err = reset(pci);
	if (held->state)
		pci_load_and_free_saved_state(pci, &held->state);
	pci_restore_state(pci);
	unlock_device(pci);
	if (err)
		pci_err(pci, "cell %s had it, and its reset fails: error %d\n", held->cell->name,
			err);
}

static void remember_driver(struct held_device *held)
{
	struct pci_dev *pci = held->pci;

	device_lock(&pci->dev);
	if (pci->dev.driver)
		strscpy(held->driver, pci->dev.driver->name, sizeof(held->driver));
	device_unlock(&pci->dev);
	held->override = override_copy(pci);
}

static void enlist(struct held_device *held)
{
	spin_lock(&held_lock);
	list_add(&held->all, &held_devices);
	spin_unlock(&held_lock);
}

/* From now on its driver's calls find nothing, and nothing of it changes any more. */
static void delist(struct held_device *held)
{
	spin_lock(&held_lock);
	list_del(&held->all);
	spin_unlock(&held_lock);
}

static void give_to_linux(struct held_device *held, bool to_driver)
{
	struct pci_dev *pci = held->pci;
	int bound = 0;

	if (held->gone)
		return;
	device_release_driver(&pci->dev);
	to_driver &= held->driver[0] != 0;
	/* The one that it had, not the first that would have it; and no other one by itself. */
	if (to_driver && !override_set(pci, held->driver))
		bound = device_attach(&pci->dev);
	if (override_set(pci, held->override ?: ""))
		pci_err(pci, "driver_override is lost: out of memory\n");
	if (bound > 0)
		pci_info(pci, "driver %s has it again\n", held->driver);
	else if (to_driver)
		pci_err(pci, "driver %s does not come back: error %d\n", held->driver, bound);
}

static int bind_holder(struct held_device *held, struct pci_dev *pci)
{
	int err;

	enlist(held);
	device_release_driver(&pci->dev);
	err = device_driver_attach(&holder.driver, &pci->dev);
	if (!err)
		err = prepare_for_cell(held, pci);
	if (!err)
		return 0;
	delist(held);
	give_to_linux(held, true);
	return err;
}

/* The override first: when the driver is looked at no other one can come. */
static int take_from_linux(struct held_device *held, bool may_take)
{
	struct pci_dev *pci = pci_dev_get(held->pci);
	int err;

	remember_driver(held);
	err = override_set(pci, DRIVER_NAME);
	if (!err) {
		err = device_check_driver(held->cell, pci, may_take);
		if (err)
			override_set(pci, held->override ?: "");
	}
	if (!err)
		err = bind_holder(held, pci);
	pci_dev_put(pci);
	return err;
}

static void free_held(struct held_device *held)
{
	pci_dev_put(held->pci);
	kfree(held->state);
	kfree(held->override);
	kfree(held);
}

static int find_free(struct held_device *held)
{
	const struct blob_pci_device *place = held->place;
	struct held_device *other = find_held(place->domain, place->bdf);

	if (other) {
		pr_cell(err, "cell %s: PCI device " PLACE_FORMAT " belongs to cell %s\n",
			held->cell->name, PLACE_OF(place), other->cell->name);
		return -EBUSY;
	}
	held->pci = pci_get_domain_bus_and_slot(place->domain, BUS_OF(place->bdf),
						DEVFN_OF(place->bdf));
	if (!held->pci) {
		pr_cell(err, "cell %s: there is no PCI device " PLACE_FORMAT "\n", held->cell->name,
			PLACE_OF(place));
		return -ENODEV;
	}
	return device_check(held->cell, held->pci);
}

static int claim(struct managed_cell *cell, const struct blob_pci_device *place, bool may_take)
{
	struct held_device *held = kzalloc(sizeof(*held), GFP_KERNEL);
	int err;

	if (!held)
		return -ENOMEM;
	held->cell = cell->desc;
	held->place = place;
	err = find_free(held);
	if (!err)
		err = take_from_linux(held, may_take);
	if (err)
		free_held(held);
	else
		list_add_tail(&held->entry, &cell->devices);
	return err;
}

int devices_claim(struct managed_cell *cell, u64 take)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(cell->desc);
	int err = 0;

	for (u32 n = 0; n < cell->desc->num_pci_devices && !err; n++) {
		if (device[n].type == BLOB_PCI_DEVICE)
			err = claim(cell, &device[n], n < 64 && (take & BIT_ULL(n)));
	}
	if (err)
		devices_release(cell, true);
	return err;
}

void devices_release(struct managed_cell *cell, bool to_drivers)
{
	struct held_device *held, *before;

	list_for_each_entry_safe_reverse(held, before, &cell->devices, entry)
	{
		list_del(&held->entry);
		/* One that is gone from Linux would be found anew, by a driver, in the middle. */
		pci_lock_rescan_remove();
		delist(held);
		prepare_for_linux(held);
		give_to_linux(held, to_drivers);
		pci_unlock_rescan_remove();
		free_held(held);
	}
}

int devices_init(void)
{
	int err = bus_register_notifier(&pci_bus_type, &bus_notifier);

	if (err)
		return err;
	err = pci_register_driver(&holder);
	if (err)
		bus_unregister_notifier(&pci_bus_type, &bus_notifier);
	return err;
}

void devices_exit(void)
{
	pci_unregister_driver(&holder);
	bus_unregister_notifier(&pci_bus_type, &bus_notifier);
}
