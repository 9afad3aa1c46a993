/*
 * descriptors.c - sockets and what is none, for options that take them
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A descriptor of the kind that the text names, the caller's to close:
 * "tcp4", "tcp6", "udp4", "unix", "pipe" and "file" are not connected to anything,
 * "narrow4" is "tcp4" with little room for what is sent, "listening" waits for others,
 * "to:HOST:PORT" and "to:PATH" are connected. */
int make_descriptor(char *text) {
  struct sockaddr_in inet = {0};
  struct sockaddr_un local = {0};
  int descriptor = -1, room = 4096, pair[2];
  char *port;
  if (strcmp(text, "tcp4") == 0 || strcmp(text, "listening") == 0) {
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (text[0] == 'l' && listen(descriptor, 1) != 0) die("listen", strerror(errno));
  } else if (strcmp(text, "narrow4") == 0) {
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0) {
      die("setsockopt", strerror(errno));
    }
  } else if (strcmp(text, "tcp6") == 0) {
    descriptor = socket(AF_INET6, SOCK_STREAM, 0);
  } else if (strcmp(text, "udp4") == 0) {
    descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  } else if (strcmp(text, "unix") == 0) {
    descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  } else if (strcmp(text, "file") == 0) {
    descriptor = open("/dev/null", O_RDWR);
  } else if (strcmp(text, "pipe") == 0) {
    if (pipe(pair) != 0) die("pipe", strerror(errno));
    close(pair[1]);
    descriptor = pair[0];
  } else if (strncmp(text, "to:/", 4) == 0) {
    local.sun_family = AF_UNIX;
    snprintf(local.sun_path, sizeof local.sun_path, "%s", text + 3);
    descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&local, sizeof local) != 0) {
      die("connect", strerror(errno));
    }
  } else if (strncmp(text, "to:", 3) == 0 && (port = strrchr(text, ':')) > text + 2) {
    *port = 0;
    inet.sin_family = AF_INET;
    inet.sin_port = htons((uint16_t)atoi(port + 1));
    if (inet_pton(AF_INET, text + 3, &inet.sin_addr) != 1) die("no such address", text);
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&inet, sizeof inet) != 0) {
      die("connect", strerror(errno));
    }
  } else {
    die("no such kind of descriptor", text);
  }
  if (descriptor < 0) die("cannot make a descriptor", text);
  return descriptor;
}
