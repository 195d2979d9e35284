// Of a stream whose lines change what is masked from the next line on (StreamCommands).

#include <algorithm>

#include "daemon/pipeline/stream.h"

namespace redactd {
namespace {

/// Behind the line that `at` is in.
size_t line_end(std::string_view text, size_t at) {
  const size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

/// What a command asks for holds from the next line on. Commands in a row are obeyed together
/// before the second of them, for each time costs a rule set.
void Stream::redact_and_obey(const Part& read, const Arrival& arrival) {
  const WipedBuffer copy(read.text.begin(),
                         read.text.end());  // the room goes with the first piece
  const std::string_view text(copy.data(), copy.size());
  size_t done = 0;
  auto next_end = read.ends.begin();
  auto redact_to = [&](size_t end) {
    std::vector<RecordEnd> ends;
    for (; next_end != read.ends.end() && next_end->offset <= end; ++next_end)
      ends.emplace_back(*next_end).offset -= done;
    std::span<char> room = redactor_.prepare(end - done);
    std::copy_n(text.data() + done, end - done, room.data());
    redact_all({{room.data(), end - done}, ends}, arrival);
    done = end;
  };
  if (redactor_.held_bytes() > 0) {
    redact_to(line_end(text, 0));
    if (holds_command(redactor_.original())) obey(redactor_.original());
  }
  for (size_t obeyed = 0; done < text.size();) {
    const size_t at = settings_.commands->find(text, std::max(done, obeyed));
    redact_to(line_end(text, at));
    if (at == std::string_view::npos || text[done - 1] != '\n') continue;
    const size_t begin = text.rfind('\n', at) + 1;
    obeyed = end_of_row(text, done);
    obey(text.substr(begin, obeyed - begin));
  }
}

bool Stream::holds_command(std::string_view text) const {
  return settings_.commands->find(text, 0) != std::string_view::npos;
}

/// Behind the whole lines at `begin` that hold a command each.
size_t Stream::end_of_row(std::string_view text, size_t begin) const {
  size_t end = line_end(text, begin);
  while (end > begin && text[end - 1] == '\n' && holds_command(text.substr(begin, end - begin))) {
    begin = end;
    end = line_end(text, begin);
  }
  return begin;
}

void Stream::obey(std::string_view lines) {
  auto next = settings_.commands->obey(lines, thread_.worker);
  if (next == generation_) return;
  for (const auto& database : next->rules->databases()) thread_.scratch.fit(*database);
  adopt(std::move(next));
}

}  // namespace redactd
