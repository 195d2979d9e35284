#include "daemon/framing/container_log.h"

#include <algorithm>

#include "daemon/framing/json_text.h"

namespace redactd {
namespace {

constexpr std::string_view kDockerBegin = "{\"log\":\"";
constexpr std::string_view kLineFeed = "\\n";  // as JSON has it

/// The next word and the blank behind it.
bool take_word(std::string_view& text, std::string_view& word) {
  size_t blank = text.find(' ');
  if (blank == std::string_view::npos || blank == 0) return false;
  word = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return true;
}

bool is_stream(std::string_view word) { return word == "stdout" || word == "stderr"; }

/// The text of member `name` of an object whose members are all strings.
std::string_view member(std::string_view object, std::string_view name) {
  std::string key = '"' + std::string(name) + "\":\"";
  size_t begin = object.find(key);
  if (begin == std::string_view::npos) return {};
  begin += key.size();
  return object.substr(begin, std::min(object.find('"', begin), object.size()) - begin);
}

/// For a value of structured data (RFC 5424 §6.3.3).
void append_parameter(std::string_view name, std::string_view value, SecretText& out) {
  out.append(" ").append(name).append("=\"");
  for (char c : value) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  out += '"';
}

void append_header(std::string_view text, SecretText& out) {
  out.append(text.empty() ? std::string_view("-") : text).append(" ");
}

/// Without what RFC 5424 §6.2.3 has no room for: runtimes write nanoseconds, it takes microseconds.
void append_time(std::string_view time, SecretText& out) {
  constexpr size_t kDigits = 6;
  size_t point = time.find('.');
  if (point == std::string_view::npos) return append_header(time, out);
  size_t end = time.find_first_not_of("0123456789", point + 1);
  end = std::min(end, time.size());
  out.append(time.substr(0, std::min(end, point + 1 + kDigits)));
  append_header(time.substr(end), out);
}

}  // namespace

ContainerLog::ContainerLog(ContainerFormat format, Origin origin, size_t max_content)
    : format_(format), origin_(std::move(origin)), max_content_(max_content) {}

void ContainerLog::feed(std::string_view bytes, SecretText& out) {
  while (!bytes.empty()) {
    size_t line_feed = bytes.find('\n');
    std::string_view piece = bytes.substr(0, line_feed);
    bool whole = line_feed != std::string_view::npos && open_line_.empty();
    if (!whole)
      open_line_.append(piece.substr(0, max_content_ - std::min(max_content_, open_line_.size())));
    taken_ += piece.size();
    bytes.remove_prefix(piece.size());
    if (line_feed == std::string_view::npos) return;
    ++taken_;
    bytes.remove_prefix(1);
    // Cut at the same byte, in however many reads it came.
    take_line(whole ? piece.substr(0, max_content_) : std::string_view(open_line_), out);
    open_line_.clear();
    if (!holds()) settled_ = taken_;
  }
}

void ContainerLog::end_line(SecretText& out) {
  if (open_line_.empty()) return;
  take_line(open_line_, out);
  open_line_.clear();
  if (!holds()) settled_ = taken_;
}

void ContainerLog::finish(SecretText& out) {
  end_line(out);
  put_held(held_[0], "stdout", out);
  put_held(held_[1], "stderr", out);
  settled_ = taken_;
}

bool ContainerLog::parse_cri(std::string_view text, Line& line) {
  std::string_view tags;
  bool good = take_word(text, line.time) && take_word(text, line.stream) && is_stream(line.stream);
  if (!good || line.time.front() < '0' || line.time.front() > '9') return false;
  if (!take_word(text, tags)) {  // nothing behind the tags
    tags = text;
    text = {};
  }
  std::string_view first = tags.substr(0, tags.find(':'));
  if (first != "P" && first != "F") return false;
  line.ends = first == "F";
  line.content = text;
  return true;
}

bool ContainerLog::parse_docker(std::string_view text, Line& line) {
  if (!text.starts_with(kDockerBegin)) return false;
  size_t end = kDockerBegin.size();
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return false;
  line.content = text.substr(kDockerBegin.size(), end - kDockerBegin.size());
  line.rest = text.substr(end);
  line.stream = member(line.rest, "stream");
  line.time = member(line.rest, "time");
  line.json = true;
  // A backslash before the `\n` would make it something else.
  size_t backslashes = 0;
  std::string_view before =
      line.content.substr(0, line.content.size() - std::min<size_t>(line.content.size(), 1));
  while (backslashes < before.size() && before[before.size() - 1 - backslashes] == '\\')
    ++backslashes;
  line.ends = line.content.ends_with(kLineFeed) && backslashes % 2 == 1;
  if (line.ends) line.content.remove_suffix(kLineFeed.size());
  return is_stream(line.stream);
}

void ContainerLog::take_line(std::string_view text, SecretText& out) {
  Line line;
  if (!parse_cri(text, line) && !parse_docker(text, line)) {
    line = {};
    line.content = text;
    if (format_ != ContainerFormat::as_is) return put(line, out);
    out.append(text).append("\n");
    return;
  }
  Held& held = held_of(line.stream);
  if (!line.ends || held.any) hold(held, line);
  if (!line.ends) return;
  if (!held.any && format_ == ContainerFormat::as_is) {
    out.append(text).append("\n");
    return;
  }
  if (held.any) {
    line.time = held.time;
    line.content = held.content;
    line.json = line.json && format_ != ContainerFormat::rfc5424;  // see hold()
  }
  put(line, out);
  held = {};
}

/// As it will come out: what is left out of a long record has to lie far behind what comes out.
void ContainerLog::hold(Held& held, const Line& line) const {
  if (!held.any) held.time = line.time;
  held.any = true;
  size_t room = max_content_ - std::min(max_content_, held.content.size());
  if (line.json && format_ == ContainerFormat::rfc5424) {
    if (room > 0) append_plain_text(line.content, held.content);
    held.content.resize(std::min(max_content_, held.content.size()));
  } else {
    held.content.append(line.content.substr(0, room));
  }
}

/// A record whose end never came.
void ContainerLog::put_held(Held& held, std::string_view stream, SecretText& out) {
  if (!held.any) return;
  Line line;
  line.time = held.time;
  line.stream = stream;
  line.content = held.content;
  line.ends = false;
  put(line, out);
  held = {};
}

void ContainerLog::put(const Line& line, SecretText& out) const {
  switch (format_) {
    case ContainerFormat::json:
      put_json(line, out);
      break;
    case ContainerFormat::rfc5424:
      put_syslog(line, out);
      break;
    case ContainerFormat::as_is:
      if (line.json) {
        out.append(kDockerBegin).append(line.content).append(kLineFeed).append(line.rest);
      } else {
        out.append(line.time).append(" ").append(line.stream).append(line.ends ? " F " : " P ");
        out.append(line.content);
      }
      break;
  }
  out += '\n';
}

void ContainerLog::put_json(const Line& line, SecretText& out) const {
  out += '{';
  auto text = [&out](std::string_view name, std::string_view value) {
    out.append("\"").append(name).append("\":\"");
    append_json_text(value, out);
    out.append("\",");
  };
  if (!line.time.empty()) text("time", line.time);
  if (!line.stream.empty()) text("stream", line.stream);
  text("namespace", origin_.name_space);
  text("pod", origin_.pod);
  text("container", origin_.container);
  out.append("\"log\":\"");
  if (line.json) {
    out.append(line.content);
  } else {
    append_json_text(line.content, out);
  }
  out.append("\"}");
}

/// Facility user; what comes from stderr is a warning.
void ContainerLog::put_syslog(const Line& line, SecretText& out) const {
  out.append(line.stream == "stderr" ? "<12>1 " : "<14>1 ");
  append_time(line.time, out);
  append_header(origin_.node, out);
  append_header(std::string_view(origin_.container).substr(0, 48), out);
  append_header(std::string_view(origin_.pod).substr(0, 128), out);
  out.append("- [kubernetes@32473");
  append_parameter("namespace", origin_.name_space, out);
  append_parameter("pod", origin_.pod, out);
  append_parameter("container", origin_.container, out);
  if (!line.stream.empty()) append_parameter("stream", line.stream, out);
  out.append("] ");
  if (line.json) {
    append_plain_text(line.content, out);
  } else {
    out.append(line.content);
  }
}

}  // namespace redactd
