// SPDX-License-Identifier: GPL-2.0-only
/* Privileged instructions of the hypervisor, done by hand: an AMD processor with SVM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/apic.h"
#include "sim_cpu.h"

struct instruction {
	const uint8_t *opcode; /* behind prefixes */
	unsigned int length;   /* so far */
	unsigned int rex;
	uint8_t modrm;
	uint64_t address; /* of a memory operand */
};

/* The time stamp counter of all CPUs: the looks at it. */
static uint64_t ticks;

static unsigned int reg_field(const struct instruction *insn)
{
	return ((insn->modrm >> 3) & 7) | (insn->rex & 4 ? 8 : 0);
}

static unsigned int rm_field(const struct instruction *insn)
{
	return (insn->modrm & 7) | (insn->rex & 1 ? 8 : 0);
}

/* Reads ModRM and what belongs to it, behind an opcode of the given length. */
static void read_operand(struct instruction *insn, const struct sim_cpu *cpu, unsigned int opcode)
{
	const uint8_t *at = insn->opcode + opcode;
	unsigned int mod = *at >> 6, base;
	int32_t wide = 0;

	insn->modrm = *at++;
	base = rm_field(insn);
	if (mod != 3) {
		if ((insn->modrm & 7) == 4) {
			unsigned int index = ((*at >> 3) & 7) | (insn->rex & 2 ? 8 : 0);

			base = (*at & 7) | (insn->rex & 1 ? 8 : 0);
			if (index != 4)
				insn->address += cpu->reg[index] << (*at >> 6);
			at++;
		}
		if (mod == 0 && (base & 7) == 5) {
			memcpy(&wide, at, sizeof(wide));
			at += 4;
			/* Relative to the next instruction: none of ours has an immediate. */
			if ((insn->modrm & 7) == 5)
				insn->address = cpu->rip + insn->length + (at - insn->opcode);
			insn->address += (int64_t)wide;
		} else {
			insn->address += cpu->reg[base];
			if (mod == 1)
				insn->address += (int64_t)(int8_t)*at++;
			if (mod == 2) {
				memcpy(&wide, at, sizeof(wide));
				insn->address += (int64_t)wide;
				at += 4;
			}
		}
	}
	insn->length += at - insn->opcode;
}

static void push(struct sim_cpu *cpu, uint64_t value)
{
	cpu->reg[SIM_RSP] -= 8;
	*(uint64_t *)cpu->reg[SIM_RSP] = value;
}

static uint64_t pop(struct sim_cpu *cpu)
{
	uint64_t value = *(uint64_t *)cpu->reg[SIM_RSP];

	cpu->reg[SIM_RSP] += 8;
	return value;
}

void sim_deliver(struct sim_cpu *cpu, unsigned int vector, bool has_error, uint64_t error)
{
	const uint16_t *gate = (const uint16_t *)(cpu->idtr.base + 16 * vector);
	uint64_t rsp = cpu->reg[SIM_RSP], offset_high;

	cpu->reg[SIM_RSP] &= ~15ull;
	push(cpu, 0);
	push(cpu, rsp);
	push(cpu, cpu->flags);
	push(cpu, 0x10);
	push(cpu, cpu->rip);
	if (has_error)
		push(cpu, error);
	memcpy(&offset_high, &gate[3], sizeof(offset_high));
	cpu->rip = gate[0] | offset_high << 16;
}

/* STI. Interrupts come after the instruction behind it, if that does not shut them out again. */
static void let_interrupts_in(struct sim_cpu *cpu)
{
	unsigned int vector;
	uint8_t next;

	sim_read_code(cpu->rip, &next, 1);
	if (next == 0xfa || !cpu->gif)
		return;
	vector = sim_take_interrupt(cpu - sim.cpu);
	if (vector)
		sim_deliver(cpu, vector, false, 0);
}

bool sim_virtual_nmi;

static void do_cpuid(struct sim_cpu *cpu)
{
	uint32_t leaf = cpu->reg[SIM_RAX], a = 0, b = 0, c = 0, d = 0;

	switch (leaf) {
	case 0:
		a = 0xd, b = 0x68747541, c = 0x444d4163, d = 0x69746e65;
		break;
	case 1:
		a = 0x800f12, d = 0x178bfbff;
		c = 0x80802001 | 1u << 26 | 1u << 27 | (uint32_t)sim_x2apic << 21;
		break;
	case 0xd:
		a = SIM_STATES, b = c = 0xa88;
		break;
	case 0x80000000:
		a = 0x8000001e;
		break;
	case 0x80000001:
		c = 0x7 | 1u << 4, d = 0x2c100800 | 1u << 26;
		break;
	case 0x80000008:
		a = 0x3028;
		break;
	case 0x8000000a:
		a = 1, b = 16,
		d = 1 | 1u << 3 | 1u << 7 | 1u << 20 | (uint32_t)sim_virtual_nmi << 25;
		break;
	}
	cpu->reg[SIM_RAX] = a;
	cpu->reg[SIM_RBX] = b;
	cpu->reg[SIM_RCX] = c;
	cpu->reg[SIM_RDX] = d;
}

bool (*sim_msr_missing)(uint32_t number);

uint64_t *sim_msr(struct sim_cpu *cpu, uint32_t number)
{
	for (unsigned int n = 0; n < cpu->num_msrs; n++) {
		if (cpu->msr[n].number == number)
			return &cpu->msr[n].value;
	}
	if (cpu->num_msrs == SIM_MSRS)
		abort();
	cpu->msr[cpu->num_msrs].number = number;
	return &cpu->msr[cpu->num_msrs++].value;
}

/* False: there is no such register. */
static bool do_msr(struct sim_cpu *cpu, bool write)
{
	uint32_t number = cpu->reg[SIM_RCX];
	uint64_t *msr;

	if (sim_msr_missing && sim_msr_missing(number))
		return false;
	msr = sim_msr(cpu, number);
	if (write) {
		*msr = (uint32_t)cpu->reg[SIM_RAX] | cpu->reg[SIM_RDX] << 32;
		if (number == MSR_X2APIC(APIC_ICR_LOW))
			sim_command(*msr >> 32, *msr);
	} else {
		cpu->reg[SIM_RAX] = (uint32_t)*msr;
		cpu->reg[SIM_RDX] = *msr >> 32;
	}
	return true;
}

static void set_gif(struct sim_cpu *cpu, bool gif)
{
	cpu->gif = gif;
	if (gif && cpu->nmi_pending && cpu->idtr.base) {
		cpu->nmi_pending = false;
		sim_deliver(cpu, 2, false, 0);
	}
	/* Redirected (VM_CR.R_INIT), or it takes the CPU away. */
	if (gif && cpu->init_pending) {
		cpu->init_pending = false;
		if (*sim_msr(cpu, 0xc0010114) & 2) {
			cpu->redirected++;
			sim_deliver(cpu, 30, true, 1);
		} else {
			cpu->state = SIM_HALTED;
		}
	}
}

/* 0F 01 with a register in place of memory; cpu->rip is behind it. */
static bool do_system_register(struct sim_cpu *cpu, uint8_t modrm)
{
	switch (modrm) {
	case 0xd0: /* XGETBV */
		cpu->reg[SIM_RAX] = 7;
		cpu->reg[SIM_RDX] = 0;
		return true;
	case 0xd8: /* VMRUN */
		cpu->state = SIM_GUEST;
		cpu->vmcb_phys = cpu->reg[SIM_RAX];
		return true;
	case 0xdc:
	case 0xdd:
		set_gif(cpu, modrm == 0xdc);
		return true;
	case 0xd1: /* XSETBV */
		cpu->xcr0 = (uint32_t)cpu->reg[SIM_RAX] | cpu->reg[SIM_RDX] << 32;
		cpu->opened |= cpu->xcr0;
		return true;
	case 0xda: /* VMLOAD */
		cpu->loaded = cpu->reg[SIM_RAX];
		return true;
	case 0xdb: /* VMSAVE */
		return true;
	}
	return false;
}

static bool do_system_memory(struct sim_cpu *cpu, const struct instruction *insn)
{
	void *table = insn->modrm & 8 ? &cpu->idtr.limit : &cpu->gdtr.limit;
	uint64_t *base = insn->modrm & 8 ? &cpu->idtr.base : &cpu->gdtr.base;
	uint8_t *memory = (uint8_t *)insn->address;

	switch (reg_field(insn) & 7) {
	case 0:
	case 1:
		memcpy(memory, table, 2);
		memcpy(memory + 2, base, 8);
		return true;
	case 2:
	case 3:
		memcpy(table, memory, 2);
		memcpy(base, memory + 2, 8);
		return true;
	case 7:
		sim.flushes++;
		sim_flush_page(cpu, insn->address);
		return true;
	}
	return false;
}

static bool do_two_bytes(struct sim_cpu *cpu, struct instruction *insn)
{
	uint8_t code = insn->opcode[1];
	uint64_t *system;

	switch (code) {
	case 0x01:
		read_operand(insn, cpu, 2);
		cpu->rip += insn->length;
		if (insn->modrm >= 0xc0)
			return do_system_register(cpu, insn->modrm);
		return do_system_memory(cpu, insn);
	case 0x20 ... 0x23:
		read_operand(insn, cpu, 2);
		cpu->rip += insn->length;
		system = code & 1 ? &cpu->dr[reg_field(insn) & 7] : &cpu->cr[reg_field(insn)];
		if (code & 2)
			*system = cpu->reg[rm_field(insn)];
		else
			cpu->reg[rm_field(insn)] = *system;
		return true;
	case 0xae:
		read_operand(insn, cpu, 2);
		/* FXRSTOR, XRSTOR: the FPU is the test's. */
		if (insn->modrm >= 0xc0 ||
		    ((insn->modrm >> 3 & 7) != 1 && (insn->modrm >> 3 & 7) != 5))
			return false;
		memcpy(&cpu->x87_control, (const uint8_t *)insn->address, 2);
		memcpy(&cpu->mxcsr, (const uint8_t *)insn->address + 24, 4);
		cpu->rip += insn->length;
		return true;
	}
	cpu->rip += insn->length + 2;
	switch (code) {
	case 0x09:
		if (insn->opcode[-1] == 0xf3)
			sim.write_backs_kept++;
		else
			sim.write_backs++;
		return true;
	case 0x0b: /* UD2 */
		cpu->rip -= insn->length + 2;
		sim_deliver(cpu, 6, false, 0);
		return true;
	case 0x30:
	case 0x32:
		if (!do_msr(cpu, code == 0x30)) {
			cpu->rip -= insn->length + 2;
			sim_deliver(cpu, 13, true, 0);
		}
		return true;
	case 0x31: /* RDTSC: one tick each */
		cpu->reg[SIM_RAX] = (uint32_t)++ticks;
		cpu->reg[SIM_RDX] = ticks >> 32;
		return true;
	case 0xa2:
		do_cpuid(cpu);
		return true;
	}
	return false;
}

/* A triple fault. */
static void reset_machine(void)
{
	sim.resets++;
	for (unsigned int n = 0; n < sim.num_cpus; n++)
		sim.cpu[n].state = SIM_HALTED;
}

static bool do_one_byte(struct sim_cpu *cpu, struct instruction *insn)
{
	if (insn->opcode[0] == 0xdb) { /* FILD: of the x87 its pointers are looked at */
		read_operand(insn, cpu, 1);
		cpu->rip += insn->length;
		cpu->x87_pointer = insn->address;
		return true;
	}
	cpu->rip += insn->length + 1;
	switch (insn->opcode[0]) {
	case 0xf4:
		cpu->state = SIM_HALTED;
		return true;
	case 0xfb:
		let_interrupts_in(cpu);
		return true;
	case 0xfa:
		return true;
	case 0xcc: /* INT3 */
		if (cpu->idtr.limit)
			sim_deliver(cpu, 3, false, 0);
		else
			reset_machine();
		return true;
	case 0x8e: /* MOV to a segment register */
		cpu->rip++;
		return true;
	case 0xcb: /* RETF */
		cpu->rip = pop(cpu);
		pop(cpu);
		return true;
	case 0xcf: /* IRETQ */
		cpu->rip = pop(cpu);
		pop(cpu);
		cpu->flags = pop(cpu);
		cpu->reg[SIM_RSP] = pop(cpu);
		return true;
	case 0xec: /* IN from DX: nothing there, or a UART that is stuck */
		cpu->reg[SIM_RAX] |= 0xff;
		if (cpu->port_busy && cpu->port_busy--)
			cpu->reg[SIM_RAX] &= ~0xffull;
		return true;
	case 0xee: /* OUT */
		if (cpu->port_writes++ == 0)
			cpu->port_late = cpu->port_busy;
		return true;
	}
	return false;
}

/*
 * REP MOVS and STOS at once, so that they are one instruction: the trap flag would stop after each
 * repetition. Upwards only, as all code that is compiled.
 */
static bool do_repeated(struct sim_cpu *cpu, const struct instruction *insn)
{
	unsigned int size = !(*insn->opcode & 1) ? 1 : insn->rex & 8 ? 8 : 4;
	bool move = (*insn->opcode & ~1) == 0xa4;
	uint8_t *to = (uint8_t *)cpu->reg[SIM_RDI];
	const uint8_t *from =
		move ? (const uint8_t *)cpu->reg[SIM_RSI] : (uint8_t *)&cpu->reg[SIM_RAX];
	uint64_t bytes = cpu->reg[SIM_RCX] * size;

	if (!move && (*insn->opcode & ~1) != 0xaa)
		return false;
	for (uint64_t n = 0; n < bytes; n++)
		to[n] = from[move ? n : n % size];
	cpu->reg[SIM_RDI] += bytes;
	cpu->reg[SIM_RSI] += move ? bytes : 0;
	cpu->reg[SIM_RCX] = 0;
	cpu->rip += insn->length + 1;
	return true;
}

bool sim_instruction(struct sim_cpu *cpu)
{
	uint8_t bytes[16];
	struct instruction insn = {.opcode = bytes};
	uint64_t rip = cpu->rip;
	bool done;

	sim_read_code(cpu->rip, bytes, sizeof(bytes));
	if (bytes[0] == 0xf3 && bytes[1] == 0x90) { /* PAUSE: somebody else's turn */
		cpu->rip += 2;
		cpu->waits = true;
		return true;
	}
	while (*insn.opcode == 0x66 || *insn.opcode == 0xf2 || *insn.opcode == 0xf3) {
		insn.opcode++;
		insn.length++;
	}
	if ((*insn.opcode & 0xf0) == 0x40) {
		insn.rex = *insn.opcode++;
		insn.length++;
	}
	done = *insn.opcode == 0x0f ? do_two_bytes(cpu, &insn)
	       : bytes[0] == 0xf3   ? do_repeated(cpu, &insn)
				    : do_one_byte(cpu, &insn);
	if (!done)
		cpu->rip = rip;
	return done;
}
