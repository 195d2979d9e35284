#include "daemon/sources/resolve.h"

#include <sys/socket.h>

namespace redactd {

PassedKind passed_kind(int descriptor) {
  PassedKind kind;
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return kind;
  size = sizeof kind.family;
  if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &kind.family, &size) != 0) return kind;
  int listens = 0;
  size = sizeof listens;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return kind;
  kind.listens = listens != 0;
  kind.stream = type == SOCK_STREAM;
  kind.datagram = type == SOCK_DGRAM;
  return kind;
}

}  // namespace redactd
