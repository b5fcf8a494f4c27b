/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy of model-specific registers, written down a second time with the manuals' numbers: for
 * the host's test of the table, a program of Linux and one in a cell that try each row.
 */
#ifndef MSR_DOCUMENTED_H
#define MSR_DOCUMENTED_H

#include <stdint.h>

/* What is documented: rights in the order cell reads, cell writes, root reads, root writes. */
struct msr_documented {
	uint32_t first, last;
	char rights[5]; /* p passes, r refused, a absent, i ignored, c handled, n native */
	const char *name;
};

static const struct msr_documented msr_documented[] = {
	{0x10, 0x10, "prpr", "the time stamp counter is read by all, set by nobody"},
	{0x11, 0x12, "aaaa", "no host writes its clock to an address that a guest gives it"},
	{0x1b, 0x1b, "ccpc", "the APIC's base is not moved unseen"},
	{0x3b, 0x3b, "aapr", "nor is the counter set by its offset"},
	{0x48, 0x49, "pppp", "speculation control is each guest's own"},
	{0x8b, 0x8b, "pipp", "a cell's write before it reads its microcode revision does nothing"},
	{0xfe, 0xfe, "prpp", "the number of memory type registers is for reading"},
	{0x174, 0x176, "pppp", "SYSENTER's registers are switched, so they pass"},
	{0x200, 0x26f, "pipi", "the memory type registers are written by nobody, root included"},
	{0x277, 0x277, "cccc", "PAT is emulated"},
	{0x2ff, 0x2ff, "ccpi", "the default memory type is written by nobody, root included"},
	{0x6e0, 0x6e0, "pppp", "the deadline timer is this CPU's own"},
	{0x800, 0x8ff, "aaaa", "beside the local APIC's own registers nothing is there"},
	{0xc81, 0xc81, "aapr", "nobody changes what a cache mask means"},
	{0xc90, 0xc90, "aapi", "the cache's class of cells is cut by nobody"},
	{0xda0, 0xda0, "pppp", "XSS is this CPU's own"},
	{0xc0000080, 0xc0000080, "ccpc",
	 "EFER is never written without a look, read by root as it is"},
	{0xc0000081, 0xc0000084, "pppp", "SYSCALL's registers are switched, so they pass"},
	{0xc0000100, 0xc0000103, "pppp", "segment bases and TSC_AUX are each guest's own"},
	{0xc0000104, 0xc0000104, "arpr", "the counter's rate is set by nobody"},
	{0xc0000200, 0xc0000200, "aapi", "the bandwidth's class of cells is cut by nobody"},
	{0xc0000280, 0xc0000280, "aapi", "that of slow memory neither"},
	{0xc0002000, 0xc0002fff, "aann", "root has its machine check banks"},
	{0xc0010010, 0xc0010010, "arpi", "a write of SYSCFG does nothing"},
	{0xc0010015, 0xc0010015, "crpp", "a cell has no say in the core's settings"},
	{0xc0010016, 0xc0010019, "arpr", "IORRs are read by root only, written by nobody"},
	{0xc001001a, 0xc001001a, "arpr", "TOP_MEM is read by root only, written by nobody"},
	{0xc001001d, 0xc001001d, "arpr", "TOP_MEM2 is read by root only, written by nobody"},
	{0xc0010020, 0xc0010020, "arpi", "no microcode is loaded under running cells"},
	{0xc0010030, 0xc0010035, "arpr", "the processor keeps its name"},
	{0xc0010050, 0xc0010056, "arpr", "ports do not lead to system management mode"},
	{0xc0010058, 0xc0010058, "arpr", "the configuration space stays where it is"},
	{0xc0010064, 0xc001006b, "arpr", "what a performance state is stays as it is"},
	{0xc0010070, 0xc0010070, "arpr", "voltages are set by nobody"},
	{0xc0010073, 0xc0010073, "arpr", "ports that put a CPU to sleep stay where they are"},
	{0xc0010111, 0xc0010113, "arpr", "system management memory stays where it is"},
	{0xc0010114, 0xc0010114, "crpr", "VM_CR is hidden from cells and written by nobody"},
	{0xc0010115, 0xc0010115, "arpr", "IGNNE is written by nobody"},
	{0xc0010116, 0xc0010116, "arrr", "nobody enters system management mode by hand"},
	{0xc0010117, 0xc0010117, "arri", "nobody reads or moves the host save area"},
	{0xc0010118, 0xc0010118, "arrr", "nobody opens the lock of SVM"},
	{0xc001011b, 0xc001011b, "arrr", "nobody rings at other CPUs' guests"},
	{0xc001011e, 0xc001011e, "arpr", "nobody flushes pages that no table gives him"},
	{0xc0010130, 0xc001013f, "arpr", "whose memory is encrypted is changed by nobody"},
};

#define MSR_DOCUMENTED (sizeof(msr_documented) / sizeof(msr_documented[0]))

#endif /* MSR_DOCUMENTED_H */
