#pragma once

// What a container runtime writes for a container, and the records in it. Pure: no I/O, no clock.
//
// Two forms are known, and told apart line by line:
// - CRI (containerd, CRI-O): `TIME STREAM TAGS CONTENT`, where the tag P says that the record goes
//   on in the next line of the same stream, and F that it ends (kubernetes/design-proposals,
//   kubelet-cri-logging). Lines are split at 16 KiB.
// - Docker's json-file: `{"log":"CONTENT\n","stream":"STREAM","time":"TIME"}`; a record that goes
//   on has no `\n` at the end of its content. Split at 16 KiB too.
// Every other line is a record as it is, never left out.
//
// The pieces of a record are put together before anything is looked at: a secret may stand across
// them. Pieces whose end never comes are held; they are never put out for a time-out, for then
// their rest could come out in clear.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// Belongs to one log file (and the files it is rotated to), and to one thread.
class ContainerLog {
 public:
  /// Whose records they are; for the forms that say so.
  struct Origin {
    std::string node;
    std::string name_space;
    std::string pod;
    std::string container;
  };

  /// Of a record longer than `max_content`, what lies beyond is left out.
  ContainerLog(ContainerFormat format, Origin origin, size_t max_content);

  /// Takes bytes of the file as they come and appends the records that ended to `out`, each with an
  /// LF.
  void feed(std::string_view bytes, SecretText& out);
  /// The file is over and another goes on: its last line may lack the LF.
  void end_line(SecretText& out);
  /// No more will come: what is held comes out as it is.
  void finish(SecretText& out);

  /// Bytes behind the last line before which nothing of a record was held. If they are read again,
  /// nothing is missing.
  uint64_t unsettled() const { return taken_ - settled_; }

 private:
  /// A line's parts; views into it.
  struct Line {
    std::string_view time;
    std::string_view stream;
    std::string_view content;  // docker: as it stands in the JSON string, without its `\n`
    std::string_view rest;     // docker: from the quote behind the content on
    bool json = false;
    bool ends = true;
  };
  struct Held {
    bool any = false;
    SecretText time;
    SecretText content;
  };

  static bool parse_cri(std::string_view text, Line& line);
  static bool parse_docker(std::string_view text, Line& line);

  void take_line(std::string_view text, SecretText& out);
  void put_held(Held& held, std::string_view stream, SecretText& out);
  void put(const Line& line, SecretText& out) const;
  void put_json(const Line& line, SecretText& out) const;
  void put_syslog(const Line& line, SecretText& out) const;
  void hold(Held& held, const Line& line) const;
  Held& held_of(std::string_view stream) { return held_[stream == "stderr" ? 1 : 0]; }
  bool holds() const { return held_[0].any || held_[1].any; }

  const ContainerFormat format_;
  const Origin origin_;
  const size_t max_content_;
  SecretText open_line_;
  std::array<Held, 2> held_;
  uint64_t taken_ = 0;
  uint64_t settled_ = 0;
};

}  // namespace redactd
