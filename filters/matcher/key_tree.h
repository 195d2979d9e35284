#pragma once

// Decides what the matcher's hint at the key of a `value` rule (`password`, `api_key`) is.
//
// The matcher looks for what keys end with only, and the byte behind: as whole expressions keys
// were a third of its time. From there a tree of all keys is followed backwards, and the separator
// is looked for. key_expressions() (tests/testing/key_expressions.h) says the same as expressions;
// tests compare.
//
// Everything is decided by a few bytes behind the last letter and the bytes before it, so the same
// matches are found however the bytes arrive.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/matcher/matcher.h"

namespace redactd {

/// What separates a key from its value.
enum class KeySeparator : uint8_t {
  any,
  mark,   // an equals sign or the like: blanks alone do not
  blank,  // blanks and their escapes alone
};

/// Immutable after build(); shared by all threads.
class KeyTree {
 public:
  /// Keys for the owner of that number: lower-case letters and digits; `_` is one of `_ - .` and
  /// blank, or nothing.
  void add(const std::vector<std::string>& keys, KeySeparator separator, uint32_t owner);
  /// Ends the adding.
  void build();

  /// Where a key may end, and what is known of it.
  struct Place {
    size_t key_end = 0;
    size_t seen = 0;  // matches that end up to here were reported before
  };

  /// Whether a key can begin at that place of a text.
  using Begins = bool (*)(std::string_view text, size_t at);
  /// Where the longest key begins that ends at `key_end`, of those that begin where `begins` says
  /// that one can; null: anywhere. npos: there is none.
  size_t longest(std::string_view text, size_t key_end, Begins begins) const;

  /// Appends a match for each owner of a key that ends at the place in `held` and has a separator
  /// behind it: where that ends, counted from `offset`, which is where `held` begins in the stream;
  /// the owner's number, counted from `first_number`. What went before `held` is part of no key.
  /// False: more bytes may bring another match.
  bool find(std::string_view held, const Place& place, uint64_t offset, uint32_t first_number,
            std::vector<Match>& matches) const;

 private:
  struct Key {
    std::string letters;  // by number, from the last to the first
    uint32_t owner = 0;
  };
  /// Of a tree of the keys' bytes from the last to the first. One look into memory a letter: each
  /// waits for the one before.
  struct Node {
    uint32_t row = 0;          // in nodes_: those of the letters that may stand before
    uint8_t first_letter = 0;  // [first, first + letters) are in the row
    uint8_t letters = 0;       // 0 without owners: no key goes on with the letter
    uint32_t first_owner = 0;  // [first, last) in owners_: of keys that begin here
    uint32_t last_owner = 0;
  };
  struct Owner {
    uint32_t number = 0;
    KeySeparator separator = KeySeparator::any;
  };
  struct Report;

  void grow(size_t node, size_t depth, size_t from, size_t to);
  template <typename Found>
  void walk(std::string_view text, size_t key_end, Found found) const;

  std::vector<Key> keys_;     // until build()
  std::vector<Owner> added_;  // until build(); by their keys' owner
  std::vector<Node> nodes_;   // the first is the root
  std::vector<Owner> owners_;
};

}  // namespace redactd
