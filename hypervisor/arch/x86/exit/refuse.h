/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a cell would be stopped for is refused to root like by hardware where nothing is, counted
 * and told on the console: a stray access must not take Linux down. cpu->failure says what it was.
 */
#ifndef REFUSE_H
#define REFUSE_H

#include "arch/x86/logic/mmio_decode.h"
#include "arch/x86/exit/exit.h"

/*
 * A memory access is answered like by an empty bus: reads give all ones, writes are lost. What
 * cannot be emulated (insn is NULL: vector instructions, a walk of root's own page tables) gets a
 * general-protection exception, which Linux' guarded accesses survive. Of a string instruction one
 * element is done. Returns VERDICT_HANDLED.
 */
enum verdict refuse_memory(struct cpu *cpu, const struct mmio_insn *insn);

/* The same for IN and OUT, or INS and OUTS (string), of so many bytes. */
enum verdict refuse_port(struct cpu *cpu, bool string, unsigned int instruction_length);

/*
 * Everything else: a general-protection exception. After what would reset the machine, and the
 * cells with it, this CPU of Linux stops.
 */
void refuse_other(struct cpu *cpu);

#endif /* REFUSE_H */
