// SPDX-License-Identifier: GPL-2.0-only
/* The HTML of crit report: escaping, numbers, the style sheet. */
#include <inttypes.h>
#include <string.h>

#include "base/guard.h"
#include "crit/report.h"

static void escape(FILE *out, unsigned char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	case '\n':
		fputs("\\n", out);
		break;
	case '\t':
		fputs("\\t", out);
		break;
	default:
		if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

void html_text(FILE *out, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t len = strlen(s);

	while (len) {
		size_t n = utf8_length(p, len);
		/* U+0080 to U+009F are controls too. */
		bool control = n == 2 && p[0] == 0xc2 && p[1] < 0xa0;

		if (n > 1 && !control)
			fwrite(p, 1, n, out);
		else
			escape(out, *p);
		n = n > 1 && !control ? n : 1;
		p += n;
		len -= n;
	}
}

void html_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1000 && u + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		u++;
	}
	fprintf(out, "<span class=n>%.*f</span>&nbsp;%s", u && v < 99.95 ? 1 : 0, v, units[u]);
}

void html_count(FILE *out, uint64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	fputs("<span class=n>", out);
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			putc(',', out);
		putc(digits[i], out);
	}
	fputs("</span>", out);
}

static const char style[] =
#include "crit/report-style.inc"
	;

void html_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<title>",
	      out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}
