// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of 16-bit code, as they begin at guest address 0. They speak by the hypercall "console
 * putc": code 8 in EAX, the character in EDI. A data segment of 0xffff has the communication region
 * at offset 0x10, and the page behind it at 0x1010.
 */
#include "abi.h"

#define IMAGE(name) const struct image image_##name = {.code = name, .size = sizeof(name)}

#define ECX(value)	     0x66, 0xb9, (value)&0xff, (value) >> 8, 0, 0 /* mov $value, %ecx */
#define SAY_EDI		     0x66, 0xb8, 8, 0, 0, 0, 0x0f, 0x01, 0xd9 /* mov $8, %eax; vmmcall */
#define SAY(letter)	     0x66, 0xbf, letter, 0, 0, 0, SAY_EDI     /* mov $letter, %edi */
#define STOP		     0xf4, 0xeb, 0xfd			      /* hlt; jmp to it */
#define COMM		     0xb8, 0xff, 0xff, 0x8e, 0xd8 /* mov $0xffff, %ax; mov %ax, %ds */
#define RDMSR		     0x0f, 0x32
/* movl $value, offset */
#define STORE(offset, value) 0x66, 0xc7, 0x06, offset, 0, value, 0, 0, 0
#define PAUSE		     0xf3, 0x90

/* From offset 0x10 on. */
#define STATE	0x18
#define MESSAGE 0x1c
#define REPLY	0x20

static const uint8_t hello[] = {SAY('K'), STOP};
IMAGE(hello);

static const uint8_t pm_timer[] = {
	0xba,	  0x08, 0x06, /* mov $0x608, %dx */
	0x66,	  0xed,	      /* in %dx, %eax */
	SAY('K'), STOP,
};
IMAGE(pm_timer);

static const uint8_t id[] = {ECX(0x802), RDMSR, SAY('K'), STOP};
IMAGE(id);

static const uint8_t divide[] = {
	ECX(0x83e), RDMSR, 0x67, 0x66, 0x8d, 0x78, '0', /* lea '0'(%eax), %edi */
	SAY_EDI,    STOP,
};
IMAGE(divide);

static const uint8_t smp[] = {
	0xbb,	  0x01, 0x00,			/* mov $1, %bx */
	0xf0,	  0x0f, 0xc1, 0x1e, 0x00, 0x08, /* lock xadd %bx, 0x800 */
	PAUSE,					/* until it is this one's turn */
	0x39,	  0x1e, 0x02, 0x08,		/* cmp %bx, 0x802 */
	0x75,	  0xf8,				/* jne to pause */
	SAY('K'), 0xf0, 0xff, 0x06, 0x02, 0x08, /* lock incw 0x802 */
	STOP,
};
IMAGE(smp);

static const uint8_t locked[] = {
	COMM,
	STORE(STATE, 1),
	SAY('L'),
	PAUSE,
	0x66,
	0x83,
	0x3e,
	MESSAGE,
	0,
	1, /* cmpl $1, message */
	0x75,
	0xf6, /* jne to pause */
	STORE(MESSAGE, 0),
	STORE(REPLY, 3),
	STOP,
};
IMAGE(locked);

static const uint8_t flipper[] = {
	COMM, STORE(STATE, 1), PAUSE, STORE(STATE, 0), PAUSE, 0xeb, 0xe8, /* jmp to the store */
};
IMAGE(flipper);

static const uint8_t chatter[] = {
	0x66,	  0xbb, 0x40, 0x0d, 0x03, 0x00, /* mov $200000, %ebx */
	SAY('x'), 0x66, 0x4b,			/* dec %ebx */
	0x75,	  0xed,				/* jnz to say x */
	SAY('K'), STOP,
};
IMAGE(chatter);

static const uint8_t test_page[] = {
	COMM,	 0x66, 0x0f, 0xb6, 0x3e, 0x10, 0x10, /* movzbl 0x1010, %edi */
	SAY_EDI, 0x8b, 0x3e, 0x11, 0x10,	     /* mov 0x1011, %di */
	0x66,	 0x0f, 0xb7, 0xff,		     /* movzwl %di, %edi */
	SAY_EDI, STOP,
};
IMAGE(test_page);

/* From offset 0x2010 on. */
static const uint8_t reader[] = {COMM,	   0xa0, 0x10, 0x20, /* mov 0x2010, %al */
				 SAY('K'), STOP};
IMAGE(reader);

static const uint8_t writer[] = {COMM,	   0xa2, 0x10, 0x20, /* mov %al, 0x2010 */
				 SAY('K'), STOP};
IMAGE(writer);

static const uint8_t caller[] = {0xbc,	   0x00, 0x0f,		   /* mov $0xf00, %sp */
				 0x9a,	   0x10, 0x20, 0xff, 0xff, /* lcall $0xffff, $0x2010 */
				 SAY('K'), STOP};
IMAGE(caller);

static const uint8_t return_code[] = {0xcb}; /* lret */
const struct image image_return = {.code = return_code, .size = sizeof(return_code)};

static const uint8_t uart[] = {
	0xba,	  0xff, 0x02, /* mov $0x2ff, %dx */
	0xb0,	  0x5a,	      /* mov $0x5a, %al */
	0xee,	  0xec,	      /* out %al, %dx; in %dx, %al */
	SAY('K'), STOP,
};
IMAGE(uart);

static const uint8_t messages[] = {
	COMM,
	SAY('R'),
	PAUSE,
	0x66,
	0x8b,
	0x0e,
	MESSAGE,
	0, /* mov message, %ecx */
	0x66,
	0x85,
	0xc9, /* test %ecx, %ecx */
	0x74,
	0xf4, /* jz to pause */
	STORE(MESSAGE, 0),
	0x66,
	0xb8,
	4,
	0,
	0,
	0, /* mov $received, %eax */
	0x66,
	0x83,
	0xf9,
	0x01, /* cmp $1, %ecx */
	0x75,
	0x06, /* jne over it */
	0x66,
	0xb8,
	3,
	0,
	0,
	0, /* mov $approved, %eax */
	0x66,
	0xa3,
	REPLY,
	0, /* mov %eax, reply */
	0x67,
	0x66,
	0x8d,
	0x79,
	'0', /* lea '0'(%ecx), %edi */
	SAY_EDI,
	0xeb,
	0xc5, /* jmp to pause */
};
IMAGE(messages);
