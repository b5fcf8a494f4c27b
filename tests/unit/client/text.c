// SPDX-License-Identifier: GPL-2.0-only
#include <locale.h>

#include "tests/lib/tap.h"
#include "common/utf8.h"
#include "view/text.h"
#include "common/cleanup.h"

static void test_decoding(struct tap *tap)
{
	static const struct {
		const char *bytes;
		size_t length, wanted;
		uint32_t code;
		const char *name;
	} cases[] = {
		{"a", 1, 1, 'a', "an ASCII character"},
		{"\xc3\xa4", 2, 2, 0xe4, "two bytes"},
		{"\xe2\x97\x8f", 3, 3, 0x25cf, "three bytes"},
		{"\xf0\x9f\x94\xa5", 4, 4, 0x1f525, "four bytes"},
		{"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff, "the last code"},
		{"", 0, 0, 0, "nothing is no character"},
		{"\xe2\x97", 2, 0, 0, "a cut character is none"},
		{"\xc0\xaf", 2, 0, 0, "overlong, two bytes"},
		{"\xe0\x80\xaf", 3, 0, 0, "overlong, three bytes"},
		{"\xf0\x80\x80\xaf", 4, 0, 0, "overlong, four bytes"},
		{"\xed\xa0\x80", 3, 0, 0, "a surrogate"},
		{"\xf4\x90\x80\x80", 4, 0, 0, "beyond the last code"},
		{"\xff", 1, 0, 0, "a byte that never occurs"},
		{"\x80", 1, 0, 0, "a continuation alone"},
		{"\xc3"
		 "a",
		 2, 0, 0, "a lead without continuation"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t code = 0;
		size_t bytes = utf8_decode(cases[i].bytes, cases[i].length, &code);

		tap_ok(tap, bytes == cases[i].wanted && code == cases[i].code, "decoding: %s",
		       cases[i].name);
	}
}

static void test_round_trip(struct tap *tap)
{
	bool good = true;

	for (uint32_t code = 1; code <= 0x10ffff; code += code < 0x1000 ? 1 : 97) {
		char buffer[4];
		uint32_t decoded = 0;
		size_t bytes = utf8_encode(code, buffer);

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		good = good && utf8_decode(buffer, bytes, &decoded) == bytes && decoded == code;
	}
	tap_ok(tap, good, "what is encoded decodes to the same");
}

static void test_cleaning(struct tap *tap)
{
	static const struct {
		const char *text, *unicode, *ascii, *name;
	} cases[] = {
		{"turbine-1", "turbine-1", "turbine-1", "plain text stays"},
		{"h\xc3\xa4", "h\xc3\xa4", "h?", "letters stay where the screen has them"},
		{"\x1b[2J", "^[[2J", "^[[2J", "escape sequences become visible"},
		{"a\tb\r\nc", "a b  c", "a b  c", "one line stays one line"},
		{"\x7f\x01", "^?^A", "^?^A", "control characters become visible"},
		{"\xc2\x9b"
		 "2J",
		 "\xef\xbf\xbd"
		 "2J",
		 "?2J", "C1 controls are replaced"},
		{"a\xe2\x80\xae"
		 "b",
		 "a\xef\xbf\xbd"
		 "b",
		 "a?b", "changes of the writing direction are replaced"},
		{"a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b",
		 "a?b", "bytes that are no text are replaced"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *unicode = text_clean(cases[i].text, true);
		_cleanup_(freep) char *ascii = text_clean(cases[i].text, false);

		tap_is_str(tap, unicode, cases[i].unicode, "%s", cases[i].name);
		tap_is_str(tap, ascii, cases[i].ascii, "%s", cases[i].name);
	}
}

/* By themselves, at their limits, and one beside each. */
static void test_unsafe(struct tap *tap)
{
	static const struct {
		uint32_t first, last;
		const char *name;
	} unsafe[] = {
		{0x01, 0x1f, "control characters"},
		{0x7f, 0x9f, "delete and C1"},
		{0x61c, 0x61c, "the Arabic mark of direction"},
		{0x200e, 0x200f, "marks of direction"},
		{0x2028, 0x202e, "separators and embeddings"},
		{0x2066, 0x2069, "isolates"},
		{0xfeff, 0xfeff, "a mark of byte order"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++) {
		bool good = !text_code_is_unsafe(unsafe[i].last + 1) &&
			    (unsafe[i].first == 1 || !text_code_is_unsafe(unsafe[i].first - 1));

		for (uint32_t code = unsafe[i].first; code <= unsafe[i].last; code++)
			good = good && text_code_is_unsafe(code);
		tap_ok(tap, good, "%s reach no screen, what is beside them does", unsafe[i].name);
	}
}

static void test_fitting(struct tap *tap)
{
	static const struct {
		const char *text;
		size_t columns;
		bool unicode;
		const char *wanted;
		size_t width;
		const char *name;
	} cases[] = {
		{"turbine", 7, true, "turbine", 7, "what fits stays whole"},
		{"turbine", 6, true, "turbi\xe2\x80\xa6", 6, "what does not gets an ellipsis"},
		{"turbine", 6, false, "turbi~", 6, "the ellipsis is ASCII where it must be"},
		{"turbine", 1, true, "\xe2\x80\xa6", 1, "one column holds the ellipsis"},
		{"turbine", 0, true, "", 0, "no column holds nothing"},
		{"\xe7\x81\xab\xe7\x81\xab", 4, true, "\xe7\x81\xab\xe7\x81\xab", 4,
		 "wide characters take two columns"},
		{"\xe7\x81\xab\xe7\x81\xab", 3, true, "\xe7\x81\xab\xe2\x80\xa6", 3,
		 "wide characters are cut as a whole"},
		{"e\xcc\x81tude", 5, true, "e\xcc\x81tude", 5, "combining marks take none"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *text =
			text_shorten(cases[i].text, cases[i].columns, cases[i].unicode);

		tap_is_str(tap, text, cases[i].wanted, "%s", cases[i].name);
		tap_ok(tap, text_width(text) == cases[i].width, "width of: %s", cases[i].name);
	}
}

int main(void)
{
	struct tap tap = {0};

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		printf("1..0 # SKIP no locale C.UTF-8\n");
		return 0;
	}
	test_decoding(&tap);
	test_round_trip(&tap);
	test_cleaning(&tap);
	test_unsafe(&tap);
	test_fitting(&tap);
	return tap_done(&tap);
}
