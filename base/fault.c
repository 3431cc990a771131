// SPDX-License-Identifier: GPL-2.0-only
/* Faults for tests: see fault.h. */
#include <stdlib.h>

#include "base/fault.h"
#include "base/guard.h"

static const struct {
	enum fault number;
	const char *text;
} faults[] = {
#define FAULT(number, id, text) { FAULT_##id, text },
#include "base/fault.def"
#undef FAULT
};

int fault_from_environment(enum fault *ret, struct err *e)
{
	const char *text = getenv("CRIU_FAULT");
	char *end;
	long number;

	*ret = FAULT_NONE;
	if (!text || !*text)
		return 0;
	number = strtol(text, &end, 10);
	for (size_t i = 0; !*end && i < ARRAY_SIZE(faults); i++)
		if (faults[i].number == number) {
			*ret = faults[i].number;
			return 0;
		}
	err_set(e, 0, "CRIU_FAULT is \"%s\", which is no fault that is known", text);
	return err_hint(e, "it is for tests: unset it in the environment");
}

int fault_strikes(enum fault chosen, enum fault here, struct err *e)
{
	size_t i = 0;

	if (chosen != here)
		return 0;
	while (faults[i].number != here)
		i++;
	return err_set(e, 0, "CRIU_FAULT=%d: %s", here, faults[i].text);
}
