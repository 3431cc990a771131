// SPDX-License-Identifier: GPL-2.0-only
/* Clock functions through the vDSO work, also at the addresses that its own ELF image gave before, and no area piles up. */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "test/crtest.h"

static const char *const names[] = { "__vdso_clock_gettime", "__vdso_getcpu", "__vdso_gettimeofday", "__vdso_time" };
static void *found[4];
static const Elf64_Ehdr *vdso;

struct area {
	unsigned long start, end;
};

static struct {
	int areas;
	struct area vdso, vvar, clock; /* all zero: there is none; [vvar_vclock] since Linux 6.13 */
} before, now;

static void look_at_areas(struct area *at, const char *line, const char *name)
{
	if (strstr(line, name))
		must(sscanf(line, "%lx-%lx", &at->start, &at->end));
}

static void look(typeof(before) *l)
{
	static char text[1 << 16];

	memset(l, 0, sizeof(*l));
	text[read_file("/proc/self/maps", text, sizeof(text) - 1)] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		l->areas++;
		look_at_areas(&l->vdso, line, "[vdso]");
		look_at_areas(&l->vvar, line, "[vvar]");
		look_at_areas(&l->clock, line, "[vvar_vclock]");
	}
}

static const Elf64_Dyn *dynamic(void)
{
	const Elf64_Phdr *ph = (const void *)((const char *)vdso + vdso->e_phoff);

	for (int i = 0; i < vdso->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			return (const void *)((const char *)vdso + ph[i].p_offset);
	return NULL;
}

static void find_functions(void)
{
	const char *base = (const char *)vdso, *text = NULL;
	const Elf64_Sym *sym = NULL;
	const uint32_t *hash = NULL;

	for (const Elf64_Dyn *d = dynamic(); d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			sym = (const void *)(base + d->d_un.d_ptr);
		if (d->d_tag == DT_STRTAB)
			text = base + d->d_un.d_ptr;
		if (d->d_tag == DT_HASH)
			hash = (const void *)(base + d->d_un.d_ptr);
	}
	if (!hash)
		skip("this vDSO has no DT_HASH");
	for (uint32_t i = 0; i < hash[1]; i++)
		for (int f = 0; f < 4; f++)
			if (!strcmp(text + sym[i].st_name, names[f]))
				found[f] = (void *)(base + sym[i].st_value);
}

static void arrange(void)
{
	vdso = (const void *)getauxval(AT_SYSINFO_EHDR);
	if (!vdso)
		skip("there is no vDSO");
	find_functions();
	for (int i = 0; i < 4; i++)
		check(found[i]);
	look(&before);
	check_eq(before.vdso.start, (unsigned long)vdso);
}

#ifdef REDIRECTED
/* The old places hold copies now, without the kernel's names. */
static bool is_mapped(const struct area *a)
{
	static char text[1 << 16];
	struct area at;

	text[read_file("/proc/self/maps", text, sizeof(text) - 1)] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%lx-%lx", &at.start, &at.end) == 2 && at.start <= a->start && a->end <= at.end)
			return true;
	return a->start == a->end;
}

static void verify_areas(void)
{
	look(&now);
	check(now.vdso.start && now.vdso.start != before.vdso.start);
	check(is_mapped(&before.vdso));
	check(is_mapped(&before.vvar));
	check(is_mapped(&before.clock));
	check_in(now.areas, 0, before.areas + 2);
}
#else
static void verify_areas(void)
{
	look(&now);
	check_mem(&now.vdso, &before.vdso, sizeof(now.vdso));
	check_mem(&now.vvar, &before.vvar, sizeof(now.vvar));
	check_mem(&now.clock, &before.clock, sizeof(now.clock));
	check_in(now.areas, 0, before.areas + 2);
}
#endif

static void verify(void)
{
	int (*vclock)(clockid_t, struct timespec *) = found[0];
	int (*vcpu)(unsigned *, unsigned *, void *) = found[1];
	int (*vtod)(struct timeval *, void *) = found[2];
	time_t (*vtime)(time_t *) = found[3];
	struct timespec ts, real;
	struct timeval tv;
	unsigned cpu = 9999;

	verify_areas();
	check_eq(syscall(SYS_clock_gettime, CLOCK_REALTIME, &real), 0);
	check_eq(gettimeofday(&tv, NULL), 0);
	check_in(tv.tv_sec - real.tv_sec, 0, 3);
	check_eq(vclock(CLOCK_REALTIME, &ts), 0);
	check_in(ts.tv_sec - real.tv_sec, 0, 3);
	check_eq(vtod(&tv, NULL), 0);
	check_in(tv.tv_sec - real.tv_sec, 0, 3);
	check_in(vtime(NULL) - real.tv_sec, -1, 3);
	check_eq(vcpu(&cpu, NULL, NULL), 0);
	check_in(cpu, 0, 9998);
	check_eq(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &real), 0);
	check_eq(vclock(CLOCK_MONOTONIC, &ts), 0);
	check_in(ts.tv_sec - real.tv_sec, 0, 3);
}

#ifdef REDIRECTED
CRTEST(.about = "vDSO functions redirected to another vDSO", .ids = "CPU-11 CPU-12 CPU-14", .arrange = arrange,
       .verify = verify, .restore_opts = "--vdso-redirect", .flavours = "plain cycles sibling ns-tool",
       .busy = true /* the areas differ */)
#else
CRTEST(.about = "vDSO functions", .ids = "CPU-11 CPU-12 CPU-14", .arrange = arrange, .verify = verify)
#endif
