#include "daemon/framing/encoding.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace redactd {
namespace {

// RFC 5424 §6: the longest names.
constexpr size_t kMaxHostname = 255;
constexpr size_t kMaxAppName = 48;

/// A syslog header, written in place: no allocation per record.
class Header {
 public:
  Header(const WrapConfig& wrap, std::chrono::system_clock::time_point now) {
    put("<");
    put_number(wrap.facility * 8 + wrap.severity);
    put(">1 ");
    put_time(now);
    put(" ");
    put_name(wrap.hostname, kMaxHostname);
    put(" ");
    put_name(wrap.app_name, kMaxAppName);
    put(" - - - ");
  }

  std::string_view text() const { return {text_.data(), size_}; }

 private:
  void put(std::string_view text) {
    std::copy(text.begin(), text.end(), text_.begin() + size_);
    size_ += text.size();
  }

  void put_number(unsigned number) {
    char* end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr;
    size_ = static_cast<size_t>(end - text_.data());
  }

  /// The last `width` digits, with zeros before them.
  void put_digits(uint64_t number, size_t width) {
    for (size_t i = width; i > 0; --i, number /= 10) {
      text_[size_ + i - 1] = static_cast<char>('0' + number % 10);
    }
    size_ += width;
  }

  /// 2026-03-03T09:14:05.000250Z
  void put_time(std::chrono::system_clock::time_point now) {
    using namespace std::chrono;
    const auto day = floor<days>(now);
    const year_month_day date(day);
    const auto time = static_cast<uint64_t>(floor<microseconds>(now - day).count());
    const uint64_t seconds = time / 1000000;
    put_digits(static_cast<uint64_t>(static_cast<int>(date.year())), 4);
    put("-");
    put_digits(static_cast<unsigned>(date.month()), 2);
    put("-");
    put_digits(static_cast<unsigned>(date.day()), 2);
    put("T");
    put_digits(seconds / 3600, 2);
    put(":");
    put_digits(seconds / 60 % 60, 2);
    put(":");
    put_digits(seconds % 60, 2);
    put(".");
    put_digits(time % 1000000, 6);
    put("Z");
  }

  void put_name(std::string_view name, size_t longest) {
    if (name.empty()) return put("-");
    for (char c : name.substr(0, longest)) text_[size_++] = c > ' ' && c < '\x7f' ? c : '?';
  }

  std::array<char, kMaxHostname + kMaxAppName + 64> text_;
  size_t size_ = 0;
};

void append_counted(std::string_view header, std::string_view body, std::string& to) {
  if (header.empty() && body.empty()) body = "\n";
  std::array<char, 20> count;
  char* end = std::to_chars(count.begin(), count.end(), header.size() + body.size()).ptr;
  *end++ = ' ';
  to.append(count.begin(), static_cast<size_t>(end - count.begin()));
  if (!header.empty()) to.append(header);
  to.append(body);
}

void append_terminated(std::string_view body, char terminator, std::string_view escape,
                       std::string& to) {
  if (body.ends_with(terminator)) body.remove_suffix(1);
  for (size_t at; (at = body.find(terminator)) != std::string_view::npos;) {
    to.append(body.substr(0, at)).append(escape);
    body.remove_prefix(at + 1);
  }
  to.append(body).push_back(terminator);
}

void append(Framing framing, std::string_view header, std::string_view body, std::string& to) {
  if (framing == Framing::octet_counting) return append_counted(header, body, to);
  to.append(header);
  if (framing == Framing::nul) return append_terminated(body, '\0', "#000", to);
  append_terminated(body, '\n', "#012", to);
}

}  // namespace

void encode_record(const Encoding& encoding, std::string_view body, bool plain,
                   std::chrono::system_clock::time_point now, Encoded& to) {
  if (plain && encoding.wrap.on) {
    append(encoding.framing, Header(encoding.wrap, now).text(), body, to.bytes);
  } else {
    append(encoding.framing, {}, body, to.bytes);
  }
  to.end_record_at(to.bytes.size());
}

std::string_view body_of(std::string_view record, Framing framing) {
  if (framing == Framing::octet_counting) return record.substr(record.find(' ') + 1);
  record.remove_suffix(1);
  return record;
}

std::string host_name() {
  std::array<char, kMaxHostname + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

WrapConfig resolve_wrap(WrapConfig wrap) {
  if (!wrap.on) return {};
  if (wrap.hostname.empty()) wrap.hostname = host_name();
  return wrap;
}

}  // namespace redactd
