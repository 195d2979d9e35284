// A large read of a stream, redacted with the help of other workers (ScanShare).

#include <algorithm>

#include "daemon/pipeline/stream.h"

namespace redactd {

/// With the help of other workers. False: the records are too long for that.
bool Stream::redact_together(const Part& read) {
  const std::vector<Part> parts = parts_of(read);
  if (parts.size() < 2) return false;
  std::vector<std::string_view> others;
  for (size_t i = 1; i < parts.size(); ++i) others.push_back(parts[i].text);
  ScanShare::Read shared(*thread_.share, redactor_, others);
  size_t done = parts[0].text.size();
  size_t ended = parts[0].ends.size();
  redact_here(done, 0, parts[0].ends);
  for (size_t i = 1; i < parts.size(); ++i) {
    // Where a private key is open, those who help do not know it.
    if (redactor_.in_block()) {
      redact_there(parts[i].text, done, parts[i].ends);
    } else {
      take_over(shared.take(i - 1), done, parts[i].ends);
    }
    done += parts[i].text.size();
    ended += parts[i].ends.size();
  }
  shared.finish();
  const WipedBuffer rest(read.text.begin() + static_cast<std::ptrdiff_t>(done), read.text.end());
  std::copy(rest.begin(), rest.end(), redactor_.prepare(rest.size()).begin());
  record_begin_ = redactor_.received();
  redact_here(rest.size(), done, read.ends.subspan(ended));
  return true;
}

/// Whole records that lie behind what was redacted of the room; they begin at `from`.
void Stream::redact_there(std::string_view records, size_t from, std::span<const RecordEnd> ends) {
  record_begin_ = redactor_.received();
  const uint64_t base = record_begin_ - from;  // may wrap round
  RedactedView view(redactor_, redactor_.commit_records(records));
  collect(view, base, ends);
}

/// A part that another redactor has done.
void Stream::take_over(const ScanShare::Read::Redacted& part, size_t from,
                       std::span<const RecordEnd> ends) {
  redactor_.add_state(part.redactor.take_state());
  record_begin_ = part.redactor.view_begin();
  RedactedView view(part.redactor, part.view);
  collect(view, record_begin_ - from, ends);
}

/// Whole records, cut into parts of about equal size.
std::vector<Stream::Part> Stream::parts_of(const Part& read) {
  const size_t count =
      std::min(read.text.size() / ScanShare::kPartBytes, ScanShare::kMostParts + 1);
  std::vector<Part> parts;
  size_t begin = 0;
  size_t first = 0;
  for (size_t i = 0; i < read.ends.size(); ++i) {
    const size_t size = read.ends[i].offset - begin;
    const bool last = i + 1 == read.ends.size();
    if (!last && (size < read.text.size() / count || parts.size() + 1 == count)) continue;
    parts.push_back({read.text.substr(begin, size), read.ends.subspan(first, i + 1 - first)});
    begin += size;
    first = i + 1;
  }
  return parts;
}

}  // namespace redactd
