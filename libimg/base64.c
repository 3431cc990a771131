// SPDX-License-Identifier: LGPL-2.1-only
/* Base64 strings of JSON text, decoded as they stream by. */
#include <string.h>

#include "libimg/parse.h"

struct base64 {
	uint32_t bits;
	unsigned int digits, padding;
	size_t used;
	uint8_t out[4096];
};

static const uint8_t base64_value[256] = {
	['A'] = 1,  ['B'] = 2,	['C'] = 3,  ['D'] = 4,	['E'] = 5,  ['F'] = 6,	['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* One character of base64 text; b->out has room for three bytes more. Returns false when it does not belong there. */
static bool base64_char(struct base64 *b, uint8_t c)
{
	uint8_t v = base64_value[c];

	if (c == '\n' || c == '\r' || c == ' ')
		return true;
	if (c == '=') {
		if (b->digits + b->padding < 2 || b->digits + b->padding > 3)
			return false;
		b->padding++;
	} else if (!v || b->padding) {
		return false;
	} else {
		b->bits = b->bits << 6 | (uint32_t)(v - 1);
		b->digits++;
	}
	if (b->digits + b->padding < 4 || !b->digits)
		return true;
	b->bits <<= 6 * b->padding;
	for (unsigned int i = 0; i < b->digits - 1; i++)
		b->out[b->used++] = (uint8_t)(b->bits >> (16 - 8 * i));
	b->digits = 0;
	b->bits = 0;
	return true;
}

typedef int take_fn(void *arg, const uint8_t *p, size_t len, struct err *e);

static int base64_run(struct parse *j, struct base64 *b, const uint8_t *p, size_t len, take_fn *out, void *arg,
		      uint64_t *total)
{
	for (size_t i = 0; i < len; i++) {
		if (!base64_char(b, p[i]))
			return parse_fail(j, "bad base64: '%c' does not belong there",
					  p[i] > ' ' && p[i] < 0x7f ? p[i] : '?');
		if (b->used + 3 > sizeof(b->out)) {
			if (out(arg, b->out, b->used, j->e))
				return parse_complain(j);
			*total += b->used;
			b->used = 0;
		}
	}
	return 0;
}

int parse_base64(struct parse *j, take_fn *out, void *arg, uint64_t *total)
{
	struct base64 b;
	int n;

	memset(&b, 0, offsetof(struct base64, out));
	*total = 0;
	if (parse_expect(j, '"'))
		return -1;
	do {
		const char *run;
		uint8_t c[4];
		size_t len;

		if (parse_run(j, &run, &len) || base64_run(j, &b, (const uint8_t *)run, len, out, arg, total))
			return -1;
		n = parse_after_run(j, c);
		if (n == -1 || (n > 0 && base64_run(j, &b, c, (size_t)n, out, arg, total)))
			return -1;
	} while (n);
	if (b.digits)
		return parse_fail(j, "bad base64: it ends within a group of four");
	if (out(arg, b.out, b.used, j->e))
		return parse_complain(j);
	*total += b.used;
	return 0;
}

static int take_bytes(void *arg, const uint8_t *p, size_t len, struct err *e)
{
	return bytes_add(arg, p, len, e);
}

int parse_base64_bytes(struct parse *j, struct bytes *out)
{
	uint64_t total;

	/* Also of nothing, out->p shall be a place. */
	if (bytes_room(out, 1, j->e))
		return parse_complain(j);
	return parse_base64(j, take_bytes, out, &total);
}
