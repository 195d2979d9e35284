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
  kind.stream = type == SOCK_STREAM;
  kind.datagram = type == SOCK_DGRAM;
  return kind;
}

}  // namespace redactd
