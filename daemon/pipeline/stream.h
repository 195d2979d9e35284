#pragma once

// One stream of a source, from the bytes that were read to batches for its sinks:
//
//     bytes → Framer (record ends) → Redactor (scan → spans → rewrite) → encode → Batch
//
// No I/O and no waiting: who reads decides when, and looks at Route::full() before.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/framing/framer.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/generation.h"
#include "daemon/pipeline/redacted_view.h"
#include "daemon/pipeline/scan_share.h"
#include "filters/redactor.h"

namespace redactd {

/// Lines of a stream that change what is masked from the next line on (`::add-mask::`). Outlives
/// the streams; called on their workers' threads.
struct StreamCommands {
  /// Where the first mark of such a line stands at `from` or later; npos: nowhere.
  size_t (*find)(std::string_view text, size_t from);
  std::function<bool()> on;  // whether they are obeyed now
  /// Shown lines as they came, at least one with the mark. Waits for, and returns, the
  /// configuration that the lines after them need, never an older one than the worker has. Throws
  /// MatchError when it does not come: the stream fails closed.
  std::function<std::shared_ptr<const Generation>(std::string_view lines, size_t worker)> obey;
};

/// What every stream of a source has in common. Outlives the streams.
struct StreamSettings {
  size_t source = 0;  // its number: of its route
  Framer::Options framing;
  bool plain = false;                        // records have no syslog header of their own
  std::string_view cut_end = {};             // makes a record that was cut the JSON that it was
  const StreamCommands* commands = nullptr;  // null: there are none
};

/// Buffers that the streams of a thread have once between them.
struct StreamBuffers {
  SpareBuffers spare;           // see Redactor::borrow_buffers()
  std::vector<RecordEnd> ends;  // of the call at hand
};

/// What the streams of a worker's thread share.
struct StreamThread {
  size_t worker = 0;
  MatchScratch& scratch;
  StreamBuffers& buffers;
  WorkerCounters& counters;
  ScanShare* share = nullptr;  // who may help with large reads; null: nobody
};

/// Belongs to one worker's thread.
class Stream {
 public:
  /// Throws MatchError when the matcher cannot open a stream. `number` tells streams apart.
  Stream(const StreamSettings& settings, std::shared_ptr<const Generation> generation,
         StreamThread thread, SourceCounters& counters, uint64_t number);
  ~Stream();
  Stream(const Stream&) = delete;

  /// From the next byte on this configuration is in force, unless a newer one is already.
  void adopt(std::shared_ptr<const Generation> generation);
  const Generation& generation() const { return *generation_; }
  const Route& route() const { return generation_->routes[settings_.source]; }

  /// Where the next bytes may be read to, at least `size`; valid until the next call here. Saves
  /// feed() a copy.
  std::span<char> room(size_t size);

  /// From here to return_buffers() the thread's large buffers are this stream's, for room() and
  /// feed(). Both end what room() gave out.
  void borrow_buffers() { redactor_.borrow_buffers(thread_.buffers.spare); }
  void return_buffers();

  /// Takes bytes as they came (in room(), or elsewhere) and pushes the records that ended to the
  /// sinks. After a framing error the stream takes no more; what came before the error has been
  /// pushed. Throws MatchError or std::bad_alloc: the stream has failed closed and is of no further
  /// use.
  FrameError feed(std::string_view bytes, std::chrono::steady_clock::time_point received,
                  const std::shared_ptr<void>& receipt = nullptr);

  /// For sources whose reads are records already: the caller writes them into record_room(), each
  /// followed by an LF, and says with take() where they end.
  std::span<char> record_room(size_t size);
  void take(size_t size, std::span<const RecordEnd> ends,
            std::chrono::steady_clock::time_point received);

  /// The end of the stream: what is held is redacted and pushed as a last record.
  void finish(std::chrono::steady_clock::time_point received,
              const std::shared_ptr<void>& receipt = nullptr);

  /// The bytes break off and others follow, which do not go on with the record: what is held is
  /// put out as finish() does. Throws as feed() does.
  void break_off(std::chrono::steady_clock::time_point received,
                 const std::shared_ptr<void>& receipt = nullptr);

  /// Takes complete lines that were put out before a restart, for what they leave open counts.
  /// Nothing comes of them. Throws as feed() does.
  void replay(std::string_view lines);
  /// What the next records are depends on those before: a private key is open.
  bool in_block() const { return redactor_.in_block(); }

  /// Gives back memory while nothing is held.
  void trim();
  /// Bytes of records whose end has not come.
  uint64_t held_bytes() const { return redactor_.held_bytes() + held_.size(); }
  /// Of the self-check: from now on each batch has this with it (Batch::canary), so that sinks
  /// look at it and do not write it.
  void set_canary(std::shared_ptr<const std::function<void(std::string_view)>> canary) {
    canary_ = std::move(canary);
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Outputs = std::vector<std::shared_ptr<Encoded>>;  // by group of the route

  /// A read or some of its records, with their ends, which count from where it begins.
  struct Part {
    std::string_view text;
    std::span<const RecordEnd> ends;
  };
  /// What a read is pushed with.
  struct Arrival {
    Time received;
    std::shared_ptr<void> receipt;
  };

  // stream.cc
  void redact(const Part& read, const Arrival& arrival);
  void redact_all(const Part& read, const Arrival& arrival);
  void redact_here(size_t size, size_t from, std::span<const RecordEnd> ends);
  void collect(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends);
  bool goes_out_as_it_is(const Encoding& encoding) const;
  void collect_whole(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends);
  void collect_each(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends);
  std::string_view next_record(RedactedView& view, uint64_t body_end, uint64_t end, uint64_t cut);
  void hold_rest(RedactedView& view);
  void open_outputs(size_t bytes, size_t records);
  void encode(std::string_view body, std::chrono::system_clock::time_point now);
  void close_outputs();
  void push(const Arrival& arrival);
  void count_read(size_t bytes, std::span<const RecordEnd> ends);
  void count_masks(const Redactor& redactor);
  void count_redacted();

  // stream_parts.cc
  bool redact_together(const Part& read);
  void redact_there(std::string_view records, size_t from, std::span<const RecordEnd> ends);
  void take_over(const ScanShare::Read::Redacted& part, size_t from,
                 std::span<const RecordEnd> ends);
  static std::vector<Part> parts_of(const Part& read);

  // stream_commands.cc
  bool obeys() const { return settings_.commands != nullptr && settings_.commands->on(); }
  bool holds_command(std::string_view text) const;
  void redact_and_obey(const Part& read, const Arrival& arrival);
  size_t end_of_row(std::string_view text, size_t begin) const;
  void obey(std::string_view lines);

  const StreamSettings& settings_;
  std::shared_ptr<const Generation> generation_;
  const StreamThread thread_;
  SourceCounters& counters_;
  const uint64_t number_;
  Framer framer_;
  Redactor redactor_;
  std::span<char> room_;          // given out and not yet fed
  std::vector<RecordEnd>& ends_;  // the thread's
  Outputs outputs_;               // of the part at hand; empty: no record has ended in it
  std::vector<Outputs> ready_;    // to be pushed

  // The record that is open: where it begins in the redactor's input, and what of it came out
  // already (of a counted record with LFs in it; a line comes out whole).
  uint64_t record_begin_ = 0;
  std::string held_;
  // What the counters know already.
  uint64_t noted_held_ = 0;
  uint64_t noted_empty_ = 0;
  uint64_t noted_masked_whole_ = 0;
  std::shared_ptr<const std::function<void(std::string_view)>> canary_;
};

}  // namespace redactd
