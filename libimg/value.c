// SPDX-License-Identifier: LGPL-2.1-only
/* The numbers that people write: plain, hexadecimal, names, flags, device numbers, addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
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

/* One name or number of a set of flags, blanks around it. */
static bool one_flag(enum hint_names set, const char *s, size_t len, uint64_t *value)
{
	char number[32];
	uint32_t bit;
	uint64_t v;

	while (len && *s == ' ') {
		s++;
		len--;
	}
	while (len && s[len - 1] == ' ')
		len--;
	if (by_name(set, s, len, &bit)) {
		*value |= bit;
		return true;
	}
	if (len >= sizeof(number))
		return false;
	memcpy(number, s, len);
	number[len] = '\0';
	if (!plain(number, &v))
		return false;
	*value |= v;
	return true;
}

static bool flags(enum hint_names set, const char *s, uint64_t *ret)
{
	*ret = 0;
	while (*s) {
		size_t len = strcspn(s, "|");

		if (!one_flag(set, s, len, ret))
			return false;
		s += len;
		if (*s && !*++s) /* nothing behind the bar */
			return false;
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

void value_ipv6_text(const uint32_t words[4], char *buf)
{
	const uint8_t *p = (const uint8_t *)words;
	unsigned int best = 0, best_len = 1;

	/* The first of the longest runs of zeros, if of two or more, becomes "::". */
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int len = 0;

		while (i + len < 8 && !p[2 * (i + len)] && !p[2 * (i + len) + 1])
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
	}
	for (unsigned int i = 0; i < 8; i++) {
		if (best_len > 1 && i == best) {
			buf += sprintf(buf, "::");
			i += best_len - 1;
			continue;
		}
		buf += sprintf(buf, "%s%x", i && !(best_len > 1 && i == best + best_len) ? ":" : "",
			       (unsigned int)p[2 * i] << 8 | p[2 * i + 1]);
	}
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

size_t value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_FLOAT:
		return sizeof(uint32_t);
	default:
		return sizeof(uint64_t); /* pointers too */
	}
}
