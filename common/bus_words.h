/* SPDX-License-Identifier: GPL-2.0-only */
/* From the words of bus_abi.h back to their enums. */
#ifndef BUS_WORDS_H
#define BUS_WORDS_H

#include "bus_abi.h"

/* These return the enum's _COUNT for what is none of its words. */
enum lifecycle lifecycle_from_word(const char *word);
enum health health_from_word(const char *word);
enum hypervisor_state hypervisor_state_from_word(const char *word);

/* The code of an error on D-Bus; ERROR_NONE for those that bus_abi.h does not list. */
enum error_code error_code_from_name(const char *name);

#endif /* BUS_WORDS_H */
