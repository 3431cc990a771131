/* SPDX-License-Identifier: LGPL-2.1-only */
/* socket(2) for a socket that another process was allowed to make. */
#ifndef CRKIT_OPEN_SOCKET_H
#define CRKIT_OPEN_SOCKET_H

/*
 * Close-on-exec. Ping sockets are for members of the groups of net.ipv4.ping_group_range, to which root need not belong: the calling
 * thread becomes one for the moment, if it may. -1 with errno set.
 */
int open_socket(int family, int type, int proto);

#endif
