#pragma once

namespace redactd {

/// Empties a container and gives its memory back. `= {}` assigns an empty list, which keeps it.
template <typename Container>
void give_back(Container& container) {
  Container().swap(container);
}

}  // namespace redactd
