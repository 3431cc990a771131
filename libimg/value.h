/* SPDX-License-Identifier: LGPL-2.1-only */
/* Values that people write as text: the inverse of the display hints. */
#ifndef CRKIT_LIBIMG_VALUE_H
#define CRKIT_LIBIMG_VALUE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libimg/hints.h"

/* Bytes that one value of a type takes in a protobuf-c structure. */
size_t value_size(ProtobufCType type);

/* The number that text means for a field with this hint. A plain number is always fine. */
bool value_from_text(const struct hint *h, const char *s, uint64_t *ret);

/* The words of an IPv4 (1) or IPv6 address (4), in network order; 0 when it is none. */
size_t value_address(const char *s, uint32_t words[4]);

/* An IPv6 address as Python shows it: never with a dotted IPv4 tail. buf has room for INET6_ADDRSTRLEN. */
void value_ipv6_text(const uint32_t words[4], char *buf);

/* Decodes quoted-printable in place. Returns the new length, -1 when there is an "=" without two hex digits. */
ssize_t value_unquopri(uint8_t *p, size_t len);

#endif
