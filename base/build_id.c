// SPDX-License-Identifier: GPL-2.0-only
/* The build id of a program or a library: a note in its ELF file. */
#include <elf.h>
#include <string.h>

#include "base/build_id.h"
#include "base/guard.h"
#include "base/io.h"

#define MAX_SEGMENTS 64
#define MAX_NOTES    4096

/* Notes are a header, a name and a description, each padded to four bytes. */
static const uint8_t *find_note(const uint8_t *notes, size_t size, size_t *len_ret)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *n = (const Elf64_Nhdr *)notes;
		uint64_t name = ALIGN_UP((uint64_t)n->n_namesz, 4), desc = ALIGN_UP((uint64_t)n->n_descsz, 4);

		if (sizeof(*n) + name + desc > size)
			return NULL;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && !memcmp(n + 1, "GNU", 4)) {
			*len_ret = n->n_descsz;
			return notes + sizeof(*n) + name;
		}
		notes += sizeof(*n) + name + desc;
		size -= sizeof(*n) + name + desc;
	}
	return NULL;
}

size_t build_id_read(int fd, off_t at, uint32_t *words, size_t max)
{
	_Alignas(8) uint8_t notes[MAX_NOTES];
	Elf64_Phdr segments[MAX_SEGMENTS];
	Elf64_Ehdr head;
	size_t len;

	if (pread_all(fd, &head, sizeof(head), at) != sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(Elf64_Phdr))
		return 0;
	if (head.e_phnum > MAX_SEGMENTS || pread_all(fd, segments, head.e_phnum * sizeof(*segments),
						     at + head.e_phoff) < head.e_phnum * (ssize_t)sizeof(*segments))
		return 0;
	for (int i = 0; i < head.e_phnum; i++) {
		const uint8_t *id;

		if (segments[i].p_type != PT_NOTE || segments[i].p_filesz > sizeof(notes) ||
		    pread_all(fd, notes, segments[i].p_filesz, at + segments[i].p_offset) !=
			    (ssize_t)segments[i].p_filesz)
			continue;
		id = find_note(notes, segments[i].p_filesz, &len);
		if (id && len <= max * sizeof(*words)) {
			memset(words, 0, max * sizeof(*words));
			memcpy(words, id, len);
			return ALIGN_UP(len, sizeof(*words)) / sizeof(*words);
		}
	}
	return 0;
}
