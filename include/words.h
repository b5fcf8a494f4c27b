/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of a contract stand once, in a list beside their enum: LIST(X) with one X(SYMBOL, "word")
 *for each. From it come the enum, and wherever it is needed the table of the words:
 *
 *	enum kind { KINDS(WORD_SYMBOL) KIND_COUNT };
 *	static const char *const names[] = {KINDS(WORD_ENTRY)};
 */
#ifndef WORDS_H
#define WORDS_H

#define WORD_SYMBOL(symbol, ...)      symbol,
#define WORD_ENTRY(symbol, word, ...) [symbol] = word,

#endif /* WORDS_H */
