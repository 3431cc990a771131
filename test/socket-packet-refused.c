// SPDX-License-Identifier: GPL-2.0-only
/* Rings of packet sockets, packets that are not read yet, and fan-out by a program are refused; all stays as it was. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int ring, unread, spread;

static void arrange(void)
{
	struct tpacket_req req = { 4096, 1, 1024, 4 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int udp = must(socket(AF_INET, SOCK_DGRAM, 0)), fanout = 7 | PACKET_FANOUT_CBPF << 16;

	ring = must(socket(AF_PACKET, SOCK_RAW, 0));
	must(setsockopt(ring, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)));
	unread = must(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
	spread = must(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP)));
	must(setsockopt(spread, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof(fanout)));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(sendto(udp, "seen", 4, 0, (void *)&to, sizeof(to)));
	close(udp);
}

static void verify(void)
{
	char b[128];

	check_eq(recv(unread, b, sizeof(b), MSG_DONTWAIT), 20 + 8 + 4);
	check_mem(b + 28, "seen", 4);
}

CRTEST(.about = "packet sockets that cannot be saved", .ids = "NL-1 NL-2", .root = true, .arrange = arrange,
       .verify = verify,
       .refused =
	       "is a packet socket with a ring|is a packet socket with packets that are not read yet|fan-out group that a program")
