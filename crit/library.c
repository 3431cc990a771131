// SPDX-License-Identifier: GPL-2.0-only
/* Loading libraries late: see library.h. */
#include <dlfcn.h>

#include "crit/library.h"

int library_load(const char *soname, const char *what, const char *hint, const char *const *names, size_t nr,
		 void **fns, struct err *e)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		err_set(e, 0, "cannot load the library that %s: %s", what, dlerror());
		return err_hint(e, "%s", hint);
	}
	for (size_t i = 0; i < nr; i++) {
		fns[i] = dlsym(handle, names[i]);
		if (!fns[i])
			return err_set(e, 0, "%s has no function %s", soname, names[i]);
	}
	return 0;
}
