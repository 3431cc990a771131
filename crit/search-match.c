// SPDX-License-Identifier: GPL-2.0-only
/* What a search looks for: a byte sequence, found with vectors, or a regular expression, by PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/library.h"
#include "crit/search.h"

#define SONAME	  "libpcre2-8.so.0"
#define REACH_MAX (1u << 20) /* of a match of a regular expression */
#define JIT_STACK (1u << 20)

#define FUNCTIONS(F)                    \
	F(pcre2_compile_8)              \
	F(pcre2_code_free_8)            \
	F(pcre2_get_error_message_8)    \
	F(pcre2_get_ovector_pointer_8)  \
	F(pcre2_jit_compile_8)          \
	F(pcre2_jit_stack_assign_8)     \
	F(pcre2_jit_stack_create_8)     \
	F(pcre2_jit_stack_free_8)       \
	F(pcre2_match_8)                \
	F(pcre2_match_context_create_8) \
	F(pcre2_match_context_free_8)   \
	F(pcre2_match_data_create_8)    \
	F(pcre2_match_data_free_8)      \
	F(pcre2_pattern_info_8)

LIBRARY(FUNCTIONS);

struct matcher {
	/* plain */
	uint8_t *needle;
	size_t len;
	size_t probe[2]; /* positions of two rare bytes of the needle */
	/* regular expression */
	struct library lib;
	pcre2_code_8 *code;
	pcre2_match_data_8 *data;
	pcre2_match_context_8 *context;
	pcre2_jit_stack_8 *stack;
	uint32_t lookbehind;
};

/* --- plain ------------------------------------------------------------------------------------------------------ */

/* How often a byte is met in memory, roughly: the fewer false alarms, the faster the search. */
static int commonness(uint8_t byte)
{
	if (byte == 0)
		return 5;
	if (byte == 0xff || byte == ' ' || byte == 'e' || byte == 't')
		return 4;
	if (byte >= 'a' && byte <= 'z')
		return 3;
	if (byte < 0x20 || (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '/')
		return 2;
	return byte >= 'A' && byte <= 'Z' ? 1 : 0;
}

static void choose_probes(struct matcher *m)
{
	for (size_t i = 1; i < m->len; i++) {
		if (commonness(m->needle[i]) < commonness(m->needle[m->probe[0]]))
			m->probe[0] = i;
	}
	m->probe[1] = m->probe[0] ? 0 : m->len - 1;
	for (size_t i = 0; i < m->len; i++) {
		if (i != m->probe[0] && commonness(m->needle[i]) < commonness(m->needle[m->probe[1]]))
			m->probe[1] = i;
	}
}

int matcher_plain(struct matcher **ret, const void *bytes, size_t len, struct err *e)
{
	struct matcher *m = calloc(1, sizeof(*m));

	if (m)
		m->needle = malloc(len);
	if (!m || !m->needle) {
		free(m);
		return err_nomem(e, "the pattern");
	}
	memcpy(m->needle, bytes, len);
	m->len = len;
	choose_probes(m);
	*ret = m;
	return 0;
}

typedef uint8_t v16 __attribute__((vector_size(16)));
typedef uint64_t v2 __attribute__((vector_size(16)));
#define BLOCK 64 /* positions that are looked at in one step */

static inline v16 equal(const uint8_t *p, v16 byte)
{
	v16 v;

	memcpy(&v, p, sizeof(v));
	return (v16)(v == byte);
}

/* The first block of positions, from `at` on, with one where both probes fit; it, or the first one that is not whole, is returned. */
static size_t skip_blocks(const struct matcher *m, const uint8_t *text, size_t at, size_t positions)
{
	const uint8_t *p = text + m->probe[0], *q = text + m->probe[1];
	const v16 zero = { 0 };
	const v16 a = zero + m->needle[m->probe[0]], b = zero + m->needle[m->probe[1]];

	for (; positions - at >= BLOCK; at += BLOCK) {
		v16 hit = equal(p + at, a) & equal(q + at, b);

		hit |= equal(p + at + 16, a) & equal(q + at + 16, b);
		hit |= equal(p + at + 32, a) & equal(q + at + 32, b);
		hit |= equal(p + at + 48, a) & equal(q + at + 48, b);
		if (((v2)hit)[0] | ((v2)hit)[1])
			break;
	}
	return at;
}

static int find_plain(const struct matcher *m, const uint8_t *text, size_t len, size_t from, struct span *ret)
{
	size_t positions = len >= m->len ? len - m->len + 1 : 0;
	uint8_t a = m->needle[m->probe[0]], b = m->needle[m->probe[1]];

	while (from < positions) {
		size_t at = skip_blocks(m, text, from, positions);
		size_t end = positions - at < BLOCK ? positions : at + BLOCK;

		for (; at < end; at++) {
			if (text[at + m->probe[0]] != a || text[at + m->probe[1]] != b ||
			    memcmp(text + at, m->needle, m->len))
				continue;
			*ret = (struct span){ at, at + m->len };
			return 1;
		}
		from = end;
	}
	ret->start = from;
	return 0;
}

/* --- regular expressions ---------------------------------------------------------------------------------------- */

static int load(struct library *l, struct err *e)
{
	return library_load(SONAME, "finds regular expressions", "install PCRE2 (Debian: libpcre2-8-0)", library_names,
			    ARRAY_SIZE(library_names), (void **)l, e);
}

static int library_error(const struct matcher *m, int code, struct err *e)
{
	PCRE2_UCHAR8 text[256] = "";

	m->lib.pcre2_get_error_message_8(code, text, sizeof(text));
	return err_set(e, 0, "%s", (const char *)text);
}

static int compile(struct matcher *m, const char *pattern, struct err *e)
{
	/* Memory is bytes: (*UTF) would reject most of it. */
	const uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	PCRE2_SIZE at;
	int code;

	if (load(&m->lib, e))
		return -1;
	m->code = m->lib.pcre2_compile_8((PCRE2_SPTR8)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
	if (!m->code) {
		library_error(m, code, e);
		return err_in(e, "the pattern, at offset %zu", (size_t)at);
	}
	m->context = m->lib.pcre2_match_context_create_8(NULL);
	m->data = m->lib.pcre2_match_data_create_8(1, NULL);
	if (!m->context || !m->data)
		return err_nomem(e, "the pattern");
	m->lib.pcre2_pattern_info_8(m->code, PCRE2_INFO_MAXLOOKBEHIND, &m->lookbehind);
	/* Without a compiler for this processor, or without leave to make memory executable, it is interpreted. */
	if (m->lib.pcre2_jit_compile_8(m->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD))
		return 0;
	m->stack = m->lib.pcre2_jit_stack_create_8(32 * 1024, JIT_STACK, NULL);
	if (!m->stack)
		return err_nomem(e, "the pattern");
	m->lib.pcre2_jit_stack_assign_8(m->context, NULL, m->stack);
	return 0;
}

int matcher_regex(struct matcher **ret, const char *pattern, struct err *e)
{
	struct matcher *m = calloc(1, sizeof(*m));

	if (!m)
		return err_nomem(e, "the pattern");
	if (compile(m, pattern, e)) {
		matcher_close(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

static int find_regex(struct matcher *m, const uint8_t *text, size_t len, size_t from, bool final, struct span *ret,
		      struct err *e)
{
	const uint32_t options = PCRE2_NOTEMPTY | (final ? 0 : PCRE2_PARTIAL_HARD);
	const PCRE2_SIZE *found = m->lib.pcre2_get_ovector_pointer_8(m->data);
	int rc = m->lib.pcre2_match_8(m->code, text, len, from, options, m->data, m->context);

	if (rc == PCRE2_ERROR_NOMATCH || rc == PCRE2_ERROR_PARTIAL) {
		ret->start = rc == PCRE2_ERROR_PARTIAL ? found[0] : len;
		return 0;
	}
	if (rc < 0) {
		library_error(m, rc, e);
		return err_hint(e, "the pattern needs too much work in this memory; make it more definite");
	}
	/* \K can put the start of a match anywhere, even behind its end. */
	*ret = (struct span){ found[0], found[1] };
	if (ret->start < from || ret->end <= ret->start)
		return err_set(e, 0, "the pattern moves the beginning of its match (\\K) to an impossible place");
	return 1;
}

/* --- both ------------------------------------------------------------------------------------------------------- */

void matcher_close(struct matcher **mp)
{
	struct matcher *m = *mp;

	if (!m)
		return;
	/* Without the library none of them is there. */
	if (m->code)
		m->lib.pcre2_code_free_8(m->code);
	if (m->data)
		m->lib.pcre2_match_data_free_8(m->data);
	if (m->context)
		m->lib.pcre2_match_context_free_8(m->context);
	if (m->stack)
		m->lib.pcre2_jit_stack_free_8(m->stack);
	free(m->needle);
	free(m);
	*mp = NULL;
}

size_t matcher_reach(const struct matcher *m)
{
	return m->needle ? m->len - 1 : REACH_MAX;
}

size_t matcher_lookbehind(const struct matcher *m)
{
	return m->lookbehind;
}

int matcher_find(struct matcher *m, const uint8_t *text, size_t len, size_t from, bool final, struct span *ret,
		 struct err *e)
{
	return m->needle ? find_plain(m, text, len, from, ret) : find_regex(m, text, len, from, final, ret, e);
}
