// SPDX-License-Identifier: LGPL-2.1-only
/* The numbers that people write: plain, hexadecimal, names, flags, device numbers, addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libimg/hints.h"
#include "libimg/value.h"

/* A plain number, decimal or hexadecimal. */
static bool plain(const char *s, uint64_t *ret)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	return !*end && !errno;
}

static bool by_name(enum hint_names set, const char *name, size_t len, uint32_t *ret)
{
	const char *known;

	for (size_t i = 0; (known = hint_name(set, i, ret)); i++) {
		if (!strncmp(known, name, len) && !known[len])
			return true;
	}
	return false;
}

static bool flags(enum hint_names set, const char *s, uint64_t *ret)
{
	*ret = 0;
	while (*s) {
		const char *bar = strstr(s, " | ");
		size_t len = bar ? (size_t)(bar - s) : strlen(s);
		char number[32];
		uint32_t bit;
		uint64_t v;

		if (by_name(set, s, len, &bit)) {
			*ret |= bit;
		} else {
			if (len >= sizeof(number))
				return false;
			memcpy(number, s, len);
			number[len] = '\0';
			if (!plain(number, &v))
				return false;
			*ret |= v;
		}
		s += len + (bar ? 3 : 0);
	}
	return true;
}

static bool device(enum hint_how how, const char *s, uint64_t *ret)
{
	char *end;
	unsigned long major, minor;

	if (*s < '0' || *s > '9')
		return false;
	major = strtoul(s, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	minor = strtoul(end + 1, &end, 10);
	if (*end || major > 0xfff || minor > 0xfffff)
		return false;
	*ret = how == HINT_DEV ? major << 20 | minor : (minor & 0xff) | major << 8 | (minor & 0xfff00) << 12;
	return true;
}

bool value_from_text(const struct hint *h, const char *s, uint64_t *ret)
{
	uint32_t v;

	switch (h->how) {
	case HINT_FLAGS:
		return flags(h->names, s, ret);
	case HINT_DICT:
		if (by_name(h->names, s, strlen(s), &v)) {
			*ret = v;
			return true;
		}
		break;
	case HINT_DEV:
	case HINT_ODEV:
		if (device(h->how, s, ret))
			return true;
		break;
	default:
		break;
	}
	return plain(s, ret);
}

size_t value_address(const char *s, uint32_t words[4])
{
	if (inet_pton(AF_INET, s, words) == 1)
		return 1;
	return inet_pton(AF_INET6, s, words) == 1 ? 4 : 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ssize_t value_unquopri(uint8_t *p, size_t len)
{
	size_t in = 0, out = 0;

	while (in < len) {
		if (p[in] != '=') {
			p[out++] = p[in++];
		} else if (in + 1 < len && p[in + 1] == '\n') {
			in += 2;
		} else if (in + 2 < len && p[in + 1] == '\r' && p[in + 2] == '\n') {
			in += 3;
		} else if (in + 2 < len && hex_digit(p[in + 1]) >= 0 && hex_digit(p[in + 2]) >= 0) {
			p[out++] = (uint8_t)(hex_digit(p[in + 1]) << 4 | hex_digit(p[in + 2]));
			in += 3;
		} else {
			return -1;
		}
	}
	return (ssize_t)out;
}
