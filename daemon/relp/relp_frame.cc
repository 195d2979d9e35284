#include "daemon/relp/relp_frame.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace redactd {
namespace {

constexpr size_t kMostDigits = 9;
constexpr size_t kLongestCommand = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Takes fields off the front of the bytes.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  /// Nothing when it is not all there, or is wrong: see damaged().
  std::optional<std::string_view> field(bool (*belongs)(char), size_t most) {
    auto end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
    auto size = static_cast<size_t>(end - rest_.begin());
    bool complete = size < rest_.size();
    if (size > most || (complete && size == 0)) damaged_ = true;
    if (damaged_ || !complete) return std::nullopt;
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::optional<size_t> number() {
    auto digits = field(is_digit, kMostDigits);
    if (!digits) return std::nullopt;
    size_t value = 0;
    std::from_chars(digits->data(), digits->data() + digits->size(), value);
    return value;
  }
  bool take(char expected) {
    if (rest_.empty()) return false;
    if (rest_.front() != expected) return !(damaged_ = true);
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view rest() const { return rest_; }
  void skip(size_t size) { rest_.remove_prefix(size); }
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  bool damaged_ = false;
};

/// False when it is short or damaged.
bool read_frame(Fields& fields, size_t max_data, RelpFrame& frame, bool& too_long) {
  auto number = fields.number();
  if (!number || !fields.take(' ')) return false;
  auto command = fields.field(is_letter, kLongestCommand);
  if (!command || !fields.take(' ')) return false;
  auto length = fields.number();
  if (!length) return false;
  too_long = *length > max_data;
  if (too_long) return false;
  frame.number = static_cast<uint32_t>(*number);
  frame.command = *command;
  bool bare = *length == 0 && !fields.rest().starts_with(' ');
  if (!bare && !fields.take(' ')) return false;
  if (fields.rest().size() < *length) return false;
  frame.data = fields.rest().substr(0, *length);
  fields.skip(*length);
  return fields.take('\n');
}

}  // namespace

ReadRelp read_relp(std::string_view bytes, size_t max_data) {
  ReadRelp read;
  Fields fields(bytes);
  bool too_long = false;
  if (read_frame(fields, max_data, read.frame, too_long)) {
    read.result = ReadRelp::Result::whole;
    read.size = bytes.size() - fields.rest().size();
  } else if (fields.damaged() || too_long) {
    read.result = ReadRelp::Result::damaged;
  }
  return read;
}

void append_relp(uint32_t number, std::string_view command, std::string_view data,
                 std::string& to) {
  to += std::to_string(number);
  to += ' ';
  to += command;
  to += ' ';
  to += std::to_string(data.size());
  if (!data.empty()) {
    to += ' ';
    to += data;
  }
  to += '\n';
}

}  // namespace redactd
