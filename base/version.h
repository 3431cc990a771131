/* SPDX-License-Identifier: LGPL-2.1-only */
/* The version, as --version prints it. */
#ifndef CRKIT_VERSION_H
#define CRKIT_VERSION_H

#define CRKIT_VERSION "0.1"

#endif
